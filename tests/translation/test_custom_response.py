"""Gateway responses that an API's owner configured."""

import pytest

from gateway.config.apis import RESPONSE_TYPES
from gateway.errors import Fault, FaultKind
from gateway.translation.custom_response import customized, fill, response_type
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Response

REFUSAL = Response(
    403,
    [(b"Date", b"d"), (b"Content-Type", b"application/json"), (b"Content-Length", b"2"), (b"x-amzn-ErrorType", b"E")],
    b"{}",
)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_type(cause: Cause) -> None:
    """It is one that can be configured."""
    assert response_type(Refused(cause)) in RESPONSE_TYPES


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(FaultKind.FUNCTION_ERROR, "INTEGRATION_FAILURE"), (FaultKind.ACCESS_DENIED, "API_CONFIGURATION_ERROR")],
)
def test_faults(kind: FaultKind, expected: str) -> None:
    """What is no refusal is the integration's failure, or the configuration's."""
    assert response_type(Fault(kind)) == expected


def test_everything_replaced() -> None:
    """Status, lines, type and body; the length follows, the error type stays."""
    lines = [(b"date", b"mine"), (b"X-A", b"1")]
    response = customized(REFUSAL, 418, lines, ("text/plain", "$context.error.message!"), {"error.message": "No"})

    assert response.status == 418
    assert response.body == b"No!"
    assert response.headers == [
        (b"Content-Type", b"text/plain"),
        (b"Content-Length", b"3"),
        (b"x-amzn-ErrorType", b"E"),
        (b"date", b"mine"),
        (b"X-A", b"1"),
    ]


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body(status: int) -> None:
    """Neither body nor length go with it."""
    response = customized(REFUSAL, status, [], ("text/plain", "x"), {})

    assert response.body == b""
    assert b"Content-Length" not in dict(response.headers)


def test_nothing_replaced() -> None:
    """What is not configured stays as it is."""
    assert customized(REFUSAL, None, [], None, {}) == REFUSAL


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"m":$context.error.messageString}', '{"m":"a \\"b\\""}'),
        ("$context.error.message", 'a "b"'),
        ("${context.stage}s", "prods"),
        ("[$context.unknown]", "[]"),
        ("$context.stage.", "prod."),
    ],
)
def test_templates(template: str, text: str) -> None:
    """The message as JSON or as it is; what is unknown is empty."""
    assert fill(template, {"error.message": 'a "b"', "stage": "prod"}) == text
