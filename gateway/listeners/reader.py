"""From bytes to requests: one connection's parser, with every limit enforced while reading.

llhttp (through httptools) decides what is HTTP.  By itself it refuses, and so gets 400 here: NUL, CR, LF and other
control characters in targets and header lines, folded header lines, white space before a colon, missing colons, line
ends other than CRLF, and lengths that are no number.  What it refuses although AWS does not is read again by
`gateway.listeners.second_look`.
"""

from typing import TYPE_CHECKING, Final, Protocol

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from gateway.listeners.bodies import BodyStream
from gateway.listeners.listener import Listener
from gateway.listeners.upgrade import body_parser
from gateway.listeners.wire import Peer, Reading, Refusal, over_limit, split_target
from gateway.translation.messages import Request

if TYPE_CHECKING:
    from gateway.listeners.second_look import SecondLook

_BETWEEN: Final = 0
_HEAD: Final = 1
_BODY: Final = 2
_ENDED: Final = 3
_TOO_LONG: Final = {400: "its head, or a line of it, is too long"}
_UNFINISHED: Final = (_HEAD, _BODY)

# The lengths of the names that `_notice` knows, so that all others cost one look-up and no lower().
_NOTICED: Final = frozenset({len(b"expect"), len(b"content-length"), len(b"transfer-encoding")})


class Sink(Protocol):
    """Where requests go."""

    def received(self, request: Request, reading: Reading | None) -> None:
        """A request is complete, or has a `BodyStream`."""
        ...

    def expects_continue(self) -> None:
        """The client waits for ``100 Continue`` before it sends its body."""
        ...

    def flow_changed(self) -> None:
        """A body stream became full or has room again."""
        ...


