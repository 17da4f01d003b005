"""What authorizers are asked and what their answers mean."""

import json

import pytest

from gateway.translation.authorizers import (
    Endpoint,
    failure,
    identity_values,
    lambda_context,
    read_http_answer,
    read_rest_answer,
    request_event,
    request_event_v1,
    request_event_v2,
    request_event_websocket,
    token_event,
)
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.flavours.http_api_v1 import HttpApiV1
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.flavours.websocket import WebSocketApi
from gateway.translation.gateway_response import Cause, Refused
from gateway.types import Json
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST

ARN = Endpoint("us-east-1", "123456789012", "abcdef1234", "prod").method_arn("GET", "/pets/7")
ALLOW: dict[str, Json] = {
    "principalId": "me",
    "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}],
    },
}


def test_method_arn() -> None:
    """The path has no leading slash; the root has nothing."""
    assert ARN == "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/pets/7"
    assert Endpoint("r", "a", "i", "s").method_arn("GET", "/").endswith("/s/GET/")


def test_arn_of_the_api_in_an_event() -> None:
    """An event's own API id is that of its ARN."""
    endpoint = Endpoint("r", "a", "i", "s").seen_in({"requestContext": {"apiId": "other"}})

    assert endpoint.route_arn("$connect") == "arn:aws:execute-api:r:a:other/s/$connect"


def test_token_event() -> None:
    """Three members and no more, in this order."""
    assert list(token_event("allow", ARN).items()) == [
        ("type", "TOKEN"),
        ("methodArn", ARN),
        ("authorizationToken", "allow"),
    ]


def test_request_event_of_a_rest_api() -> None:
    """The proxy event's members, with {} where it has null."""
    api = RestApi()
    plain = REQUEST._replace(raw_path=b"/", raw_query=b"")

    event = request_event(api.event(plain, ARRIVAL, api.route(plain)), ARN)

    assert list(event) == [
        "type",
        "methodArn",
        "resource",
        "path",
        "httpMethod",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "requestContext",
    ]
    assert event["pathParameters"] == event["queryStringParameters"] == event["stageVariables"] == {}


def test_request_event_of_an_http_api_in_both_formats() -> None:
    """Format 1.0 joins the identity sources with a comma, 2.0 lists them."""
    v1, v2 = HttpApiV1(), HttpApi()

    old = request_event_v1(v1.event(REQUEST, ARRIVAL, v1.route(REQUEST)), ARN, ["user1", "123"])
    new = request_event_v2(v2.event(REQUEST, ARRIVAL, v2.route(REQUEST)), ARN, ["user1", "123"])
    without = request_event_v2(v2.event(REQUEST, ARRIVAL, v2.route(REQUEST)), ARN, None)

    assert (old["identitySource"], old["authorizationToken"], old["version"]) == ("user1,123", "user1,123", "1.0")
    assert list(new) == [
        "version",
        "type",
        "routeArn",
        "identitySource",
        "routeKey",
        "rawPath",
        "rawQueryString",
        "cookies",
        "headers",
        "queryStringParameters",
        "requestContext",
    ]
    assert new["identitySource"] == ["user1", "123"]
    assert "identitySource" not in without


def test_request_event_of_a_websocket_api() -> None:
    """The CONNECT event's members, and the headers of the upgrade in their place by name."""
    connect = json.loads(WebSocketApi().encode(REQUEST._replace(raw_query=b""), ARRIVAL))

    event = request_event_websocket(connect, Endpoint("r", "a", "i", "prod").route_arn("$connect"))

    assert list(event) == [
        "type",
        "methodArn",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
    ]
    assert event["methodArn"] == "arn:aws:execute-api:r:a:i/prod/$connect"
    headers, lists = event["headers"], event["multiValueHeaders"]
    assert isinstance(headers, dict)
    assert isinstance(lists, dict)
    assert (headers["Connection"], headers["Upgrade"], headers["content-length"]) == ("upgrade", "websocket", "0")
    assert list(headers) == list(lists) == sorted(headers, key=str.lower)
    assert event["queryStringParameters"] == event["stageVariables"] == {}


EVENT: dict[str, Json] = {
    "headers": {"Authorization": "Bearer x", "X-Empty": ""},
    "queryStringParameters": {"key": "1"},
    "stageVariables": None,
    "requestContext": {"routeKey": "GET /a", "httpMethod": "GET", "identity": {}},
}


