"""Request validation of a REST API."""

import asyncio

import pytest

from gateway.config import apis
from gateway.errors import UsageError
from gateway.listeners.validation import RequestValidator
from gateway.translation.gateway_response import Cause, Refused
from gateway.types import Json

pytestmark = pytest.mark.anyio

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


async def test_missing_parameters() -> None:
    """All are named at once: headers, path, query (recorded from AWS: localstack/localstack@8b9a79f0)."""
    with pytest.raises(Refused) as caught:
        await RequestValidator(ROUTE, MODELS).check(
            event(headers={}, pathParameters=None, queryStringParameters=None), b"{}"
        )

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
async def test_bodies(content_type: str, body: bytes, *, taken: bool) -> None:
    """A body is held against the model of its media type."""
    validator = RequestValidator(ROUTE, MODELS)
    if taken:
        await validator.check(event(content_type), body)
        return
    with pytest.raises(Refused) as caught:
        await validator.check(event(content_type), body)
    assert caught.value.cause is Cause.BODY_INVALID


async def test_nothing_is_checked_unless_asked_for() -> None:
    """Parameters and models alone check nothing."""
    route = apis.RestRoute("f", request_parameters=ROUTE.request_parameters, request_models=ROUTE.request_models)
    await RequestValidator(route, MODELS).check(event(headers={}), b"no")


async def test_a_long_body_holds_up_nobody() -> None:
    """It is checked beside the event loop, which goes on meanwhile."""
    validator = RequestValidator(ROUTE, {"Pet": {"items": {"type": "number"}}})
    checked = asyncio.ensure_future(validator.check(event(), b"[" + b"1," * 20_000 + b"1]"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert not checked.done()
    await checked


async def test_many_errors() -> None:
    """A body in which everything is wrong is refused by the first hundred of its errors."""
    validator = RequestValidator(ROUTE, {"Pet": {"items": {"type": "string"}}})
    with pytest.raises(Refused, match=r"\$\[\d\d?\]: 1 is not of type 'string'"):
        await validator.check(event(), b"[" + b"1," * 20_000 + b"1]")


async def test_many_brackets() -> None:
    """A body that is nested too deeply for its model is refused."""
    with pytest.raises(Refused, match="nested too deeply"):
        await RequestValidator(ROUTE, {"Pet": {"items": {"$ref": "#"}}}).check(event(), b"[" * 900 + b"]" * 900)


def test_a_model_that_is_no_schema() -> None:
    """It is refused at start."""
    with pytest.raises(UsageError, match="the model 'Pet' is no JSON Schema: "):
        RequestValidator(ROUTE, {"Pet": {"type": "thing"}})
