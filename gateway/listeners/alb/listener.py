"""The listener of an Application Load Balancer: desync mitigation, rules, actions, target groups."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from random import random  # a weighted choice need not be secret
from typing import TYPE_CHECKING, Final

from gateway.errors import Fault, FaultKind
from gateway.listeners.alb.actions import FixedAction, ForwardAction, RedirectAction, fixed_response, redirect
from gateway.listeners.alb.authentication_answer import AuthenticationAnswer, Passed
from gateway.listeners.alb.rules import Rule, RuleTable, only_group
from gateway.listeners.alb.stickiness import StickinessCookieInvalid, choose, sticky_cookies, sticky_group
from gateway.listeners.alb.target_groups import TargetGroup, TargetGroups
from gateway.listeners.pipeline import PortNeeds, RequestState
from gateway.observe.record import Exchange
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_response import finished, page_response
from gateway.translation.desync import ACTIONS, COMPLIANT, Classifier, Mode
from gateway.translation.flavour import Limits
from gateway.translation.flavours.alb import LIMITS, Alb, error_reason
from gateway.translation.headers import http_date
from gateway.translation.messages import Arrival, Request, Response

if TYPE_CHECKING:
    from gateway.listeners.alb.authenticate import Authentication, Authenticator
    from gateway.listeners.alb.health_checker import HealthChecker
    from gateway.listeners.alb.transforms import Transform

log = logging.getLogger("gateway")

_COOKIE_REASON: Final = "AWSALBTGCookieInvalid"


class LoadBalancerFault(Fault):
    """The load balancer answers by itself, with this status and the access log's ``error_reason``."""

    def __init__(self, status: int, error_reason: str = "-", detail: str = "") -> None:
        super().__init__(FaultKind.REFUSED, detail or f"{status} {error_reason}")
        self.status = status
        self.error_reason = error_reason


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


