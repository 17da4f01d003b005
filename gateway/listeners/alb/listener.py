"""The front door of an Application Load Balancer: desync mitigation, rules, actions, target groups."""

import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from random import random  # a weighted choice need not be secret
from typing import TYPE_CHECKING, Any, Final

from gateway.listeners.alb.actions import FixedAction, ForwardAction, RedirectAction, fixed_response, redirect
from gateway.listeners.alb.authentication_answer import Answered, Passed
from gateway.listeners.alb.rules import Rule, RuleTable, only_group
from gateway.listeners.alb.stickiness import StickinessCookieInvalid, choose, sticky_cookies, sticky_group
from gateway.listeners.alb.target_groups import TargetGroup, TargetGroups
from gateway.listeners.arrivals import arrive
from gateway.listeners.exchange import Exchange
from gateway.listeners.wire import Wire
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_response import finished, page_response
from gateway.translation.desync import ACTIONS, COMPLIANT, Classifier, Mode
from gateway.translation.flavour import Limits
from gateway.translation.flavours.alb import LIMITS, error_reason
from gateway.translation.headers import http_date
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import Address

if TYPE_CHECKING:
    from gateway.listeners.alb.authenticate import Authentication, Authenticator
    from gateway.listeners.alb.transforms import Transform

log = logging.getLogger("gateway")

_COOKIE_REASON: Final = "AWSALBTGCookieInvalid"


class Refusal(Exception):
    """The load balancer answers by itself, with this status and the access log's ``error_reason``."""

    def __init__(self, status: int, error_reason: str = "-", detail: str = "") -> None:
        super().__init__(detail or f"{status} {error_reason}")
        self.status = status
        self.error_reason = error_reason


class AlbExchange(Exchange):
    """What observers learn of a request to a load balancer.

    Attributes:
        rule: The rule that decided, None when there was none to ask.
        actions: What was done, in the access log's words.
        target_group_arn: Where the request was forwarded to, "" when it was not.
        error_reason: The access log's, "-" when nothing went wrong.
        classification: Desync mitigation's finding.
        transformed: The request as the target got it, None without a transform.
    """

    __slots__ = ("actions", "classification", "error_reason", "rule", "target_group_arn", "transformed")

    def __init__(self, arrival: Arrival) -> None:
        super().__init__(arrival)
        self.rule: Rule | None = None
        self.actions: list[str] = []
        self.target_group_arn = ""
        self.error_reason = "-"
        self.classification = COMPLIANT
        self.transformed: Request | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """What a configuration says of one listener; replaced as a whole when the configuration changes.

    Attributes:
        groups: All target groups by name.
        sticky_key: The secret behind stickiness cookies, at most 64 bytes.
        authentication: What answers providers' redirects back; None without authentication actions.
        authenticators: What to ask for an authentication action, by the ``id`` of its settings.
        only: Where every request goes, when nothing but that one target group can be chosen.
    """

    rules: RuleTable
    groups: TargetGroups
    attributes: AlbAttributes
    desync: Mode
    sticky_key: bytes
    authentication: "Authentication | None" = None
    authenticators: "Mapping[int, Authenticator]" = field(default_factory=dict)
    only: TargetGroup | None = field(init=False)

    def __post_init__(self) -> None:
        name = None if self.authentication else only_group(self.rules)
        object.__setattr__(self, "only", None if name is None else self.groups[name])


