"""Outgoing HTTP/1.1 to one server: what targets ask of a client, whichever one does the work.

Two clients answer to `Transport` and pass the same tests: `gateway.targets.http_pool` on asyncio and httptools, where
requests are many or servers are not trusted, and `gateway.targets.http_httpx` for AWS, with proxies and certificates as
everybody knows them from httpx.
"""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple, Protocol, TypeAlias
from urllib.parse import urlsplit

from gateway.chunks import close_chunks
from gateway.errors import GatewayError, UsageError
from gateway.types import HeaderList

MAX_HEAD_BYTES: Final = 256 * 1024
"""A head over this size is no answer."""

MAX_WHOLE_BYTES: Final = 8 * 1024 * 1024
"""A body over this size is not held whole: a function's result has 6,291,556 bytes at most."""


TOO_LONG: Final = f"an answer of more than {MAX_WHOLE_BYTES} bytes"


class TransportError(GatewayError):
    """No answer, or not all of it."""


class ConnectFailed(TransportError):
    """No connection: nothing was sent, so the request may go elsewhere.

    Attributes:
        timed_out: Nobody answered in time; otherwise the connection was refused or the name is not known.
    """

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class ConnectionLost(TransportError):
    """The connection ended after the request had begun; the server may have acted on it."""


class AnswerTimeout(TransportError):
    """The server was silent for too long."""


class BadAnswer(TransportError):
    """What came back is not HTTP/1.1, or can be read in more than one way."""


class RequestInvalid(TransportError):
    """The request cannot go out as it is: a line that would not stay one, or a body that is not as long as was said."""


class Timeouts(NamedTuple):
    """How long to wait, in seconds: for a connection, and for the next bytes once the request is on its way."""

    connect_s: float = 10.0
    silence_s: float = 60.0


Body: TypeAlias = bytes | AsyncIterator[bytes]


class HttpResponse(NamedTuple):
    """A server's answer.

    Attributes:
        headers: The lines as they came, names as spelled, framing and hop-by-hop lines included.
        body: All of it, without chunked coding, at most `MAX_WHOLE_BYTES`; or an iterator with an ``aclose`` method
            that must be called when it is not read to its end.  Reading it raises `TransportError`.
    """

    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]
    body: Body


async def whole(body: Body) -> bytes:
    """All of an answer's body.

    Raises:
        TransportError: It does not come, or is over `MAX_WHOLE_BYTES`.
    """
    if isinstance(body, bytes):
        return body
    parts, size = [], 0
    async for part in body:
        parts.append(part)
        size += len(part)
        if size > MAX_WHOLE_BYTES:
            await close_chunks(body)
            raise BadAnswer(TOO_LONG)
    return b"".join(parts)


class Transport(Protocol):
    """A client of one origin, with connections that are kept alive."""

    async def send(
        self,
        method: str,
        target: bytes,
        headers: HeaderList,
        body: Body = b"",
        *,
        length: int | None = None,
        stream: bool = False,
        last: bool = False,
    ) -> HttpResponse:
        """Send one request.

        Args:
            method: The method.
            target: Path and query as they go on the wire; nothing is normalised.
            headers: The lines.  ``Host`` is added when it is missing; whatever is said about framing is left out, since
                the framing is made from the body.
            body: Bytes, or an iterator; what it raises ends the request and is raised here.
            length: How many bytes an iterator gives, neither more nor fewer; None sends it in chunks.
            stream: Return as soon as the head is there; then the answer's body may be an iterator.
            last: The connection is not used again.

        Raises:
            TransportError: There is no answer.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class Origin(NamedTuple):
    """Where to connect."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """``host`` or ``host:port``, as the header ``Host`` has it: without the scheme's own port."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """``scheme://host:port`` without a path."""
        return f"{self.scheme}://{self.authority}"


_PORTS: Final = {"http": 80, "https": 443}


def parse_origin(url: str) -> Origin:
    """The origin of ``http://host[:port]``.

    Raises:
        UsageError: It is not such a URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise UsageError(f"{url!r} is not the address of a server; give one such as http://127.0.0.1:9001")
    return Origin(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])
