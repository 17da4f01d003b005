"""From the attributes of the configuration file to those that translation knows."""

from collections.abc import Iterator
from typing import Final

from gateway.config.settings import AlbSettings
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.forwarded import XffMode

_XFF_MODES: Final[dict[str, XffMode]] = {"append": "append", "preserve": "preserve", "remove": "remove"}
_REQUEST: Final = "routing.http.request."
_RESPONSE: Final = "routing.http.response."


LOAD_BALANCER: Final = "app/gateway/50dc6c495c0c9188"
"""``app/<name>/<id>`` of the load balancer that a gateway is."""


def alb_attributes(listener: AlbSettings) -> AlbAttributes:
    """What a listener's attributes do to events and responses."""
    given = listener.attributes
    return AlbAttributes(
        xff_mode=_XFF_MODES[str(given["routing.http.xff_header_processing.mode"])],
        xff_client_port=bool(given["routing.http.xff_client_port.enabled"]),
        preserve_host=bool(given["routing.http.preserve_host_header.enabled"]),
        drop_invalid_header_fields=bool(given["routing.http.drop_invalid_header_fields.enabled"]),
        tls_headers=bool(given["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"]),
        tls_key_exchange=bool(given["routing.http.x_amzn_tls_kx.enabled"]),
        mtls_passthrough=listener.mutual_authentication.mode == "passthrough",
        request_header_names={name: value.lower() for name, value in _named(listener, _REQUEST, ".header_name")},
        server_header=bool(given["routing.http.response.server.enabled"]),
        response_headers=tuple(
            (_spelled(name).encode("ascii"), value.encode())
            for name, value in _named(listener, _RESPONSE, ".header_value")
            if value
        ),
    )


def _named(listener: AlbSettings, prefix: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Header names, in lower case, and the values of their attributes."""
    for key, value in listener.attributes.items():
        if key.startswith(prefix) and key.endswith(suffix):
            yield key.removeprefix(prefix).removesuffix(suffix).replace("_", "-"), str(value)


def _spelled(name: str) -> str:
    """``Access-Control-Max-Age``."""
    return "-".join(part.capitalize() for part in name.split("-"))
