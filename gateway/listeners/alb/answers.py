r"""Answers that the load balancer gives by itself: their heads and pages.

Facts

- Head: ``Server: awselb/2.0``, ``Date``, ``Content-Type``, ``Content-Length``, ``Connection``, then what the answer
  itself needs, such as ``Location`` (captured from real load balancers, 2018-2020).
- Pages are nginx's with its footer left out, with CRLF line ends; ``502 Bad Gateway`` has 122 bytes and
  ``301 Moved Permanently`` 134 (same captures).
"""

from collections.abc import Sequence
from email.utils import formatdate
from functools import lru_cache

from gateway.translation.messages import Request, Response
from gateway.types import EpochMs


def answer(
    request: Request,
    epoch_ms: EpochMs,
    status: int,
    content_type: bytes,
    body: bytes,
    *,
    further: Sequence[tuple[bytes, bytes]] = (),
) -> Response:
    """A response with the load balancer's head; a HEAD request gets the head alone, a 204 no length."""
    headers = [(b"Server", b"awselb/2.0"), (b"Date", http_date(epoch_ms // 1000))]
    if status != 204:
        headers += [(b"Content-Type", content_type), (b"Content-Length", b"%d" % len(body))]
    headers.append((b"Connection", b"keep-alive" if request.keep_alive else b"close"))
    headers.extend(further)
    shown = b"" if request.method == "HEAD" or status == 204 else body
    return Response(status, headers, shown, close=not request.keep_alive)


def page(title: bytes) -> bytes:
    """The page for a status such as ``b"301 Moved Permanently"``."""
    head = b"<html>\r\n<head><title>%b</title></head>\r\n" % title
    return head + b"<body>\r\n<center><h1>%b</h1></center>\r\n</body>\r\n</html>\r\n" % title


@lru_cache(maxsize=4)
def http_date(epoch_seconds: int) -> bytes:
    """``Wed, 30 Dec 2020 08:27:16 GMT``."""
    return formatdate(epoch_seconds, usegmt=True).encode("ascii")
