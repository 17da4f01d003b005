"""Lambda authorizers: the events they get and what their answers mean.

Facts (API Gateway developer guide: api-gateway-lambda-authorizer-input and -output, http-api-lambda-authorizer;
aws/aws-lambda-go@815d21f, events/testdata):

- A TOKEN event has three members; a REQUEST event is most of the proxy event, with ``{}`` where that has null.
- Without a value for every identity source the answer is 401 and the authorizer is not called.
- ``context`` of a REST API holds strings, numbers and booleans and reaches the function as strings, beside
  ``principalId`` and ``integrationLatency``; HTTP APIs pass any JSON on.
- An authorizer that raises exactly ``Unauthorized`` makes a 401, any other failure a 500.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.iam_policy import BadPolicy, Decision, evaluate
from gateway.translation.map_order import in_map_order
from gateway.translation.result_text import dump
from gateway.types import Json

INVOKE: Final = "execute-api:Invoke"
_V1: Final = (
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
)
_V2: Final = (
    "routeKey",
    "rawPath",
    "rawQueryString",
    "cookies",
    "headers",
    "queryStringParameters",
    "requestContext",
    "pathParameters",
    "stageVariables",
)

_WEBSOCKET: Final = (
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "stageVariables",
    "requestContext",
)
_UPGRADE: Final[Mapping[str, Json]] = {"Connection": "upgrade", "content-length": "0", "Upgrade": "websocket"}
_UPGRADE_LISTS: Final[Mapping[str, Json]] = {name: [value] for name, value in _UPGRADE.items()}


class Endpoint(NamedTuple):
    """Where an API lives, for ARNs."""

    region: str
    account_id: str
    api_id: str
    stage: str

    def seen_in(self, event: Mapping[str, Json]) -> "Endpoint":
        """The same with the ``apiId`` that an event has, so that ARN and event name one API."""
        context = event["requestContext"]
        return self._replace(api_id=str(context["apiId"])) if isinstance(context, dict) else self

    def method_arn(self, method: str, path: str) -> str:
        """``arn:aws:execute-api:…/{stage}/{method}/{path without its leading slash}``."""
        return (
            f"arn:aws:execute-api:{self.region}:{self.account_id}:{self.api_id}/{self.stage}/{method}/"
            f"{path.removeprefix('/')}"
        )

    def route_arn(self, route_key: str) -> str:
        """The same of a WebSocket route: ``arn:aws:execute-api:…/{stage}/$connect``."""
        return f"arn:aws:execute-api:{self.region}:{self.account_id}:{self.api_id}/{self.stage}/{route_key}"


class Grant(NamedTuple):
    """A request that may pass.

    Attributes:
        authorizer: Becomes ``requestContext.authorizer``: `RouteMatch.authorizer`.
        usage_key: ``usageIdentifierKey``, the API key when its source is the authorizer; "" for none.
    """

    authorizer: dict[str, Json]
    usage_key: str = ""


def token_event(token: str, method_arn: str) -> dict[str, Json]:
    """The event of a TOKEN authorizer."""
    return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}


def request_event(event: Mapping[str, Json], method_arn: str) -> dict[str, Json]:
    """The event of a REST API's REQUEST authorizer, from the proxy event of the same request."""
    return {"type": "REQUEST", "methodArn": method_arn, **_members(event, _V1)}


def request_event_v1(event: Mapping[str, Json], method_arn: str, sources: Sequence[str]) -> dict[str, Json]:
    """The event of an HTTP API's authorizer in format 1.0, from the 1.0 proxy event of the same request."""
    joined = ",".join(sources)
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": method_arn,
        "identitySource": joined,
        "authorizationToken": joined,
        **_members(event, _V1),
    }


def request_event_v2(event: Mapping[str, Json], route_arn: str, sources: Sequence[str] | None) -> dict[str, Json]:
    """The event of an HTTP API's authorizer in format 2.0, from the 2.0 proxy event of the same request.

    ``sources`` is None when the authorizer has no identity source; the event then has no such member.
    """
    head: dict[str, Json] = {"version": "2.0", "type": "REQUEST", "routeArn": route_arn}
    if sources is not None:
        head["identitySource"] = list(sources)
    return {**head, **{name: event[name] for name in _V2 if name in event}}


def request_event_websocket(event: Mapping[str, Json], method_arn: str) -> dict[str, Json]:
    """The event of a WebSocket API's authorizer, from the CONNECT event of the same handshake.

    Unlike the function it also reads the headers of the upgrade (API Gateway developer guide,
    apigateway-websocket-api-lambda-auth).
    """
    members = _members(event, _WEBSOCKET)
    for member, upgrade in (("headers", _UPGRADE), ("multiValueHeaders", _UPGRADE_LISTS)):
        given = members[member]
        lines = {**upgrade, **given} if isinstance(given, dict) else dict(upgrade)
        members[member] = {name: lines[name] for name in sorted(lines, key=str.lower)}
    return {"type": "REQUEST", "methodArn": method_arn, **members}


def _members(event: Mapping[str, Json], names: Sequence[str]) -> dict[str, Json]:
    return {name: {} if event.get(name) is None else event[name] for name in names}


