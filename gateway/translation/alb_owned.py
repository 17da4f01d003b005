"""Header names that a load balancer owns: no client says them while the load balancer does.

Facts

- The load balancer writes ``X-Forwarded-For``, ``-Proto``, ``-Port`` and ``X-Amzn-Trace-Id`` itself; what becomes of a
  client's lines of exactly these names is with who writes them (`alb_request`, `alb_forward`).
- What it tells of the TLS session, of the client's certificate and of the user replaces what the client says of them
  (AWS ELB user guide, "Mutual authentication with TLS", "Authenticate users").  That goes for the whole group of names,
  for a certificate that the client has not sent too: an absent value must not be the client's to fill in.
- Servers that name headers as CGI does (WSGI, PHP, Rack) do not tell hyphens from underscores (RFC 3875, 4.1.18).  What
  AWS does with an ``X_Forwarded_For`` is not known; here it counts as the name that it becomes.
"""

from functools import lru_cache
from itertools import product
from typing import Final

from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.messages import Tls
from gateway.types import HeaderList

FORWARDED_FOR: Final = b"x-forwarded-for"
TRACE_ID: Final = b"x-amzn-trace-id"
WRITTEN: Final = frozenset({FORWARDED_FOR, b"x-forwarded-proto", b"x-forwarded-port", TRACE_ID})
"""What is written into every request."""

DISGUISES: Final = frozenset(
    "".join(spelled)
    for name in WRITTEN
    for spelled in product(*(("-", "_") if letter == "-" else (letter,) for letter in name.decode()))
) - frozenset(name.decode() for name in WRITTEN)
"""The same names with underscores, in lower case."""

_CERTIFICATE: Final = b"x-amzn-mtls-clientcert"
_TLS: Final = (b"x-amzn-tls-version", b"x-amzn-tls-cipher-suite")
_KEY_EXCHANGE: Final = b"x-amzn-tls-kx"
USER: Final = b"x-amzn-oidc-"
"""How the names of lines about a user begin: those of an authenticated request are the load balancer's."""


@lru_cache(maxsize=256)  # names repeat from request to request
def folded(name: bytes) -> bytes:
    """A name in lower case and with hyphens."""
    return name.lower().replace(b"_", b"-")


def without_user_lines(lines: HeaderList) -> HeaderList:
    """The client's lines but those about a user, for requests whose rule authenticates."""
    return [line for line in lines if not folded(line[0]).startswith(USER)]


def without_tls_lines(lines: HeaderList, tls: Tls | None, attributes: AlbAttributes) -> HeaderList:
    """The client's lines but those about its TLS session and certificate that are the load balancer's."""
    beginnings: tuple[bytes, ...] = ()
    if attributes.mtls_passthrough or (tls is not None and tls.verified is not None):
        beginnings = (_CERTIFICATE,)
    if attributes.tls_headers:
        beginnings += _TLS
    if attributes.tls_key_exchange:
        beginnings += (_KEY_EXCHANGE,)
    if not beginnings:
        return lines
    renamed = {
        folded(own.encode())
        for default, own in attributes.request_header_names.items()
        if default.encode().startswith(beginnings)
    }
    named = [(folded(line[0]), line) for line in lines]
    return [line for name, line in named if name not in renamed and not name.startswith(beginnings)]


def without_disguised(lines: HeaderList, attributes: AlbAttributes) -> HeaderList:
    """The client's lines but those that only underscores tell from one that is written."""
    return [line for line in lines if not (b"_" in line[0] and is_written(folded(line[0]), attributes))]


def is_written(name: bytes, attributes: AlbAttributes) -> bool:
    """Whether the load balancer writes this line, by its lower-case name."""
    return name in WRITTEN and (name != FORWARDED_FOR or attributes.xff_mode != "preserve")
