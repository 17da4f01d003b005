"""The answers of one connection, read one after the other, and whether each of them ended exactly.

Facts

- Answers to HEAD and answers with 1xx, 204 and 304 have no body (RFC 9110, 6.4.1); a body without a length ends with
  the connection (RFC 9112, 6.3).
- An answer whose length can be read in two ways is none (RFC 9112, 6.3): llhttp refuses several ``Content-Length``, one
  beside ``Transfer-Encoding``, and folded lines; codings other than one ``chunked`` are refused here.
- Bytes behind an answer are nobody's answer (RFC 9112, 9.2); the connection that brings them is not used again.
"""

from typing import Final

import httptools

from gateway.targets.http_body import AnswerBody
from gateway.targets.http_transport import MAX_HEAD_BYTES, MAX_WHOLE_BYTES, TOO_LONG, BadAnswer

_LINE_END: Final = b"\r\n"
_CODINGS: Final = frozenset({b"", b",chunked"})


class AnswerReader:
    """Reads answers; `begin` comes before each.

    Attributes:
        status: The status once the head is complete, 0 before.
        reason: The reason phrase.
        headers: The lines of the head; trailers go nowhere.
        body: Where further pieces of the body go; None keeps them for `whole`.
        keep_alive: The connection can be used again once the answer is over.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._method = ""
        self._clear()

    def begin(self, method: str) -> None:
        """Forget the answer before this one, which is to a request with this method."""
        if self._method == "HEAD":  # the parser waits for a body that never comes
            self._parser = httptools.HttpResponseParser(self)
        self._method = method
        self._clear()

    def _clear(self) -> None:
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: AnswerBody | None = None
        self.keep_alive = False
        self._head_bytes = 0
        self._quiet_bytes = 0  # since the last ones of a body
        self._held_bytes = 0
        self._length = b""
        self._coding = b""
        self._parts: list[bytes] = []
        self._complete = False

    @property
    def is_over(self) -> bool:
        """The answer is complete; one to HEAD is with its head."""
        return self._complete or (self.status > 0 and self._method == "HEAD")

    @property
    def ends_with_connection(self) -> bool:
        """Nothing but the end of the connection shows where the body ends."""
        return self.status > 0 and not self._length and not self._coding

    def whole(self) -> bytes:
        """The pieces of the body that did not go to `body`; for HEAD there are none, whatever was sent."""
        parts = self._parts if self._method != "HEAD" else []
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def feed(self, data: bytes) -> bool:
        """Take what arrived; True when the answer is over.

        Raises:
            BadAnswer: It is not HTTP/1.1, not clear, or too long.
        """
        self._quiet_bytes += len(data)
        is_over = self._feed(data)
        if not is_over and self._quiet_bytes > MAX_HEAD_BYTES:
            raise BadAnswer(f"more than {MAX_HEAD_BYTES} bytes of a head, or of trailers")
        return is_over

    def _feed(self, data: bytes) -> bool:
        try:
            if data[-1] in _LINE_END and len(data) > 1:
                # The parser skips line ends behind an answer: one that is over before its last byte has some.
                self._parser.feed_data(memoryview(data)[:-1])
                if self.is_over:
                    self.keep_alive = False
                    return True
                data = data[-1:]
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise BadAnswer("the server switched to another protocol without being asked") from None
        except httptools.HttpParserError as error:
            if not self.is_over:  # else the answer is good, what follows it is not
                cause = error.__context__
                raise cause if isinstance(cause, BadAnswer) else BadAnswer(f"not an HTTP/1.1 answer: {error}") from None
            self.keep_alive = False
        if self._method != "HEAD":
            return self._complete
        if data != b"\n":  # something follows the head, which is the whole answer
            self.keep_alive = False
        return self.status > 0

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Another answer; raises `BadAnswer` when there is one already."""
        if self._complete:
            raise BadAnswer("bytes behind the answer")

    def on_status(self, status: bytes) -> None:
        """The reason phrase, possibly in pieces."""
        self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head or a trailer."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise BadAnswer(f"more than {MAX_HEAD_BYTES} bytes of header lines")
        if self.status:
            return
        self.headers.append((name, value))
        # Only names of these lengths can be the two that matter.
        if len(name) == 14 and name.lower() == b"content-length":
            self._length = value
        elif len(name) == 17 and name.lower() == b"transfer-encoding":
            self._coding += b"," + value.lower().strip(b" \t")

    def on_headers_complete(self) -> None:
        """The head is complete; an interim answer is followed by another one."""
        parser = self._parser
        status = parser.get_status_code()
        if self._coding not in _CODINGS:
            raise BadAnswer(f"the answer has the transfer coding {self._coding[1:]!r:.80}; only chunked is understood")
        if status == 101:
            raise BadAnswer("the server switched to another protocol without being asked")
        if status >= 200:
            self.status = status
            # HTTP/1.0 has no chunks: who sends some may not know where its answer ends (RFC 9112, 6.1).
            self.keep_alive = parser.should_keep_alive() and not (self._coding and parser.get_http_version() != "1.1")

    def on_body(self, body: bytes) -> None:
        """Some of the body, chunked coding removed."""
        self._quiet_bytes = 0
        if self.body is not None:
            self.body.feed(body)
            return
        self._parts.append(body)
        self._held_bytes += len(body)
        if self._held_bytes > MAX_WHOLE_BYTES:
            raise BadAnswer(TOO_LONG)

    def on_message_complete(self) -> None:
        """The answer is complete, or an interim one."""
        if self.status:
            self._complete = True
        else:
            self._clear()