def identity_values(expressions: Sequence[str], event: Mapping[str, Json]) -> list[str]:
    """The values of identity sources, in order; together they are the key of the authorizer's cache.

    Args:
        expressions: ``method.request.header.X``, ``method.request.querystring.x``, ``stageVariables.x``,
            ``context.path`` of a REST API; ``$request.header.X`` and so on of an HTTP API.
        event: The proxy event of the request.

    Raises:
        Refused: One of them has no value: 401 without calling the authorizer.
    """
    values = []
    for expression in expressions:
        value = _identity_value(expression.removeprefix("$").removeprefix("method."), event)
        if not value:
            raise Refused(Cause.UNAUTHORIZED, f"the identity source {expression} has no value in the request")
        values.append(value)
    return values


def _identity_value(expression: str, event: Mapping[str, Json]) -> str:
    where, _, name = expression.rpartition(".")
    member = _SOURCES.get(where)
    if member is None:
        raise Refused(
            Cause.AUTHORIZER_CONFIGURATION, f"the identity source {expression} is not one of {list(_SOURCES)}"
        )
    found = event.get(member)
    if not isinstance(found, dict):
        return ""
    if member == "headers":
        lower = name.lower()
        return next((value for key, value in found.items() if key.lower() == lower and isinstance(value, str)), "")
    value = found.get(name)
    return value if isinstance(value, str) else ""


_SOURCES: Final[Mapping[str, str]] = {
    "request.header": "headers",
    "request.querystring": "queryStringParameters",
    "stageVariables": "stageVariables",
    "context": "requestContext",
}


def read_rest_answer(answer: Json, method_arn: str, source_ip: str, latency_ms: int) -> Grant:
    """What a REST API's authorizer answered, for one method.

    A cached answer is read again for each method: a policy that names only the first denies the others.

    Raises:
        Refused: Denied, or no acceptable answer.
    """
    answered = _answered(answer)
    principal = answered.get("principalId")
    if not isinstance(principal, str):
        raise Refused(Cause.AUTHORIZER_CONFIGURATION, "the authorizer must answer with a string principalId")
    _judge(answered, method_arn, source_ip)
    authorizer: dict[str, Json] = {}
    for name, value in _context(answered).items():
        if isinstance(value, dict | list):
            raise Refused(Cause.AUTHORIZER_CONFIGURATION, f"context.{name} must be a string, number or boolean")
        if value is not None:
            authorizer[name] = value if isinstance(value, str) else dump(value).decode()
    usage_key = answered.get("usageIdentifierKey")
    return Grant(
        in_map_order({**authorizer, "principalId": principal, "integrationLatency": latency_ms}),
        usage_key if isinstance(usage_key, str) else "",
    )


def read_http_answer(answer: Json, route_arn: str, source_ip: str, *, simple: bool) -> Grant:
    """What an HTTP API's authorizer answered; ``simple`` when simple responses are enabled.

    The grant's authorizer is the context itself; payload 2.0 has it under ``lambda`` (`lambda_context`).

    Raises:
        Refused: Denied, or no acceptable answer.
    """
    answered = _answered(answer)
    if simple:
        allowed = answered.get("isAuthorized")
        if not isinstance(allowed, bool):
            raise Refused(Cause.AUTHORIZER_CONFIGURATION, "the authorizer must answer with a boolean isAuthorized")
        if not allowed:
            raise Refused(Cause.EXPLICIT_DENY, "the authorizer answered isAuthorized false")
    else:
        _judge(answered, route_arn, source_ip)
    return Grant(dict(_context(answered)))


def lambda_context(grant: Grant) -> dict[str, Json]:
    """``requestContext.authorizer`` of payload 2.0."""
    return {"lambda": grant.authorizer or None}


def failure(error_message: str) -> Refused:
    """What an authorizer that raised means: exactly ``Unauthorized`` is a 401, anything else a 500."""
    if error_message == "Unauthorized":
        return Refused(Cause.UNAUTHORIZED, "the authorizer raised Unauthorized")
    return Refused(Cause.AUTHORIZER_FAILURE, f"the authorizer raised: {error_message}")


def _answered(answer: Json) -> dict[str, Json]:
    if not isinstance(answer, dict):
        raise Refused(Cause.AUTHORIZER_CONFIGURATION, f"the authorizer must answer with an object, got {answer!r:.80}")
    return answer


def _context(answered: dict[str, Json]) -> dict[str, Json]:
    context = answered.get("context")
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise Refused(Cause.AUTHORIZER_CONFIGURATION, "context must be an object")
    return context


def _judge(answered: dict[str, Json], arn: str, source_ip: str) -> None:
    try:
        decision = evaluate(answered.get("policyDocument"), INVOKE, arn, {"aws:sourceip": source_ip})
    except BadPolicy as error:
        raise Refused(Cause.AUTHORIZER_CONFIGURATION, str(error)) from error
    if decision is Decision.EXPLICIT_DENY:
        raise Refused(Cause.EXPLICIT_DENY, f"a statement of the authorizer's policy denies {arn}")
    if decision is Decision.IMPLICIT_DENY:
        raise Refused(Cause.IMPLICIT_DENY, f"no statement of the authorizer's policy allows {arn}")
