"""The tables of answers that front doors give by themselves."""

import pytest

from gateway.errors import Fault, FaultKind
from gateway.translation.gateway_response import (
    HTTP,
    REST,
    URL,
    WEBSOCKET,
    Cause,
    Refused,
    ResponseTable,
    gateway_response,
)

TABLES = [REST, WEBSOCKET, HTTP, URL]


@pytest.mark.parametrize("table", TABLES)
def test_every_cause_has_an_answer(table: ResponseTable) -> None:
    """A new cause cannot arrive without its answer."""
    assert set(table.responses) == set(Cause)
    assert all(400 <= row.status <= 599 for row in table.responses.values())


@pytest.mark.parametrize("kind", FaultKind)
@pytest.mark.parametrize("table", TABLES)
def test_every_fault_has_an_answer(table: ResponseTable, kind: FaultKind) -> None:
    """Whatever goes wrong, there is a row for it."""
    assert gateway_response(Fault(kind), table).status >= 400


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        (FaultKind.FUNCTION_ERROR, [502, 502, 500, 502]),
        (FaultKind.TIMED_OUT, [502, 502, 500, 502]),
        (FaultKind.RESULT_INVALID, [502, 500, 500, 502]),
        (FaultKind.THROTTLED, [500, 500, 503, 429]),
        (FaultKind.ACCESS_DENIED, [500, 500, 500, 403]),
        (FaultKind.REQUEST_TOO_LARGE, [413, 413, 413, 413]),
        (FaultKind.CONNECTION_TIMEOUT, [504, 504, 503, 503]),
    ],
)
def test_statuses(kind: FaultKind, statuses: list[int]) -> None:
    """The same fault has another status behind each listener type."""
    assert [gateway_response(Fault(kind), table).status for table in TABLES] == statuses


def test_a_refusal_says_its_cause_and_no_other() -> None:
    """The log does not speak of a function where none had to do with it."""
    assert str(Refused(Cause.NO_ROUTE)) == "no route has this method and path"
    refused = Refused(Cause.INTEGRATION_FAILURE, "http://127.0.0.1:1/: refused")
    assert str(refused) == "the integration gave no acceptable answer: http://127.0.0.1:1/: refused"


def test_lengths_of_recorded_bodies() -> None:
    """Spacing differs from one listener type to another, and the recorded lengths prove it."""
    assert len(REST.responses[Cause.NO_ROUTE].body()) == 42
    assert len(REST.responses[Cause.BODY_INVALID].body()) == 35
    assert len(REST.responses[Cause.INTEGRATION_FAILURE].body()) == 36
    assert len(REST.responses[Cause.INTEGRATION_TIMEOUT].body()) == 41
    assert len(HTTP.responses[Cause.INTEGRATION_FAILURE].body()) == 35
    assert len(HTTP.responses[Cause.NO_ROUTE].body()) == 23
    assert URL.responses[Cause.INTEGRATION_FAILURE].body() == b"Internal Server Error"
    assert URL.responses[Cause.UNKNOWN_ENDPOINT].body() == b'{"Message":null}'


def test_a_refusal_names_its_exception() -> None:
    """Where answers have a type at all, which those of HTTP APIs have not."""
    refused = Refused(Cause.INVALID_SIGNATURE, error_type=b"OtherException")

    assert gateway_response(refused, URL).error_type == gateway_response(refused, REST).error_type == b"OtherException"
    assert gateway_response(refused, HTTP).error_type == b""


def test_message_of_a_refusal_is_escaped() -> None:
    """Names that come from a request cannot break out of the JSON."""
    assert REST.responses[Cause.PARAMETERS_MISSING].body('a"b') == b'{"message": "a\\"b"}'


def test_refused_is_a_fault_with_a_reason() -> None:
    """The log says why."""
    assert "no route" in str(Refused(Cause.NO_ROUTE))
