r"""The pages and reason phrases of nginx, which a load balancer answers with.

Facts

- Lines end with CRLF; there is no footer.  Captured from real load balancers: 502 (122 bytes), 503 (162 bytes) and
  301 (134 bytes), 2020 and later; an access log of 2020 (kdgregory/example-lambda-java issue 11) agrees with the head.
- The phrases are nginx's own where they differ from RFC 9110 ("Request Entity Too Large", "Gateway Time-out").
- Statuses that nginx does not know (46x, 561, 562) have no page; no capture of their bodies is known.
"""

from http import HTTPStatus
from typing import Final

_NGINX_PHRASES: Final = {
    302: "Found",
    401: "Authorization Required",
    405: "Not Allowed",
    408: "Request Time-out",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    431: "Request Header Fields Too Large",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}

# Python's own phrases for these changed between its versions.
_PINNED: Final = {
    413: b"Request Entity Too Large",
    414: b"Request-URI Too Long",
    416: b"Requested Range Not Satisfiable",
    422: b"Unprocessable Entity",
}

STANDARD_REASONS: Final = {status.value: status.phrase.encode() for status in HTTPStatus} | _PINNED
"""Status → reason phrase of the registry, for answers that a function gives."""

PAGE_REASONS: Final = STANDARD_REASONS | {status: phrase.encode() for status, phrase in _NGINX_PHRASES.items()}
"""Status → reason phrase, for answers that the load balancer gives itself."""


def page(status: int) -> bytes:
    """The HTML page for a status, b"" when there is none."""
    reason = PAGE_REASONS.get(status)
    if reason is None:
        return b""
    title = b"%d %b" % (status, reason)
    return (
        b"<html>\r\n<head><title>%b</title></head>\r\n<body>\r\n<center><h1>%b</h1></center>\r\n</body>\r\n</html>\r\n"
    ) % (title, title)
