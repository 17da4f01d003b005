"""From a load balancer's settings to its listener: target groups, checks, shadows, authentication."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway.config.forwarding import actions_of, group_names
from gateway.config.rules import RoutingSettings
from gateway.config.settings import AlbSettings
from gateway.errors import UsageError
from gateway.invocation import FunctionReference
from gateway.listener_types import listener_type
from gateway.listeners.alb.actions import ForwardAction, WeightedGroup
from gateway.listeners.alb.attributes import LOAD_BALANCER, alb_attributes
from gateway.listeners.alb.facts import FactReader
from gateway.listeners.alb.group_builder import GroupBuilder, GroupOptions
from gateway.listeners.alb.listener import AlbSteps, Routing
from gateway.listeners.alb.rules import Rule, RuleTable, compile_rules
from gateway.listeners.alb.target_groups import LambdaTargetGroup
from gateway.listeners.context import ListenerContext
from gateway.listeners.pipeline import PipelineListener, PortNeeds
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.desync import Mode
from gateway.translation.flavours.alb import Alb
from gateway.types import Json

if TYPE_CHECKING:
    from gateway.listeners.alb.authenticate import Authentication


def alb(settings: AlbSettings, context: ListenerContext) -> PipelineListener:
    """The listener of a load balancer.

    Raises:
        UsageError: A target or a certificate cannot work, or an extra is missing.
    """
    return PipelineListener(_steps(settings, context), listener_type("alb").steps)


def alb_of(
    flavour: Alb,
    context: ListenerContext,
    function: FunctionReference,
    authorizer: Mapping[str, Json] | None = None,
) -> PipelineListener:
    """The listener of a load balancer that is described by its flavour: one target group of one function.

    Arguments as for `of_flavour.listener_of`.

    Raises:
        UsageError: There is an authorizer, which load balancers do not have.
    """
    if authorizer is not None:
        raise UsageError("a load balancer has no authorizers; leave the option authorizer out")
    default = Rule(0, -1, (), None, ForwardAction((WeightedGroup("function", 1),)), None)
    groups = {"function": LambdaTargetGroup("function", flavour, context.service, function)}
    rules = RuleTable((), default, FactReader(frozenset(), {}))
    routing = Routing(rules, groups, flavour.attributes, Mode.DEFENSIVE, context.sticky_key)
    return PipelineListener(AlbSteps(routing, flavour=flavour), listener_type("alb").steps)


def _steps(settings: AlbSettings, context: ListenerContext) -> AlbSteps:
    attributes = alb_attributes(settings)
    authentication = _authentication(settings, attributes, context)
    idle_timeout_s = float(settings.attributes["idle_timeout.timeout_seconds"])
    options = GroupOptions(attributes, context.sticky_key, idle_timeout_s, observer=context.observer)
    builder = GroupBuilder(context.target_groups, context.service, options)
    groups = {name: builder.build(name) for name in group_names(settings)}
    rules = compile_rules(settings)
    routing = Routing(
        rules=rules,
        groups=groups,
        attributes=attributes,
        desync=Mode(settings.attributes["routing.http.desync_mitigation_mode"]),
        sticky_key=context.sticky_key,
        authentication=authentication,
        authenticators={
            id(rule.authentication): authentication.authenticator(rule.authentication)
            for rule in (*rules.rules, rules.default)
            if authentication and rule.authentication
        },
    )
    return AlbSteps(routing, _port(settings, idle_timeout_s), builder.checkers)


def _port(settings: AlbSettings, idle_timeout_s: float) -> PortNeeds:
    """What it asks of its port.

    One attribute is for clients' connections and for targets' (ELB user guide, "Connection idle timeout").

    Raises:
        UsageError: The mutual authentication cannot work.
    """
    mutual = settings.mutual_authentication
    if mutual.mode == "passthrough" and mutual.trust_store is None:
        raise UsageError(
            f"the listener on port {settings.port}: mutual_authentication with mode 'passthrough' needs a trust_store "
            "here, since Python's TLS takes only client certificates that it can verify; name a PEM file with the "
            "authorities of your clients, or with their self-signed certificates"
        )
    return PortNeeds(
        idle_timeout_s,
        http2=bool(settings.attributes["routing.http2.enabled"]),
        client_ca=None if mutual.mode == "off" else mutual.trust_store,
        client_may_have_none=mutual.mode == "passthrough",
    )


def _authentication(
    settings: AlbSettings, attributes: AlbAttributes, context: ListenerContext
) -> "Authentication | None":
    if all(isinstance(action, RoutingSettings) for action in actions_of(settings)):
        return None
    from gateway.listeners.alb.authenticate import Authentication  # noqa: PLC0415 - needs an extra

    region, account = context.service.account_region
    arn = f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{LOAD_BALANCER}"
    return Authentication.of(settings, attributes, arn, context.cache)
