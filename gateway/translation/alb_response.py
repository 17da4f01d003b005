"""The header lines of an Application Load Balancer's answers.

Facts, from transcripts of real load balancers (serverlessish pull request 4, 2020; serverless-adapter issue 165)

- ``Server``, ``Date``, ``Content-Type``, ``Content-Length``, ``Connection`` come first, in this order.
- The function's own lines follow in reversed order, spelled as the function spelled them.
- A function's ``Date`` stays among its own lines and takes the place of the load balancer's.
- A function's ``Content-Length`` and hop-by-hop lines are dropped; without a content type the answer is
  ``application/octet-stream``.  Its ``Server`` is dropped too; no capture shows what becomes of it.
- Over HTTP/2 one transcript has ``server`` (serverless-adapter issue 165), another has none: unknown.
"""

from typing import Final

from gateway.translation import error_page
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.messages import Request, Response
from gateway.types import HeaderList

_SERVER: Final = (b"Server", b"awselb/2.0")
_KEEP_ALIVE: Final = (b"Connection", b"keep-alive")
_CLOSE: Final = (b"Connection", b"close")


def head(
    attributes: AlbAttributes, date: bytes, content_type: bytes, length: int | None, *, keep_alive: bool
) -> list[tuple[bytes, bytes]]:
    """The load balancer's own lines; without ``date`` or ``length`` theirs are left out."""
    ending = _KEEP_ALIVE if keep_alive else _CLOSE
    if date and length is not None and attributes.server_header:  # nearly every answer
        return [_SERVER, (b"Date", date), (b"Content-Type", content_type), (b"Content-Length", b"%d" % length), ending]
    lines = [_SERVER] if attributes.server_header else []
    if date:
        lines.append((b"Date", date))
    lines.append((b"Content-Type", content_type))
    if length is not None:
        lines.append((b"Content-Length", b"%d" % length))
    lines.append(ending)
    return lines


def finished(lines: HeaderList, attributes: AlbAttributes, request: Request) -> HeaderList:
    """The lines with those that the listener inserts, and as HTTP/2 spells them."""
    inserted = attributes.response_headers
    if inserted:
        # Theirs stand last; where real ones stand is not known.
        replaced = {name.lower() for name, _ in inserted}
        lines = [*(line for line in lines if line[0].lower() not in replaced), *inserted]
    if request.http_version == "2":
        return [(name.lower(), value) for name, value in lines if name != b"Connection"]
    return lines


def page_response(
    status: int, attributes: AlbAttributes, date: bytes, *, keep_alive: bool, location: bytes = b""
) -> Response:
    """A page of the load balancer's own; ``location`` stands last."""
    body = error_page.page(status)
    lines = head(attributes, date, b"text/html", len(body), keep_alive=keep_alive)
    if location:
        lines.append((b"Location", location))
    return Response(status, lines, body, error_page.PAGE_REASONS.get(status, b""), close=not keep_alive)
