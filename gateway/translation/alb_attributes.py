"""The attributes of an Application Load Balancer, by what they do to events and responses.

Names and defaults are those of the ELB API (``ModifyLoadBalancerAttributes``, ``ModifyListenerAttributes``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.translation.forwarded import XffMode
from gateway.types import HeaderList


@dataclass(frozen=True, slots=True)
class AlbAttributes:
    """Attributes of the load balancer and its listener that touch events and responses; AWS's defaults.

    Attributes:
        xff_mode: ``routing.http.xff_header_processing.mode``.
        xff_client_port: ``routing.http.xff_client_port.enabled``; only ``append`` heeds it.
        preserve_host: ``routing.http.preserve_host_header.enabled``.
        drop_invalid_header_fields: ``routing.http.drop_invalid_header_fields.enabled``: only names of letters, digits
            and hyphens reach the function.
        tls_headers: ``routing.http.x_amzn_tls_version_and_cipher_suite.enabled``.
        tls_key_exchange: ``routing.http.x_amzn_tls_kx.enabled``.
        mtls_passthrough: Mutual TLS in passthrough mode: the client's certificate becomes a header.
        request_header_names: The default name of a TLS or mutual TLS header, in lower case → the listener's own name.
        server_header: ``routing.http.response.server.enabled``.
        response_headers: The listener's ``routing.http.response.….header_value`` lines; they replace the function's.
    """

    xff_mode: XffMode = "append"
    xff_client_port: bool = False
    preserve_host: bool = False
    drop_invalid_header_fields: bool = False
    tls_headers: bool = False
    tls_key_exchange: bool = False
    mtls_passthrough: bool = False
    request_header_names: Mapping[str, str] = field(default_factory=dict)
    server_header: bool = True
    response_headers: HeaderList = ()
