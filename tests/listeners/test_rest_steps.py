"""The steps of a request to a REST API, on a real port."""

import asyncio

import pytest

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.listeners.rest_api import rest_api
from gateway.translation.stream_prelude import CONTENT_TYPE
from gateway.types import Json
from tests.listeners.scripted import ScriptedStream, context_of, ok, opened, scripted, streamed
from tests.services import listener_context

pytestmark = pytest.mark.anyio

REST = RestApiSettings(0, "f")
KEY = "k" * 20
ALLOW: Json = {
    "principalId": "me",
    "policyDocument": {
        "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*/GET/a"}]
    },
    "context": {"n": 1},
}


async def test_authorizer() -> None:
    """It is asked once for a token; its kept policy is judged again for each method."""
    authorizer, asked = scripted(lambda _: ALLOW, "a")
    function, target = scripted(ok)
    settings = RestApiSettings(
        0,
        routes={"GET /a": apis.RestRoute("f", authorizer="token"), "GET /b": apis.RestRoute("f", authorizer="token")},
        authorizers={"token": apis.Authorizer("TOKEN", "a")},
    )
    async with opened(rest_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        missing = await port.ask("/a")
        allowed = await port.ask("/a", headers={"Authorization": "t"})
        denied = await port.ask("/b", headers={"Authorization": "t"})

    assert (missing.status_code, missing.content) == (401, b'{"message":"Unauthorized"}')
    assert allowed.status_code == 200
    assert (denied.status_code, denied.content) == (
        403,
        b'{"Message":"User is not authorized to access this resource"}',
    )
    (event,) = asked.events
    assert event["type"] == "TOKEN"
    assert event["authorizationToken"] == "t"
    assert str(event["methodArn"]).endswith("/prod/GET/a")
    given = context_of(target.events[0])["authorizer"]
    assert isinstance(given, dict)
    assert (given["principalId"], given["n"]) == ("me", "1")


async def test_api_key_quota_and_validation() -> None:
    """A request is counted before it is validated, and what is over the quota is refused."""
    function, target = scripted(ok)
    route = apis.RestRoute(
        "f",
        api_key_required=True,
        request_parameters={"method.request.querystring.q": True},
        validate_request_parameters=True,
    )
    settings = RestApiSettings(
        0,
        routes={"GET /": route},
        api_keys={"mine": apis.ApiKey(KEY)},
        usage_plans={"p": apis.UsagePlan(("mine",), quota=apis.Quota(2, "DAY"))},
    )
    key = {"x-api-key": KEY}
    async with opened(rest_api(settings, listener_context({"f": function}))) as port:
        answers = [
            await port.ask("/?q=1"),
            await port.ask("/", headers=key),
            await port.ask("/?q=1", headers=key),
            await port.ask("/?q=1", headers=key),
        ]

    assert [(answer.status_code, answer.content) for answer in answers] == [
        (403, b'{"message":"Forbidden"}'),
        (400, b'{"message": "Missing required request parameters: [q]"}'),
        (200, b"fine"),
        (429, b'{"message":"Limit Exceeded"}'),
    ]
    identity = context_of(target.events[0])["identity"]
    assert isinstance(identity, dict)
    assert (identity["apiKey"], identity["apiKeyId"]) == (KEY, "mine")


async def test_the_key_may_come_from_the_authorizer() -> None:
    """With AUTHORIZER as the source the header does not count."""
    assert isinstance(ALLOW, dict)
    authorizer, _ = scripted(lambda _: {**ALLOW, "usageIdentifierKey": KEY}, "a")
    function, _ = scripted(ok)
    settings = RestApiSettings(
        0,
        routes={"GET /a": apis.RestRoute("f", authorizer="r", api_key_required=True)},
        authorizers={"r": apis.Authorizer("REQUEST", "a")},
        api_keys={"mine": apis.ApiKey(KEY)},
        api_key_source="AUTHORIZER",
        usage_plans={"p": apis.UsagePlan(("mine",))},
    )
    async with opened(rest_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        answer = await port.ask("/a")

    assert answer.status_code == 200


async def test_an_arn_names_the_api_of_its_event() -> None:
    """Which is that of the host, when it is one of AWS's."""
    authorizer, asked = scripted(lambda _: ALLOW, "a")
    settings = RestApiSettings(
        0, routes={"GET /a": apis.RestRoute("a", authorizer="r")}, authorizers={"r": apis.Authorizer("REQUEST", "a")}
    )
    async with opened(rest_api(settings, listener_context({"a": authorizer}))) as port:
        await port.ask("/a", headers={"Host": "x1y2z3.execute-api.us-east-1.amazonaws.com"})

    assert context_of(asked.events[0])["apiId"] == "x1y2z3"
    assert str(asked.events[0]["methodArn"]).endswith(":x1y2z3/prod/GET/a")


async def test_an_authorizer_sees_the_key_that_a_client_sends() -> None:
    """Before anybody asks whether the key is good; without a key there is no such member."""
    authorizer, asked = scripted(lambda _: ALLOW, "a")
    function, _ = scripted(ok)
    settings = RestApiSettings(
        0,
        routes={"GET /a": apis.RestRoute("f", authorizer="r", api_key_required=True)},
        authorizers={"r": apis.Authorizer("REQUEST", "a", authorizer_result_ttl_in_seconds=0)},
        api_keys={"mine": apis.ApiKey(KEY)},
    )
    async with opened(rest_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        await port.ask("/a", headers={"X-API-Key": KEY})
        await port.ask("/a")

    sent, none = (context_of(event)["identity"] for event in asked.events)
    assert isinstance(sent, dict)
    assert isinstance(none, dict)
    assert (sent["apiKey"], sent["apiKeyId"]) == (KEY, "mine")
    assert "apiKey" not in none


async def test_throttled_stage() -> None:
    """Over the burst the API refuses by itself."""
    function, _ = scripted(ok)
    settings = RestApiSettings(0, "f", throttle=apis.Throttle(0, 1))
    async with opened(rest_api(settings, listener_context({"f": function}))) as port:
        answers = [await port.ask() for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].content == b'{"message":"Too Many Requests"}'
    assert "retry-after" not in answers[1].headers


@pytest.mark.parametrize("own", [True, False])
async def test_what_is_over_the_limit_asks_no_authorizer(own: bool) -> None:
    """Neither the method's limit nor the stage's."""
    authorizer, asked = scripted(lambda _: ALLOW, "a")
    function, _ = scripted(ok)
    limit = apis.Throttle(0, 1)
    settings = RestApiSettings(
        0,
        routes={"GET /a": apis.RestRoute("f", authorizer="token", throttle=limit if own else None)},
        authorizers={"token": apis.Authorizer("TOKEN", "a", authorizer_result_ttl_in_seconds=0)},
        throttle=None if own else limit,
    )
    async with opened(rest_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        answers = [await port.ask("/a", headers={"Authorization": "t"}) for _ in range(2)]

    assert ([answer.status_code for answer in answers], len(asked.events)) == ([200, 429], 1)


async def test_signed_requests() -> None:
    """Under AWS_IAM the caller is in the identity, and nobody else gets in."""
    function, target = scripted(ok)
    settings = RestApiSettings(0, routes={"GET /": apis.RestRoute("f", authorization_type="AWS_IAM")})
    signature = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/execute-api/aws4_request, Signature=0"
    async with opened(rest_api(settings, listener_context({"f": function}))) as port:
        unsigned = await port.ask()
        signed = await port.ask(headers={"Authorization": signature})

    assert (unsigned.status_code, unsigned.content) == (403, b'{"message":"Missing Authentication Token"}')
    assert signed.status_code == 200
    identity = context_of(target.events[0])["identity"]
    assert isinstance(identity, dict)
    assert identity["accessKey"] == "AKID"


async def test_stream() -> None:
    """The metadata may have lists of header values; the body comes as it is written."""
    stream = ScriptedStream()
    function, target = scripted(lambda _: streamed(stream, CONTENT_TYPE))
    async with opened(
        rest_api(RestApiSettings(0, "f", response_transfer_mode="STREAM"), listener_context({"f": function}))
    ) as port:
        stream.write(b'{"multiValueHeaders":{"X-A":["1","2"]}}' + b"\0" * 8 + b"one")
        async with port.client.stream("GET", "/") as answer:
            pieces = answer.aiter_raw()
            first = await anext(pieces)
            stream.end()

    assert (answer.status_code, answer.headers.get_list("x-a"), first) == (200, ["1", "2"], b"one")
    assert target.invocations[0].streaming


async def test_a_stream_without_a_prelude() -> None:
    """What does not begin as a stream must is the API's configuration error."""
    stream = ScriptedStream()
    function, _ = scripted(lambda _: streamed(stream, CONTENT_TYPE))
    async with opened(
        rest_api(RestApiSettings(0, "f", response_transfer_mode="STREAM"), listener_context({"f": function}))
    ) as port:
        stream.write(b"no metadata")
        stream.end()
        answer = await port.ask()
        await asyncio.wait_for(stream.closed.wait(), 5)

    assert (answer.status_code, answer.content) == (500, b'{"message": "Internal server error"}')


async def test_inner_path_of_a_custom_domain() -> None:
    """The method's ARN has neither base path nor stage twice."""
    assert isinstance(ALLOW, dict)
    authorizer, asked = scripted(lambda _: ALLOW, "a")
    function, _ = scripted(ok)
    settings = RestApiSettings(
        0,
        addressing="domain-stage",
        base_path="shop",
        routes={"GET /a": apis.RestRoute("f", authorizer="r")},
        authorizers={"r": apis.Authorizer("REQUEST", "a")},
    )
    async with opened(rest_api(settings, listener_context({"a": authorizer, "f": function}))) as port:
        answer = await port.ask("/shop/prod/a")

    assert answer.status_code == 200
    assert str(asked.events[0]["methodArn"]).endswith("/prod/GET/a")