class RequestReader:
    """Reads the requests of one connection.

    Attributes:
        stream: The body that is being handed over in pieces, if any.
        keep_alive: Whether requests may say that another one can follow; cleared when the server stops.
    """

    def __init__(self, peer: Peer, listener: Listener, sink: Sink) -> None:
        self._client, self._server, self._scheme, self._tls = peer
        self._listener = listener
        self._limits = limits = listener.limits
        self._body_limit = limits.request_body
        # No line of a head that is shorter than the smallest limit can be over any of them.
        self._surely_short = min(limits.request_line, limits.header_line, limits.headers)
        self._sink = sink
        self._parser = HttpRequestParser(self)
        self.stream: BodyStream | None = None
        self.keep_alive = True
        self._stage = _BETWEEN
        self._raw: list[bytes] = []  # the pieces of a head, as long as they hold nothing else before it
        self._again: SecondLook | None = None
        self._complaint = ""  # the parser's
        self._waiting = False  # the parser has given up; a second look needs the whole head
        self._alone = True  # what the present piece holds belongs to the present request alone
        self._now = 0.0
        self._fed = 0
        self._begin()

    def _begin(self) -> None:
        self._method = ""
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._body_bytes = 0
        self._earlier = 0  # bytes of this head, at most, that came before the present piece
        self._certain = 0  # the same, at least
        self._quiet = 0  # bytes since the parser last found something
        self._found = False
        self._content_length = -1
        self._coding = b""
        self._expects = False

    @property
    def partial(self) -> bool:
        """A request has begun and is not complete."""
        return self._stage in _UNFINISHED

    @property
    def request_line(self) -> bytes:
        """The request line as far as it is known, for a refusal."""
        if not self._target:
            return b""
        method = self._method.encode() or self._parser.get_method()
        return b"%b %b HTTP/%b" % (method, self._target, self._parser.get_http_version().encode())

    def feed(self, data: bytes, now: float) -> None:
        """Take what arrived at ``now``; complete requests go to the sink before this returns.

        Raises:
            Refusal: The rest of what the client sends cannot be read.
        """
        if self._stage == _ENDED:
            return
        self._now = now
        self._fed = len(data)
        self._found = False
        self._alone = self._stage != _BODY
        if self._stage == _BETWEEN:
            self._raw = [data]
        elif self._stage == _HEAD and self._raw:
            self._raw.append(data)
        try:
            if self._waiting:
                self._look_again()
            else:
                self._parse(data)
            if self._stage in _UNFINISHED:
                self._check_unfinished()
        except Refusal as refusal:
            refusal.why, refusal.head = refusal.why or self._complaint, b"".join(self._raw)
            raise

    def _parse(self, data: bytes) -> None:
        failure: HttpParserError | HttpParserUpgrade | None = None
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            failure = error
        # Out of the handler, since the parser says by its error's context what a callback raised.
        if isinstance(failure, HttpParserUpgrade):
            self._after_upgrade(data[failure.args[0] :])
        elif failure is not None:
            self._failed(failure)

    def break_off(self) -> None:
        """The client is gone."""
        if self.stream is not None:
            self.stream.break_off()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._stage == _ENDED:
            raise Refusal(400)
        self._begin()
        self._stage = _HEAD
        self._created_at = self._now

    def on_url(self, part: bytes) -> None:
        """The target, or a part of it."""
        self._target += part
        self._found = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line of the head, or one of a chunked body's trailers, which go nowhere."""
        if len(name) in _NOTICED:
            self._notice(name.lower(), value)
        self._headers.append((name, value.rstrip(b" \t")))
        self._found = True

    def on_headers_complete(self) -> None:
        """The head is complete: accept it, or raise a `Refusal`."""
        parser = self._parser
        self._version = parser.get_http_version()
        self._method = parser.get_method().decode()
        if self._again is not None:
            self._method, self._target, headers = self._again[:3]
            self._headers = list(headers)
        self._check_head()
        self._lines = self._headers
        self._headers = []
        # HTTP/1.0 has no chunks, and servers of that time take them for the next request.
        self._ambiguous = self._coding != b"" and self._version == "1.0"
        if self._again is not None:
            self._ambiguous = self._ambiguous or self._again.closes
            self._again = None
        self._keep = parser.should_keep_alive() and not self._ambiguous
        self._raw = []
        self._head_complete_at = self._now
        self._stage = _BODY
        if self._expects and self._version == "1.1":
            self._lines = [line for line in self._lines if line[0].lower() != b"expect"]
            self._sink.expects_continue()
        if self._content_length > self._body_limit:
            self._hand_over(BodyStream(self._sink.flow_changed))

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body, any chunked coding removed."""
        self._found = True
        self._body_bytes += len(chunk)
        if self.stream is not None:
            self.stream.feed(chunk)
            return
        self._parts.append(chunk)
        if self._body_bytes > self._body_limit:
            if not self._listener.accepts_streams:
                raise Refusal(413, self.request_line)
            stream = BodyStream(self._sink.flow_changed)
            for part in self._parts:
                stream.feed(part)
            self._hand_over(stream)

    def on_message_complete(self) -> None:
        """The request is complete."""
        if self._parser.should_upgrade() and (self._coding or self._content_length > 0):
            return  # `_after_upgrade` reads the body
        self._complete()

    def _complete(self) -> None:
        self._alone = False
        self._raw = []
        self._stage = _BETWEEN if self._keep else _ENDED
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.end()
            return
        parts = self._parts
        self._deliver(parts[0] if len(parts) == 1 else b"".join(parts), None)

    def _hand_over(self, stream: BodyStream) -> None:
        self.stream = stream
        self._deliver(b"", stream)

    def _deliver(self, body: bytes, stream: BodyStream | None) -> None:
        authority, path, query = self._split
        request = Request(
            self._method,
            path,
            query,
            self._lines,
            body,
            self._client,
            self._server,
            self._scheme,
            self._version,
            authority,
            self._keep and self.keep_alive,
            self._tls,
            stream,
            self._ambiguous,
        )
        self._sink.received(request, None if self._listener.observer is None else self._reading())

    def _reading(self) -> Reading:
        size = len(self._method) + len(self._target) + 14 + self._body_bytes
        size += sum(len(name) + len(value) + 4 for name, value in self._lines)
        return Reading(size, self._created_at, self._head_complete_at, self._now)

    # What is refused.

    def _notice(self, name: bytes, value: bytes) -> None:
        if self._stage == _BODY:
            return  # a trailer
        if name == b"content-length":
            self._content_length = int(value)
        elif name == b"transfer-encoding":
            self._coding += b"," + value.lower()
        elif name == b"expect" and value.lower().rstrip() == b"100-continue":
            self._expects = True

    def _check_head(self) -> None:
        if self._version not in {"1.1", "1.0"}:
            raise Refusal(505, self.request_line)
        if self._earlier + self._fed > self._surely_short:
            status = over_limit(self._request_line_bytes(), self._headers, self._limits)
            if status:
                raise Refusal(status, self.request_line, _TOO_LONG.get(status, ""))
        if self._coding and self._coding.strip(b", \t") != b"chunked":
            if b"identity" in self._coding and self._raw:
                raise _LookAgain
            raise Refusal(501, self.request_line)
        if self._content_length > self._body_limit and not self._listener.accepts_streams:
            raise Refusal(413, self.request_line)
        try:
            self._split = split_target(self._target, self._method)
        except ValueError as error:
            raise Refusal(400, self.request_line, str(error)) from None

    def _request_line_bytes(self) -> int:
        return len(self._method or self._parser.get_method()) + len(self._target) + len(b"  HTTP/1.1")

    def _check_unfinished(self) -> None:
        """Stop a client that sends a head, a chunk extension or trailers without end."""
        limits = self._limits
        if self._stage == _BODY:
            self._quiet = 0 if self._found else self._quiet + self._fed
            if self._quiet > limits.headers or over_limit(0, self._headers, limits):
                raise Refusal(400, self.request_line, _TOO_LONG[400])
            return
        self._earlier += self._fed
        if self._alone:
            self._certain += self._fed
        if self._earlier <= self._surely_short:
            return
        line_bytes = self._request_line_bytes()
        status = over_limit(line_bytes, self._headers, limits)
        # What the parser has not given out yet is one line.
        if self._waiting and self._certain <= limits.request_line + limits.headers:
            return
        known = line_bytes + 2 + sum(len(name) + len(value) + 4 for name, value in self._headers)
        if status or self._certain - known > limits.header_line + len(b": \r\n"):
            status = status or limits.header_status
            raise Refusal(status, self.request_line, _TOO_LONG.get(status, ""))

    def _failed(self, error: HttpParserError) -> None:
        cause = error.__context__
        if self._stage == _ENDED:
            return  # what follows a request that closes the connection is nobody's
        if isinstance(cause, Refusal):
            raise cause from None
        if isinstance(error, HttpParserCallbackError) and not isinstance(cause, _LookAgain):
            raise error
        if cause is None:
            self._complaint = str(error)
        if str(error) == "Invalid HTTP version":
            raise Refusal(505, self.request_line) from None
        if self._again is not None or not self._raw:
            raise Refusal(400, self.request_line) from None
        self._look_again()

    def _look_again(self) -> None:
        from gateway.listeners.second_look import look_again  # noqa: PLC0415 - the parser takes nearly every head

        self._again = again = look_again(b"".join(self._raw))
        self._waiting = again is None
        if again is not None:
            self._parser = HttpRequestParser(self)
            self._parse(again.plain)

    def _after_upgrade(self, rest: bytes) -> None:
        if self._stage == _BODY:
            length = None if self._coding else self._content_length
            self._parser = body_parser(length, self.on_body, self._upgraded_complete)
        if rest:
            self.feed(rest, self._now)

    def _upgraded_complete(self) -> None:
        self._parser = HttpRequestParser(self)
        self._complete()


class _LookAgain(Exception):
    """The parser would refuse this head, and AWS does not."""
