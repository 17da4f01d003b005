"""Lambda authorizers: called, remembered, and their answers judged again for each method.

Facts (API Gateway developer guide, apigateway-use-lambda-authorizer and http-api-lambda-authorizer):

- An answer is kept under the values of the identity sources for up to an hour; a TTL of 0 keeps nothing.
- A kept policy is evaluated for the method that is called, which it may not name.
- A TOKEN that does not match ``identityValidationExpression`` is 401 without a call.  Which syntax AWS takes there is
  not known; it is RE2 here, which no token can make slow.
- The authorizer of an HTTP API has ten seconds.
"""

from collections import OrderedDict
from time import perf_counter
from typing import Final, NamedTuple, Protocol

from gateway.config import apis
from gateway.config.regex import compile_text_regex
from gateway.errors import BadResult, Fault
from gateway.functions.service import LambdaService
from gateway.invocation import Failed, FunctionReference, Invocation
from gateway.listeners.arrivals import arrive
from gateway.listeners.integration import invoke_within
from gateway.listeners.outcomes import payload_of, trace_header
from gateway.listeners.usage_plans import Clock
from gateway.translation.authorizers import (
    Grant,
    failure,
    identity_values,
    read_http_answer,
    read_rest_answer,
    request_event,
    request_event_v1,
    request_event_v2,
    request_event_websocket,
    token_event,
)
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request
from gateway.translation.result import load_result
from gateway.translation.result_text import dump
from gateway.types import Json

_KEPT: Final = 10_000
"""Answers that one authorizer remembers at once; the oldest go first."""


class Question(NamedTuple):
    """What an authorizer is asked.

    Attributes:
        event: The proxy event of the request.
        arn: The ARN of the method or route.
        source_ip: For conditions of policies.
        request: The request itself.
        scopes: The authorization scopes of the route.
    """

    event: dict[str, Json]
    arn: str
    source_ip: str
    request: Request
    scopes: tuple[str, ...] = ()


class Authorizing(Protocol):
    """An authorizer of any kind."""

    async def ask(self, question: Question) -> Grant:
        """What the function learns of the caller.

        Raises:
            Refused: The request may not pass.
        """
        ...


class AuthorizerCall:
    """The function of an authorizer, and the answers that it gave.

    Args:
        service: Runs it.
        function: What is invoked.
        ttl_s: How long an answer is kept.
        clock: Seconds; only differences count.
        timeout_ms: How long the listener waits; 0 for as long as the function takes.
    """

    def __init__(
        self, service: LambdaService, function: FunctionReference, ttl_s: int, clock: Clock, timeout_ms: int = 0
    ) -> None:
        self._service = service
        self._function = function
        self._timeout_ms = timeout_ms
        self._ttl_s = ttl_s
        self._clock = clock
        self._kept: OrderedDict[tuple[str, ...], tuple[float, Json]] = OrderedDict()

    async def answer(self, event: dict[str, Json], key: tuple[str, ...]) -> tuple[Json, int]:
        """The answer for an event and how long it took in milliseconds, 0 when it was remembered.

        Args:
            event: The authorizer's event.
            key: The values of the identity sources; empty remembers nothing.

        Raises:
            Refused: The authorizer failed.
        """
        keeps = bool(key) and self._ttl_s > 0
        now = self._clock()
        if keeps and key in self._kept:
            until, answer = self._kept[key]
            if now < until:
                return answer, 0
            del self._kept[key]
        began = perf_counter()
        answer = await self._invoke(event)
        if keeps:
            self._kept[key] = (now + self._ttl_s, answer)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return answer, round((perf_counter() - began) * 1000)

    async def _invoke(self, event: dict[str, Json]) -> Json:
        arrival = arrive()
        invocation = Invocation(
            dump(event), arrival.request_id, "", trace_header(arrival, self._service.lineage(self._function))
        )
        try:
            outcome = await invoke_within(self._service, self._function, invocation, self._timeout_ms)
            if isinstance(outcome, Failed):
                raise failure(outcome.message)
            payload = payload_of(outcome)
        except Refused as refused:
            if refused.cause is not Cause.INTEGRATION_TIMEOUT:
                raise
            raise Refused(Cause.AUTHORIZER_FAILURE, f"the authorizer: {refused.detail}") from refused
        except Fault as fault:
            raise Refused(Cause.AUTHORIZER_FAILURE, f"the authorizer: {fault}") from fault
        try:
            return load_result(payload)
        except BadResult as error:
            raise Refused(Cause.AUTHORIZER_CONFIGURATION, f"the authorizer: {error}") from error


class TokenAuthorizer:
    """TOKEN, in front of a REST API."""

    def __init__(self, settings: apis.Authorizer, call: AuthorizerCall) -> None:
        self._call = call
        self._source = settings.identity_source or ("method.request.header.Authorization",)
        expression = settings.identity_validation_expression
        self._pattern = compile_text_regex(expression, dot_all=True) if expression else None

    async def ask(self, question: Question) -> Grant:
        """Ask with the token."""
        (token,) = identity_values(self._source[:1], question.event)
        if self._pattern and not self._pattern.fullmatch(token.encode("utf-8", "surrogatepass")):
            raise Refused(Cause.UNAUTHORIZED, "the token does not match identity_validation_expression")
        answer, latency = await self._call.answer(token_event(token, question.arn), (token,))
        return read_rest_answer(answer, question.arn, question.source_ip, latency)


class RequestAuthorizer:
    """REQUEST, in front of a REST API."""

    def __init__(self, settings: apis.Authorizer, call: AuthorizerCall) -> None:
        self._call = call
        self._sources = settings.identity_source

    async def ask(self, question: Question) -> Grant:
        """Ask with the whole request."""
        key = tuple(identity_values(self._sources, question.event))
        answer, latency = await self._call.answer(request_event(question.event, question.arn), key)
        return read_rest_answer(answer, question.arn, question.source_ip, latency)


class HttpAuthorizer:
    """REQUEST, in front of an HTTP API; the event of its questions has the version of the authorizer."""

    def __init__(self, settings: apis.Authorizer, call: AuthorizerCall) -> None:
        self._settings = settings
        self._call = call

    async def ask(self, question: Question) -> Grant:
        """Ask with the whole request."""
        settings = self._settings
        sources = identity_values(settings.identity_source, question.event)
        old = settings.authorizer_payload_format_version == "1.0"
        event = (
            request_event_v1(question.event, question.arn, sources)
            if old
            else request_event_v2(question.event, question.arn, sources if settings.identity_source else None)
        )
        answer, _ = await self._call.answer(event, tuple(sources))
        simple = settings.enable_simple_responses and not old
        return read_http_answer(answer, question.arn, question.source_ip, simple=simple)


class WebSocketAuthorizer:
    """REQUEST, in front of a WebSocket API; its answers are not kept: a connection asks once."""

    def __init__(self, settings: apis.Authorizer, call: AuthorizerCall) -> None:
        self._sources = settings.identity_source
        self._call = call

    async def ask(self, question: Question) -> Grant:
        """Ask with the handshake; the event of the question is that of ``$connect``."""
        identity_values([source.removeprefix("route.") for source in self._sources], question.event)
        answer, latency = await self._call.answer(request_event_websocket(question.event, question.arn), ())
        return read_rest_answer(answer, question.arn, question.source_ip, latency)
