"""Requests that ask for another protocol (``Upgrade``), which no listener here speaks on the same connection.

They are ordinary requests.  llhttp takes what follows their head for the other protocol's bytes, although a client may
send a body: Java's HTTP client offers ``h2c`` with its first request, whatever that is.
"""

from collections.abc import Callable

from httptools import HttpRequestParser


def body_parser(
    length: int | None, on_body: Callable[[bytes], None], on_complete: Callable[[], None]
) -> HttpRequestParser:
    """A parser that is at the beginning of a body of ``length`` bytes, of a chunked one for None."""
    parser = HttpRequestParser(_BodyOnly(on_body, on_complete))
    framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
    parser.feed_data(b"POST / HTTP/1.1\r\nConnection: close\r\n%b\r\n\r\n" % framing)
    return parser


class _BodyOnly:
    """Gives a body and its end, and hides the head that tells the parser how the body is framed."""

    def __init__(self, on_body: Callable[[bytes], None], on_message_complete: Callable[[], None]) -> None:
        self.on_body = on_body
        self.on_message_complete = on_message_complete
