"""The steps of a request to an HTTP API, on a real port."""

import pytest

from gateway.config import apis
from gateway.config.doors import CorsSettings, HttpApiSettings
from gateway.listeners.http_api import http_api
from gateway.types import Json
from tests.listeners.scripted import ok, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio


def authorizer_of(event: dict[str, Json]) -> Json:
    """What an event says of its authorizer."""
    context = event["requestContext"]
    assert isinstance(context, dict)
    return context.get("authorizer")


async def test_cors() -> None:
    """Preflights need no route, and refusals have the lines too."""
    function, target = scripted(ok)
    settings = HttpApiSettings(
        0, routes={"GET /": apis.HttpRoute("f")}, cors=CorsSettings(allow_origins=("https://a",))
    )
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        preflight = await port.ask("/x", "OPTIONS", {"Origin": "https://a", "Access-Control-Request-Method": "GET"})
        refused = await port.ask("/x", headers={"Origin": "https://a"})

    assert (preflight.status_code, refused.status_code) == (204, 404)
    assert preflight.headers["access-control-allow-origin"] == refused.headers["access-control-allow-origin"]
    assert target.events == []


@pytest.mark.parametrize(
    ("sent", "answered", "status"),
    [
        ({}, {"isAuthorized": True}, 401),
        ({"X-Who": "me"}, {"isAuthorized": True, "context": {"a": [1]}}, 200),
        ({"X-Who": "me"}, {"isAuthorized": False}, 403),
        ({"X-Who": "me"}, {"principalId": "me"}, 500),
    ],
)
async def test_simple_authorizer(sent: dict[str, str], answered: Json, status: int) -> None:
    """Simple responses; the context reaches the function under ``lambda``."""
    authorizer, asked = scripted(lambda _: answered, "a")
    function, target = scripted(ok)
    simple = apis.Authorizer("REQUEST", "a", ("$request.header.X-Who",), enable_simple_responses=True)
    settings = HttpApiSettings(0, routes={"GET /": apis.HttpRoute("f", authorizer="s")}, authorizers={"s": simple})
    async with opened(http_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        answer = await port.ask(headers=sent)

    assert answer.status_code == status
    assert len(asked.events) == (1 if sent else 0)
    assert [authorizer_of(event) for event in target.events] == ([{"lambda": {"a": [1]}}] if status == 200 else [])


async def test_an_arn_names_the_api_of_its_event() -> None:
    """Which is that of the host, when it is one of AWS's."""
    authorizer, asked = scripted(lambda _: {"isAuthorized": False}, "a")
    simple = apis.Authorizer("REQUEST", "a", ("$request.header.Host",), enable_simple_responses=True)
    settings = HttpApiSettings(0, routes={"GET /": apis.HttpRoute("a", authorizer="s")}, authorizers={"s": simple})
    async with opened(http_api(settings, listener_context({"a": authorizer}))) as port:
        await port.ask(headers={"Host": "x1y2z3.execute-api.us-east-1.amazonaws.com"})

    assert str(asked.events[0]["routeArn"]).endswith(":x1y2z3/$default/GET/")


async def test_lambda_authorizer_in_format_1() -> None:
    """The members of a JWT authorizer are there, and null."""
    authorizer, _ = scripted(lambda _: {"isAuthorized": True, "context": {"a": "b"}}, "a")
    function, target = scripted(ok)
    simple = apis.Authorizer("REQUEST", "a", ("$request.header.X-Who",), enable_simple_responses=True)
    routes = {"GET /": apis.HttpRoute("f", authorizer="s", payload_format_version="1.0")}
    settings = HttpApiSettings(0, routes=routes, authorizers={"s": simple})
    async with opened(http_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        await port.ask(headers={"X-Who": "me"})

    assert authorizer_of(target.events[0]) == {"claims": None, "scopes": None, "a": "b"}


async def test_authorizer_of_the_other_version() -> None:
    """An authorizer's format is its own, whatever the integration's is."""
    policy: Json = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    authorizer, asked = scripted(lambda _: {"principalId": "x", "policyDocument": policy, "context": {"a": "b"}}, "a")
    function, target = scripted(ok)
    old = apis.Authorizer("REQUEST", "a", ("$request.header.X-Who",), authorizer_payload_format_version="1.0")
    settings = HttpApiSettings(0, routes={"GET /": apis.HttpRoute("f", authorizer="s")}, authorizers={"s": old})
    async with opened(http_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        await port.ask(headers={"X-Who": "me"})

    assert (asked.events[0]["version"], asked.events[0]["identitySource"]) == ("1.0", "me")
    assert authorizer_of(target.events[0]) == {"lambda": {"a": "b"}}


async def test_signed_requests() -> None:
    """Under AWS_IAM the caller stands under ``iam``."""
    function, target = scripted(ok)
    settings = HttpApiSettings(0, routes={"GET /": apis.HttpRoute("f", authorization_type="AWS_IAM")})
    signature = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/execute-api/aws4_request, Signature=0"
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        unsigned = await port.ask()
        await port.ask(headers={"Authorization": signature})

    assert (unsigned.status_code, unsigned.content) == (403, b'{"message":"Forbidden"}')
    given = authorizer_of(target.events[0])
    assert isinstance(given, dict)
    assert isinstance(given["iam"], dict)
    assert given["iam"]["accessKey"] == "AKID"


async def test_what_is_over_the_limit_asks_no_authorizer() -> None:
    """The authorizer's function is spared the requests that the route does not take."""
    authorizer, asked = scripted(lambda _: {"isAuthorized": True}, "a")
    function, _ = scripted(ok)
    route = apis.HttpRoute("f", authorizer="mine", throttle=apis.Throttle(0, 1))
    mine = apis.Authorizer("REQUEST", "a", authorizer_result_ttl_in_seconds=0, enable_simple_responses=True)
    settings = HttpApiSettings(0, routes={"GET /": route}, authorizers={"mine": mine})
    async with opened(http_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        answers = [await port.ask() for _ in range(2)]

    assert ([answer.status_code for answer in answers], len(asked.events)) == ([200, 429], 1)


async def test_throttled_route() -> None:
    """A route has its own burst."""
    function, _ = scripted(ok)
    settings = HttpApiSettings(0, routes={"GET /": apis.HttpRoute("f", throttle=apis.Throttle(0, 1))})
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        answers = [await port.ask() for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [
        (200, b"fine"),
        (429, b'{"message":"Too Many Requests"}'),
    ]