@pytest.mark.parametrize(
    ("expressions", "values"),
    [
        (["method.request.header.authorization"], ["Bearer x"]),
        (["$request.header.Authorization", "$request.querystring.key"], ["Bearer x", "1"]),
        (["$context.routeKey"], ["GET /a"]),
        (["context.httpMethod", "method.request.querystring.key"], ["GET", "1"]),
        ([], []),
    ],
)
def test_identity_values(expressions: list[str], values: list[str]) -> None:
    """Sources are read in order; header names match in any case."""
    assert identity_values(expressions, EVENT) == values


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("method.request.header.X-Missing", Cause.UNAUTHORIZED),
        ("method.request.header.X-Empty", Cause.UNAUTHORIZED),
        ("stageVariables.a", Cause.UNAUTHORIZED),
        ("$context.identity", Cause.UNAUTHORIZED),
        ("request.cookie.a", Cause.AUTHORIZER_CONFIGURATION),
    ],
)
def test_missing_identity(expression: str, cause: Cause) -> None:
    """A source without a value is a 401 without a call; a source of no known kind is a configuration error."""
    with pytest.raises(Refused) as raised:
        identity_values([expression], EVENT)

    assert raised.value.cause is cause


def test_rest_grant() -> None:
    """Context values become strings; principalId and integrationLatency join them, in the order of a Java map."""
    answer: dict[str, Json] = {
        **ALLOW,
        "context": {"username": "value", "n": 1, "b": True, "none": None},
        "usageIdentifierKey": "key",
    }

    grant = read_rest_answer(answer, ARN, "192.0.2.1", 12)

    expected = {"b": "true", "principalId": "me", "integrationLatency": 12, "n": "1", "username": "value"}
    assert list(grant.authorizer.items()) == list(expected.items())
    assert grant.usage_key == "key"


def _policy(effect: str, resource: str) -> dict[str, Json]:
    statement: Json = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (_policy("Deny", "*"), Cause.EXPLICIT_DENY),
        (_policy("Allow", ARN + "/other"), Cause.IMPLICIT_DENY),
        (_policy("Maybe", "*"), Cause.AUTHORIZER_CONFIGURATION),
        ({"policyDocument": ALLOW["policyDocument"]}, Cause.AUTHORIZER_CONFIGURATION),
        ({**ALLOW, "context": {"list": [1]}}, Cause.AUTHORIZER_CONFIGURATION),
        ({**ALLOW, "context": "text"}, Cause.AUTHORIZER_CONFIGURATION),
        (None, Cause.AUTHORIZER_CONFIGURATION),
    ],
)
def test_rest_refusals(answer: Json, cause: Cause) -> None:
    """A policy that denies, one that names another method, and answers that are none."""
    with pytest.raises(Refused) as raised:
        read_rest_answer(answer, ARN, "192.0.2.1", 0)

    assert raised.value.cause is cause


def test_http_grants() -> None:
    """Context of an HTTP API may hold anything and lands under ``lambda``."""
    context: Json = {"list": [1], "object": {"a": None}}

    simple = read_http_answer({"isAuthorized": True, "context": context}, ARN, "192.0.2.1", simple=True)
    policy = read_http_answer({**ALLOW, "context": context}, ARN, "192.0.2.1", simple=False)

    assert lambda_context(simple) == lambda_context(policy) == {"lambda": context}
    assert lambda_context(read_http_answer({"isAuthorized": True}, ARN, "192.0.2.1", simple=True)) == {"lambda": None}


@pytest.mark.parametrize(
    ("answer", "simple", "cause"),
    [
        ({"isAuthorized": False}, True, Cause.EXPLICIT_DENY),
        ({"isAuthorized": "yes"}, True, Cause.AUTHORIZER_CONFIGURATION),
        (ALLOW, True, Cause.AUTHORIZER_CONFIGURATION),
        ({"isAuthorized": True}, False, Cause.AUTHORIZER_CONFIGURATION),
        (_policy("Deny", "*"), False, Cause.EXPLICIT_DENY),
    ],
)
def test_http_refusals(answer: Json, simple: bool, cause: Cause) -> None:
    """Simple responses and policies are different formats; only the one that is enabled counts."""
    with pytest.raises(Refused) as raised:
        read_http_answer(answer, ARN, "192.0.2.1", simple=simple)

    assert raised.value.cause is cause


def test_failures() -> None:
    """Only the exact word Unauthorized is a 401."""
    assert failure("Unauthorized").cause is Cause.UNAUTHORIZED
    assert failure("unauthorized").cause is Cause.AUTHORIZER_FAILURE


def test_grant_reaches_the_function() -> None:
    """The match carries the authorizer into the event of each front door."""
    rest, http = RestApi(), HttpApi()
    grant = read_rest_answer(ALLOW, ARN, "192.0.2.1", 5)

    one = json.loads(rest.encode(REQUEST, ARRIVAL, rest.route(REQUEST)._replace(authorizer=grant.authorizer)))
    two = json.loads(http.encode(REQUEST, ARRIVAL, http.route(REQUEST)._replace(authorizer={"lambda": {"a": 1}})))

    assert one["requestContext"]["authorizer"] == {"principalId": "me", "integrationLatency": 5}
    assert list(one["requestContext"])[:3] == ["resourceId", "authorizer", "resourcePath"]
    assert two["requestContext"]["authorizer"] == {"lambda": {"a": 1}}
