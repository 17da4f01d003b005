"""Request validation of a REST API."""

import pytest

from gateway.config import apis
from gateway.errors import UsageError
from gateway.listeners.validation import RequestValidator
from gateway.translation.gateway_response import Cause, Refused
from gateway.types import Json

ROUTE = apis.RestRoute(
    "f",
    request_parameters={
        "method.request.querystring.qs1": True,
        "method.request.path.issuer": True,
        "method.request.header.x-header-param": True,
        "method.request.header.optional": False,
    },
    request_models={"application/json": "Pet"},
    validate_request_body=True,
    validate_request_parameters=True,
)
MODELS: apis.Models = {"Pet": {"type": "object", "required": ["name"]}}


def event(content_type: str = "application/json", **members: Json) -> dict[str, Json]:
    """A proxy event with all parameters, unless members replace them."""
    headers: Json = {"X-Header-Param": "1", "Content-Type": content_type}
    usual: dict[str, Json] = {
        "headers": headers,
        "pathParameters": {"issuer": "1"},
        "queryStringParameters": {"qs1": "1"},
    }
    return {**usual, **members}


def test_missing_parameters() -> None:
    """All are named at once: headers, path, query (recorded from AWS: localstack/localstack@8b9a79f0)."""
    with pytest.raises(Refused) as caught:
        RequestValidator(ROUTE, MODELS).check(event(headers={}, pathParameters=None, queryStringParameters=None), b"{}")

    assert caught.value.cause is Cause.PARAMETERS_MISSING
    assert caught.value.message == "Missing required request parameters: [x-header-param, issuer, qs1]"


@pytest.mark.parametrize(
    ("content_type", "body", "taken"),
    [
        ("application/json", b'{"name":1}', True),
        ("application/json; charset=utf-8", b"{}", False),
        ("application/json", b"", False),
        ("application/json", b"no", False),
        ("", b"{}", False),
        ("text/plain", b"{}", True),
    ],
)
def test_bodies(content_type: str, body: bytes, *, taken: bool) -> None:
    """A body is held against the model of its media type."""
    validator = RequestValidator(ROUTE, MODELS)
    if taken:
        validator.check(event(content_type), body)
        return
    with pytest.raises(Refused) as caught:
        validator.check(event(content_type), body)
    assert caught.value.cause is Cause.BODY_INVALID


def test_nothing_is_checked_unless_asked_for() -> None:
    """Parameters and models alone check nothing."""
    route = apis.RestRoute("f", request_parameters=ROUTE.request_parameters, request_models=ROUTE.request_models)
    RequestValidator(route, MODELS).check(event(headers={}), b"no")


def test_a_model_that_is_no_schema() -> None:
    """It is refused at start."""
    with pytest.raises(UsageError, match="the model 'Pet' is no JSON Schema: "):
        RequestValidator(ROUTE, {"Pet": {"type": "thing"}})
