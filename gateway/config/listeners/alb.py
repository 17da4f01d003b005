"""``type = "alb"``: an Application Load Balancer's listener, as the file writes it."""

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, create_model, model_validator

from gateway.config.attributes import LISTENER
from gateway.config.listeners.actions import ActionModel, TransformModel
from gateway.config.listeners.conditions import ConditionModel
from gateway.config.listeners.listener import ListenerKeys
from gateway.config.strict import Cidr, Strict, attribute_fields, fault

if TYPE_CHECKING:
    ListenerAttributes: TypeAlias = Strict
else:
    ListenerAttributes = create_model("ListenerAttributes", __base__=Strict, **attribute_fields(LISTENER))

_KEY_EXCHANGE = "routing.http.x_amzn_tls_kx.enabled"
_ROUTING = ("forward", "redirect", "fixed-response")


def _one_routing_action_last(actions: tuple[ActionModel, ...]) -> tuple[ActionModel, ...]:
    """Exactly one of forward, redirect and fixed-response, at the end; at most one other before it."""
    types = [action.type for action in actions]
    if not types or types[-1] not in _ROUTING or any(kind in _ROUTING for kind in types[:-1]):
        raise fault(
            f"found {', '.join(types) or 'no action'}; allowed: exactly one of {', '.join(_ROUTING)}, as the last"
        )
    if len(types) > 2:
        raise fault(f"found {', '.join(types)}; allowed: one authenticate-… or jwt-validation action before the last")
    return actions


Actions: TypeAlias = Annotated[tuple[ActionModel, ...], AfterValidator(_one_routing_action_last)]


def _each_once(transforms: tuple[TransformModel, ...]) -> tuple[TransformModel, ...]:
    """At most one transform of each type."""
    if len({transform.type for transform in transforms}) < len(transforms):
        raise fault("found a type twice; allowed: one host-header-rewrite and one url-rewrite")
    return transforms


def _conditions_once(conditions: tuple[ConditionModel, ...]) -> tuple[ConditionModel, ...]:
    """At most one condition of each field, except of http-header and query-string."""
    fields = [condition.field for condition in conditions if condition.field not in ("http-header", "query-string")]
    for name in fields:
        if fields.count(name) > 1:
            raise fault(f"found {name} {fields.count(name)} times; allowed: once in a rule")
    return conditions


class RuleModel(Strict):
    """One rule; the first whose conditions all hold decides."""

    priority: Annotated[int, Field(ge=1, le=50000)]
    """Rules are tried from the lowest number to the highest."""
    conditions: Annotated[tuple[ConditionModel, ...], Field(min_length=1), AfterValidator(_conditions_once)]
    """All of them must hold."""
    actions: Actions
    """What to do."""
    transforms: Annotated[tuple[TransformModel, ...], AfterValidator(_each_once)] = ()
    """What to rewrite before the request goes to a target."""


class CertificateModel(Strict):
    """A certificate of an HTTPS listener."""

    certificate: Path
    """PEM file of the certificate and its chain."""
    private_key: Path
    """PEM file of the key."""


class MutualAuthenticationModel(Strict):
    """Whether clients show certificates."""

    mode: Literal["off", "passthrough", "verify"] = "off"
    """off, passthrough or verify."""
    trust_store: Path | None = None
    """PEM file of the authorities to trust; needed to verify."""

    @model_validator(mode="after")
    def _trusts_someone(self) -> Self:
        if self.mode == "verify" and self.trust_store is None:
            raise fault("mode 'verify' needs a trust_store")
        return self


class AlbModel(ListenerKeys):
    """An Application Load Balancer's listener."""

    type: Literal["alb"]
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    """HTTP or HTTPS."""
    default_actions: Actions
    """What to do when no rule matches."""
    rules: tuple[RuleModel, ...] = ()
    """The rules."""
    attributes: ListenerAttributes = Field(default_factory=ListenerAttributes)
    """Attributes of the load balancer and of the listener, under AWS's keys."""
    certificates: tuple[CertificateModel, ...] = ()
    """Certificates of an HTTPS listener; without any a local authority makes one."""
    mutual_authentication: MutualAuthenticationModel = MutualAuthenticationModel()
    """Mutual TLS of an HTTPS listener."""
    trusted_proxies: tuple[Cidr, ...] = ()
    """Blocks of development proxies whose X-Forwarded-For decides source-ip conditions."""

    @model_validator(mode="after")
    def _can_tell_the_key_exchange(self) -> Self:
        wanted = self.attributes.model_dump(by_alias=True)[_KEY_EXCHANGE]
        if wanted and not hasattr(ssl.SSLObject, "group"):
            raise fault(
                f"attribute {_KEY_EXCHANGE}: found true, and this Python's ssl module does not tell the group "
                "of a key exchange (SSLObject.group); allowed here: false"
            )
        return self
