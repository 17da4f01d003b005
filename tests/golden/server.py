"""The HTTP server behind a load balancer and an integration: it keeps every byte, and its answers are written here."""

import contextlib
import re
import socket
import threading
from typing import Final

_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
ANSWERS: Final = {
    b"/ok": _HEAD + b"Server: own\r\nX-A: 1\r\n\r\nok",
    b"/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"/until-end": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end",
    b"/empty": b"HTTP/1.1 204 No Content\r\n\r\n",
    b"/not-modified": b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
    b"/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
    b"/length-and-chunked": _HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"/folded": _HEAD + b"X-A: 1\r\n 2\r\n\r\nok",
    b"/short": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
    b"/nonsense": b"nonsense\r\n\r\n",
    b"/silent": b"",
    b"/interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _HEAD + b"\r\nok",
    b"/surplus": _HEAD + b"\r\nok!!HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
    b"/hop": _HEAD + b"Connection: X-B\r\nX-B: 1\r\nKeep-Alive: timeout=5\r\nDate: never\r\nVia: me\r\n\r\nok",
    b"/cookies": _HEAD + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nok",
}


_LAST: Final = frozenset({b"/until-end", b"/short", b"/nonsense", b"/silent"})
"""Answers that only the end of the connection ends."""

_QUIET_S: Final = 0.05
_LATE_S: Final = 1.0
"""How long the rest of a request may take."""

_NAME: Final = re.compile(rb"(?i)\r\nX-Golden: (\d+)\r\n")
_LENGTH: Final = re.compile(rb"(?im)^content-length: *(\d+)")


class Server:
    """Keeps what comes under the request's id, which is the value of its line ``X-Golden``, and answers.

    A request is everything that comes until it is quiet for a moment: one that hides behind another one is seen there.
    """

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listening.getsockname()[1]
        self.got: dict[str, bytes] = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while got := _request(connection):
                found = _NAME.search(got)
                name = found[1].decode() if found else ""
                self.got[name] = self.got.get(name, b"") + got
                path = got.partition(b" ")[2].partition(b" ")[0].partition(b"?")[0]
                connection.sendall(ANSWERS.get(path, ANSWERS[b"/ok"]))
                if path in _LAST:
                    return

    def close(self) -> None:
        """Take no more."""
        self._listening.close()


def _request(connection: socket.socket) -> bytes:
    connection.settimeout(None)
    got = connection.recv(65536)
    try:
        while got:
            connection.settimeout(_QUIET_S if _is_whole(got) else _LATE_S)
            piece = connection.recv(65536)
            if not piece:
                break
            got += piece
    except TimeoutError:
        pass
    return got


def _is_whole(got: bytes) -> bool:
    head, _, body = got.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return b"\r\n\r\n" in got and len(body) >= (int(length[1]) if length else 0)