class AlbListener:
    """Implements `gateway.listeners.listener.Listener`."""

    def __init__(self, routing: Routing) -> None:
        self.routing = routing
        self._classifier = Classifier()
        self.on_written: Callable[[Request | None, Response, Wire], None] | None = None

    @property
    def accepts_streams(self) -> bool:
        """Some target group takes bodies that are too long to hold."""
        return any(group.accepts_streams for group in self.routing.groups.values())

    @property
    def limits(self) -> Limits:
        """What the load balancer takes."""
        return LIMITS

    def respond(self, request: Request) -> Coroutine[Any, Any, Response]:
        """Answer one request."""
        arrival = arrive()
        # What is awaited is given on as it is: a coroutine for each layer would be felt.
        return self._answer(request, arrival, None) if self.on_written is None else self._observed(request, arrival)

    async def _observed(self, request: Request, arrival: Arrival) -> Response:
        exchange = AlbExchange(arrival)
        response = await self._answer(request, arrival, exchange)
        if exchange.fault:
            exchange.error_reason = error_reason(exchange.fault)
        return response._replace(record=exchange)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:  # noqa: ARG002 - the page is all
        """The page for bytes that are no acceptable request."""
        date = http_date(int(time.time() * 1000))
        return page_response(status, self.routing.attributes, date, keep_alive=False)

    async def _answer(self, request: Request, arrival: Arrival, exchange: AlbExchange | None) -> Response:
        routing = self.routing
        try:
            request = self._mitigated(request, routing.desync, exchange)
            if routing.only is not None and exchange is None:
                return await routing.only.forward(request, arrival, None)
            if routing.authentication and (answered := await routing.authentication.callback(request, arrival)):
                return _noted(answered, exchange)
            rule = routing.rules.match(request)
            if exchange:
                exchange.rule = rule
            if rule.authentication is None:
                return await self._act(rule, request, arrival, exchange)
            passed = await routing.authenticators[id(rule.authentication)].authenticate(request, arrival)
            _note(exchange, "authenticate")
            if not isinstance(passed, Passed):
                return _noted(passed, exchange)
            response = await self._act(rule, passed.request, arrival, exchange)
            return response._replace(headers=[*response.headers, *passed.set_cookies])
        except Refusal as refusal:
            if exchange:
                exchange.error_reason = refusal.error_reason
            keep_alive = request.keep_alive and refusal.status != 400
            page = page_response(refusal.status, routing.attributes, http_date(arrival.epoch_ms), keep_alive=keep_alive)
            return page._replace(headers=finished(page.headers, routing.attributes, request), close=not keep_alive)

    def _mitigated(self, request: Request, mode: Mode, exchange: AlbExchange | None) -> Request:
        """The request as desync mitigation lets it pass; what is refused or closed depends on the mode."""
        method, path, query, headers = request[:4]
        found = self._classifier.classify(
            method.encode("latin-1"),
            path + b"?" + query if query else path,
            _VERSIONS.get(request.http_version, b""),
            headers,
        )
        if found is COMPLIANT:
            return request
        if exchange:
            exchange.classification = found
        action = ACTIONS[mode][found.level]
        if not action.forward:
            raise Refusal(400, detail=f"desync mitigation: {found.reason}")
        return request._replace(keep_alive=False, ambiguous=True) if action.close else request

    async def _act(self, rule: Rule, request: Request, arrival: Arrival, exchange: AlbExchange | None) -> Response:
        match rule.action:
            case ForwardAction() as action:
                return await self._forward(rule, action, request, arrival, exchange)
            case RedirectAction() as action:
                _note(exchange, "redirect")
                return redirect(action, request, self.routing.attributes, arrival.epoch_ms)
            case FixedAction() as action:
                _note(exchange, "fixed-response")
                return fixed_response(action, request, self.routing.attributes, arrival.epoch_ms)

    async def _forward(
        self, rule: Rule, action: ForwardAction, request: Request, arrival: Arrival, exchange: AlbExchange | None
    ) -> Response:
        routing = self.routing
        name = self._group_name(action, request, arrival)
        group = routing.groups[name]
        if rule.transform:
            request = _transformed(request, rule.transform)
        if exchange:
            exchange.actions.append("forward")
            exchange.target_group_arn = group.arn
            exchange.transformed = request if rule.transform else None
        response = await group.forward(request, arrival, exchange)
        if action.stickiness_seconds:
            cookies = sticky_cookies(action, name, routing.sticky_key, arrival.epoch_ms)
            response = response._replace(headers=[*response.headers, *cookies])
        return response

    def _group_name(self, action: ForwardAction, request: Request, arrival: Arrival) -> str:
        name = None
        if action.stickiness_seconds:
            try:
                name = sticky_group(action, request, self.routing.sticky_key, arrival.epoch_ms)
            except StickinessCookieInvalid as error:
                raise Refusal(500, _COOKIE_REASON, str(error)) from error
        name = name or choose(action.groups, random())  # noqa: S311 - see above
        if name is None:
            raise Refusal(503, detail="every target group of the rule has weight 0")
        return name


def _transformed(request: Request, transform: "Transform") -> Request:
    from gateway.listeners.alb.transforms import TransformFailed  # noqa: PLC0415 - only for rules that have some

    try:
        return transform.apply(request)
    except TransformFailed as error:
        raise Refusal(500, detail=str(error)) from error


_VERSIONS: Final[Mapping[str, bytes]] = {"1.1": b"HTTP/1.1", "1.0": b"HTTP/1.0", "2": b"HTTP/1.1"}


def _noted(answered: Answered, exchange: AlbExchange | None) -> Response:
    """The answer of an authentication action, with what observers and the log are told."""
    if answered.detail:
        log.warning("authentication -> %d: %s", answered.response.status, answered.detail)
    if exchange and answered.error_reason:
        exchange.error_reason = answered.error_reason
    return answered.response


def _note(exchange: AlbExchange | None, action: str) -> None:
    if exchange:
        exchange.actions.append(action)
