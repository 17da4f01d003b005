"""The attributes of load balancers, listeners and target groups: keys, types, ranges and defaults.

Source: the ELBv2 API model (``LoadBalancerAttribute``, ``ListenerAttribute``, ``TargetGroupAttribute``), botocore 1.44.
Those of Network and Gateway Load Balancers are left out, and so are those that only speak of S3 buckets, zones and DNS.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Attribute(NamedTuple):
    """One attribute: its default tells the type; numbers have a range, words their choices."""

    default: bool | int | str
    minimum: int = 0
    maximum: int = 0
    choices: tuple[str, ...] = ()


_WEEK: Final = 604800
_SERVER_HEADERS: Final = (
    "strict_transport_security",
    "access_control_allow_origin",
    "access_control_allow_methods",
    "access_control_allow_headers",
    "access_control_allow_credentials",
    "access_control_expose_headers",
    "access_control_max_age",
    "content_security_policy",
    "x_content_type_options",
    "x_frame_options",
)
_TLS_HEADERS: Final = (
    "x_amzn_mtls_clientcert",
    "x_amzn_mtls_clientcert_serial_number",
    "x_amzn_mtls_clientcert_issuer",
    "x_amzn_mtls_clientcert_subject",
    "x_amzn_mtls_clientcert_validity",
    "x_amzn_mtls_clientcert_leaf",
    "x_amzn_tls_version",
    "x_amzn_tls_cipher_suite",
)


def _title(name: str) -> str:
    """``x_amzn_tls_version`` as the header is spelled by default."""
    return "-".join(part.capitalize() for part in name.split("_"))


LISTENER: Final[Mapping[str, Attribute]] = {
    "idle_timeout.timeout_seconds": Attribute(60, 1, 4000),
    "client_keep_alive.seconds": Attribute(3600, 60, _WEEK),
    "routing.http2.enabled": Attribute(default=True),
    "routing.http.desync_mitigation_mode": Attribute("defensive", choices=("monitor", "defensive", "strictest")),
    "routing.http.drop_invalid_header_fields.enabled": Attribute(default=False),
    "routing.http.preserve_host_header.enabled": Attribute(default=False),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": Attribute(default=False),
    "routing.http.x_amzn_tls_kx.enabled": Attribute(default=False),
    "routing.http.xff_client_port.enabled": Attribute(default=False),
    "routing.http.xff_header_processing.mode": Attribute("append", choices=("append", "preserve", "remove")),
    "waf.fail_open.enabled": Attribute(default=False),
    **{f"routing.http.request.{name}.header_name": Attribute(_title(name)) for name in _TLS_HEADERS},
    "routing.http.response.server.enabled": Attribute(default=True),
    **{f"routing.http.response.{name}.header_value": Attribute("") for name in _SERVER_HEADERS},
}
"""Attributes of a load balancer and of a listener; an empty header value means that no header is inserted."""

TARGET_GROUP: Final[Mapping[str, Attribute]] = {
    "lambda.multi_value_headers.enabled": Attribute(default=False),
    "deregistration_delay.timeout_seconds": Attribute(300, 0, 3600),
    "stickiness.enabled": Attribute(default=False),
    "stickiness.type": Attribute("lb_cookie", choices=("lb_cookie", "app_cookie")),
    "stickiness.lb_cookie.duration_seconds": Attribute(86400, 1, _WEEK),
    "stickiness.app_cookie.cookie_name": Attribute(""),
    "stickiness.app_cookie.duration_seconds": Attribute(86400, 1, _WEEK),
    "load_balancing.algorithm.type": Attribute(
        "round_robin", choices=("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off", choices=("on", "off")),
    "slow_start.duration_seconds": Attribute(0, 0, 900),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute(1, 1, 1000),
}
"""Attributes of a target group; ``lambda.…`` is for functions, the others are for HTTP targets."""


def defaults(table: Mapping[str, Attribute]) -> dict[str, bool | int | str]:
    """Every key with its default."""
    return {key: attribute.default for key, attribute in table.items()}
