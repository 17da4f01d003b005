"""One way to send a request and to read what comes: a socket of its own to a port of a running gateway."""

import re
import socket
from typing import Final

from tests.golden.texts import PAUSE, to_bytes

_LIMIT_S: Final = 10.0
_LENGTH: Final = re.compile(rb"(?im)^content-length: *(\d+)\r$")
_CHUNKED: Final = re.compile(rb"(?im)^transfer-encoding: *chunked\r$")


def send(port: int, request: str, answers: int) -> bytes:
    """Everything that a server answers, and a note when there is no end of it.

    The client ends its side when it has so many answers, so that what the server adds to them, or leaves out, is seen;
    with 0 it waits for the server's end.
    """
    parts = request.split(PAUSE)
    bodiless = request.lstrip("\n").startswith("HEAD ")
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_S) as connection:
        try:
            for part in parts[:-1]:
                connection.sendall(to_bytes(part))
                got += connection.recv(65536)
            connection.sendall(to_bytes(parts[-1]))
            while not answers or whole_answers(got, bodiless=bodiless) < answers:
                piece = connection.recv(65536)
                if not piece:
                    return got
                got += piece
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                got += piece
        except ConnectionError:
            return got + b"<reset>"
        except TimeoutError:
            return got + b"<no end>"
    return got


def whole_answers(got: bytes, *, bodiless: bool) -> int:
    """How many answers there are to their end; interim ones do not count."""
    count = 0
    while (end := got.find(b"\r\n\r\n")) >= 0:
        head, got = got[: end + 2], got[end + 4 :]
        status = int(head[9:12])
        if 100 <= status < 200 and status != 101:
            continue
        if bodiless or status in {101, 204, 304}:
            size = 0
        elif length := _LENGTH.search(head):
            size = int(length[1])
        elif _CHUNKED.search(head):
            size = (b"\r\n" + got).find(b"\r\n0\r\n\r\n") + 5 or len(got) + 1
            size = len(got) + 1 if size == 4 else size
        else:
            size = len(got) + 1
        if len(got) < size:
            break
        got = got[size:]
        count += 1
    return count