class AlbSteps:
    """A load balancer's listener; see `gateway.listeners.pipeline.Steps`.

    Args:
        routing: What its rules say.
        port: What it asks of its port.
        checkers: The health checks of each target group that has some, by name.
        flavour: How events are written, where that is the same for all target groups.
    """

    def __init__(
        self,
        routing: Routing,
        port: PortNeeds = PortNeeds(),  # noqa: B008 - a value
        checkers: "Mapping[str, HealthChecker] | None" = None,
        flavour: Alb | None = None,
    ) -> None:
        self.routing = routing
        self.port = port
        self.checkers = checkers or {}
        self.flavour = flavour or Alb(attributes=routing.attributes)
        self.accepts_streams = any(group.accepts_streams for group in routing.groups.values())
        self._classifier = Classifier()
        rules = (*routing.rules.rules, routing.rules.default)
        self._authenticates = any(rule.authentication for rule in rules)
        self._adds_cookies = self._authenticates or any(
            isinstance(rule.action, ForwardAction) and rule.action.stickiness_seconds for rule in rules
        )

    @property
    def limits(self) -> Limits:
        """What the load balancer takes."""
        return LIMITS

    def needs(self, step: str) -> bool:
        """Where every request goes to one target group there is nothing to route; few listeners authenticate."""
        routing = self.routing
        return {
            "callback": routing.authentication is not None,
            "route": routing.only is None,
            "authorize": self._authenticates,
            "finish": self._adds_cookies,
        }.get(step, True)

    def mitigate(self, state: RequestState) -> None:
        """Let the request pass as desync mitigation does; what is refused or closed depends on the mode."""
        request = state.request
        method, path, query, headers = request[:4]
        found = self._classifier.classify(
            method.encode("latin-1"),
            path + b"?" + query if query else path,
            _VERSIONS.get(request.http_version, b""),
            headers,
        )
        if found is COMPLIANT:
            return
        if state.exchange:
            state.exchange.classification = found.logged
        action = ACTIONS[self.routing.desync][found.level]
        if not action.forward:
            raise LoadBalancerFault(400, detail=f"desync mitigation: {found.reason}")
        if action.close:
            state.request = request._replace(keep_alive=False, ambiguous=True)

    async def callback(self, state: RequestState) -> Response | None:
        """Answer an identity provider's redirect back, which no rule sees."""
        authentication = self.routing.authentication
        assert authentication  # noqa: S101 - the step is left out without
        answered = await authentication.callback(state.request, state.arrival)
        return _noted(answered, state.exchange) if answered else None

    def route(self, state: RequestState) -> None:
        """Find the rule that decides."""
        rule = state.method = self.routing.rules.match(state.request)
        if state.exchange:
            state.exchange.rule = str(rule.priority)

    async def authorize(self, state: RequestState) -> Response | None:
        """Run the rule's authentication action."""
        rule: Rule = state.method
        if rule.authentication is None:
            return None
        passed = await self.routing.authenticators[id(rule.authentication)].authenticate(state.request, state.arrival)
        _note(state.exchange, "authenticate")
        if not isinstance(passed, Passed):
            return _noted(passed, state.exchange)
        state.request = passed.request
        state.set_cookies = passed.set_cookies
        return None

    def integrate(self, state: RequestState) -> Awaitable[Response | None]:
        """Carry out the rule's action."""
        only = self.routing.only
        if only is not None and state.exchange is None:
            return only.forward(state.request, state.arrival, None)  # a coroutine fewer
        return self._integrate(state)

    async def _integrate(self, state: RequestState) -> Response | None:
        exchange = state.exchange
        if state.method is None:
            self.route(state)  # for observers: the step is left out where all goes to one target group
        response = await self._act(state.method, state)
        if exchange and exchange.fault:
            exchange.error_reason = error_reason(exchange.fault)
        if not self._adds_cookies:
            return response
        state.response = response
        return None

    def finish(self, state: RequestState) -> Response:
        """Add the cookies of stickiness and of authentication to the answer, whoever gave it."""
        response = state.response
        assert response  # noqa: S101 - the step before has set it
        return response._replace(headers=[*response.headers, *state.set_cookies]) if state.set_cookies else response

    async def _act(self, rule: Rule, state: RequestState) -> Response:
        match rule.action:
            case ForwardAction() as action:
                return await self._forward(rule, action, state)
            case RedirectAction() as action:
                _note(state.exchange, "redirect")
                return redirect(action, state.request, self.routing.attributes, state.arrival.epoch_ms)
            case FixedAction() as action:
                _note(state.exchange, "fixed-response")
                return fixed_response(action, state.request, self.routing.attributes, state.arrival.epoch_ms)

    async def _forward(self, rule: Rule, action: ForwardAction, state: RequestState) -> Response:
        request, arrival, routing = state.request, state.arrival, self.routing
        name = self._group_name(action, request, arrival)
        group = routing.groups[name]
        if rule.transform:
            request = _transformed(request, rule.transform)
        if state.exchange:
            _note_forward(state.exchange, group)
            state.exchange.transformed = request if rule.transform else None
        response = await group.forward(request, arrival, state.exchange)
        if action.stickiness_seconds:
            # Before those of authentication.
            cookies = sticky_cookies(action, name, routing.sticky_key, arrival.epoch_ms)
            state.set_cookies = [*cookies, *state.set_cookies]
        return response

    def _group_name(self, action: ForwardAction, request: Request, arrival: Arrival) -> str:
        name = None
        if action.stickiness_seconds:
            try:
                name = sticky_group(action, request, self.routing.sticky_key, arrival.epoch_ms)
            except StickinessCookieInvalid as error:
                raise LoadBalancerFault(500, _COOKIE_REASON, str(error)) from error
        name = name or choose(action.groups, random())  # noqa: S311 - see above
        if name is None:
            raise LoadBalancerFault(503, detail="every target group of the rule has weight 0")
        return name

    def refuse(self, fault: Fault, state: RequestState) -> Response:
        """The load balancer's page."""
        status = fault.status if isinstance(fault, LoadBalancerFault) else 500
        if state.exchange:
            state.exchange.error_reason = (
                fault.error_reason if isinstance(fault, LoadBalancerFault) else error_reason(fault)
            )
        keep_alive = state.request.keep_alive and status != 400
        page = self._page(status, state.arrival, keep_alive=keep_alive)
        lines = finished(page.headers, self.routing.attributes, state.request)
        return page._replace(headers=lines, close=not keep_alive)

    def reject(self, status: int, detail: str, arrival: Arrival) -> Response:  # noqa: ARG002 - the page is all
        """The page for bytes that are no acceptable request."""
        return self._page(status, arrival, keep_alive=False)

    def _page(self, status: int, arrival: Arrival, *, keep_alive: bool) -> Response:
        return page_response(status, self.routing.attributes, http_date(arrival.epoch_ms), keep_alive=keep_alive)

    async def start(self) -> None:
        """Start the target groups; raises `UsageError` when one can never work."""
        await asyncio.gather(*(group.start() for group in self.routing.groups.values()))

    async def aclose(self) -> None:
        """Stop the target groups and close the connections to identity providers."""
        await asyncio.gather(*(group.aclose() for group in self.routing.groups.values()))
        if self.routing.authentication:
            await self.routing.authentication.aclose()


def _transformed(request: Request, transform: "Transform") -> Request:
    from gateway.listeners.alb.transforms import TransformFailed  # noqa: PLC0415 - only for rules that have some

    try:
        return transform.apply(request)
    except TransformFailed as error:
        raise LoadBalancerFault(500, detail=str(error)) from error


_VERSIONS: Final[Mapping[str, bytes]] = {"1.1": b"HTTP/1.1", "1.0": b"HTTP/1.0", "2": b"HTTP/1.1"}


def _noted(answered: AuthenticationAnswer, exchange: Exchange | None) -> Response:
    """The answer of an authentication action, with what observers and the log are told."""
    if answered.detail:
        log.warning("authentication -> %d: %s", answered.response.status, answered.detail)
    if exchange and answered.error_reason:
        exchange.error_reason = answered.error_reason
    return answered.response


def _note(exchange: Exchange | None, action: str) -> None:
    if exchange:
        exchange.actions.append(action)


def _note_forward(exchange: Exchange, group: TargetGroup) -> None:
    exchange.actions.append("forward")
    exchange.target_group_arn = group.arn
