"""The listener types: one row each, in plain strings that are loaded when they are used.

What differs from one listener type to another is found by way of its row: its keys in a configuration file, its
names for ``--as`` and `gateway.testing`, its translation, its verdicts.  A place is ``package.module:Name``, as
`gateway.loading.load` takes it.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from gateway.errors import UsageError
from gateway.loading import is_place, load

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class NamedFlavour(NamedTuple):
    """A flavour, or one with some options set, under a name for ``--as`` and `gateway.testing`.

    Attributes:
        title: What it is, in words.
        flavour: The place of its class, a frozen dataclass with the members of `gateway.translation.flavour.Flavour`;
            its fields are its options.
        contract: The place of its `gateway.translation.contracts.contract.Contract`.
        options: Options of the flavour that the name stands for.
        settings: Settings of the listener that it stands for.
        target_group: Attributes of the target group that it stands for, where there is one.
        scheme: How it is usually asked.
        plain_requests: Plain HTTP requests reach the function; a WebSocket API takes handshakes only.
    """

    name: str
    title: str
    flavour: str
    contract: str
    options: Mapping[str, Any] = _NOTHING
    settings: Mapping[str, Any] = _NOTHING
    target_group: Mapping[str, Any] = _NOTHING
    scheme: str = "https"
    plain_requests: bool = True


class ListenerType(NamedTuple):
    """One listener type.

    Attributes:
        type: The ``type`` of ``[[listeners]]``.
        settings: The place of its settings, a frozen dataclass that begins with `gateway.config.listener.ListenerKeys`:
            the keys of ``[[listeners]]`` and their checks, ``function`` among them where it takes one.
        listener: The place of what builds the listener: called with the settings and a
            `gateway.listeners.context.ListenerContext`, it gives a `gateway.listeners.pipeline.PipelineListener`.
        steps: What becomes of a request, in this order: methods of the listener's `gateway.listeners.pipeline.Steps`.
        flavours: Its names; those of one type differ in options only.
        listener_of: The place of what builds one that is described by a flavour, in front of one function: called with
            flavour, context, `FunctionReference` and ``requestContext.authorizer`` (None without); "" where tests of
            handlers have none.
        target_groups: It forwards to target groups, which may be elsewhere; others name functions.
        fixed: The settings that cannot change while the gateway runs; empty for all of them.
        access_log: The place of the observer that writes its access log, "" without one.
        control_routes: The place of what gives its `Published` routes of the control port, "" without any.
        call_back_names: The place of what gives the host names under which functions call it back, the one for its
            events first: called with settings, which have a ``domain_name``, and `AccountRegion`; "" without any.
        cases: The place of what writes its recordings as cases of the project's own suite.
    """

    type: str
    settings: str
    listener: str
    steps: tuple[str, ...]
    flavours: tuple[NamedFlavour, ...]
    listener_of: str = ""
    target_groups: bool = False
    fixed: tuple[str, ...] = ()
    access_log: str = ""
    control_routes: str = ""
    call_back_names: str = ""
    cases: str = "gateway.observe.cases:API"


_CONTRACTS: Final = "gateway.translation.contracts."
_FLAVOURS: Final = "gateway.translation.flavours."

LISTENER_TYPES: Final = (
    ListenerType(
        type="alb",
        settings="gateway.config.settings:AlbSettings",
        listener="gateway.listeners.alb.balancer:alb",
        listener_of="gateway.listeners.alb.balancer:alb_of",
        steps=("mitigate", "callback", "route", "authorize", "integrate", "finish"),
        fixed=("host", "port", "protocol", "certificates", "mutual_authentication"),
        access_log="gateway.listeners.alb.access_log:AccessLog",
        control_routes="gateway.listeners.alb.control_routes:control_routes",
        target_groups=True,
        cases="gateway.observe.cases:LOAD_BALANCER",
        flavours=(
            NamedFlavour(
                "alb",
                "Application Load Balancer",
                _FLAVOURS + "alb:Alb",
                _CONTRACTS + "alb:SINGLE",
                scheme="http",
            ),
            NamedFlavour(
                "alb-multi",
                "Application Load Balancer, multi-value headers",
                _FLAVOURS + "alb:Alb",
                _CONTRACTS + "alb:MULTI",
                options={"multi_value_headers": True},
                target_group={"lambda.multi_value_headers.enabled": True},
                scheme="http",
            ),
        ),
    ),
    ListenerType(
        type="rest_api",
        settings="gateway.config.doors:RestApiSettings",
        listener="gateway.listeners.rest_api:rest_api",
        listener_of="gateway.listeners.rest_api:rest_api_of",
        steps=("route", "throttle", "authorize", "usage_plan", "validate", "integrate"),
        flavours=(
            NamedFlavour("rest", "API Gateway REST API", _FLAVOURS + "rest_api:RestApi", _CONTRACTS + "rest_api:REST"),
        ),
    ),
    ListenerType(
        type="http_api",
        settings="gateway.config.doors:HttpApiSettings",
        listener="gateway.listeners.http_api:http_api",
        listener_of="gateway.listeners.http_api:http_api_of",
        steps=("preflight", "route", "throttle", "authorize", "integrate"),
        flavours=(
            NamedFlavour(
                "http",
                "API Gateway HTTP API, payload 2.0",
                _FLAVOURS + "http_api:HttpApi",
                _CONTRACTS + "http_api:V2",
            ),
            NamedFlavour(
                "http-v1",
                "API Gateway HTTP API, payload 1.0",
                _FLAVOURS + "http_api_v1:HttpApiV1",
                _CONTRACTS + "http_api:V1",
                settings={"payload_format_version": "1.0"},
            ),
        ),
    ),
    ListenerType(
        type="function_url",
        settings="gateway.config.doors:FunctionUrlSettings",
        listener="gateway.listeners.function_url:function_url",
        listener_of="gateway.listeners.function_url:function_url_of",
        steps=("preflight", "route", "throttle", "authorize", "integrate"),
        flavours=(
            NamedFlavour(
                "url",
                "Lambda Function URL",
                _FLAVOURS + "function_url:FunctionUrl",
                _CONTRACTS + "function_url:BUFFERED",
            ),
            NamedFlavour(
                "url-stream",
                "Lambda Function URL, streamed responses",
                _FLAVOURS + "function_url:FunctionUrl",
                _CONTRACTS + "function_url:STREAMED",
                options={"invoke_mode": "RESPONSE_STREAM"},
                settings={"invoke_mode": "RESPONSE_STREAM"},
            ),
        ),
    ),
    ListenerType(
        type="websocket_api",
        settings="gateway.config.doors:WebSocketApiSettings",
        listener="gateway.listeners.websocket_api:websocket_api",
        listener_of="gateway.listeners.websocket_api:websocket_api_of",
        steps=("manage", "route", "throttle", "authorize", "integrate"),
        control_routes="gateway.listeners.websocket_connections:control_routes",
        call_back_names="gateway.listeners.websocket_domain:call_back_names",
        flavours=(
            NamedFlavour(
                "websocket",
                "API Gateway WebSocket API",
                _FLAVOURS + "websocket:WebSocketApi",
                _CONTRACTS + "websocket_api:CONNECT",
                plain_requests=False,
            ),
        ),
    ),
)
"""The listener types of AWS."""

FLAVOURS: Final[Mapping[str, NamedFlavour]] = {it.name: it for row in LISTENER_TYPES for it in row.flavours}
"""The name for ``--as`` → the flavour."""


def named_flavour(name: str) -> NamedFlavour:
    """The flavour of a name, or the first one of another package's listener type, named by its place.

    Raises:
        UsageError: There is none.
    """
    if name in FLAVOURS:
        return FLAVOURS[name]
    if not is_place(name):
        raise UsageError(f"there is no front door {name!r}; there are {', '.join(FLAVOURS)}")
    flavours = listener_type(name).flavours
    if not flavours:
        raise UsageError(f"{name} has no flavours: no event of its own, and nothing to serve without a file")
    return flavours[0]


def listener_type_of(name: str) -> ListenerType:
    """The listener type of what `named_flavour` gives for a name.

    Raises:
        UsageError: There is none.
    """
    flavour = named_flavour(name)
    return next((row for row in LISTENER_TYPES if flavour in row.flavours), None) or listener_type(name)


def listener_type(type_: str) -> ListenerType:
    """The row of a listener's ``type``: one of this table, or one of another package by its place.

    Raises:
        UsageError: There is none, or no row stands at that place.
    """
    for row in LISTENER_TYPES:
        if row.type == type_:
            return row
    if not is_place(type_):
        types = ", ".join(row.type for row in LISTENER_TYPES)
        raise UsageError(f"there is no listener type {type_!r}; there are {types}, and package.module:Name")
    found = load(type_)
    if not isinstance(found, ListenerType):
        raise UsageError(f"{type_} is no gateway.listener_types.ListenerType; name one")
    return found


def flavour_name(flavour: object, flavours: Iterable[NamedFlavour] = FLAVOURS.values()) -> str:
    """The name of a flavour that a listener has: of its class, and with the options that the name stands for.

    Args:
        flavour: The listener's.
        flavours: Those that it may be.

    Raises:
        UsageError: It is none of them.
    """
    place = f"{type(flavour).__module__}:{type(flavour).__qualname__}"
    named = [
        it
        for it in flavours
        if it.flavour == place and all(getattr(flavour, option) == value for option, value in it.options.items())
    ]
    if not named:
        raise UsageError(f"{place} is the flavour of no listener type")
    return max(named, key=lambda it: len(it.options)).name
