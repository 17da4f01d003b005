"""Cases below HTTP: what is sent to a TLS port and is no handshake, or an odd one."""

import ssl
from functools import lru_cache
from typing import Final

from tests.attacks import http1
from tests.attacks.case import Case, Dice, End, Speech, damaged, in_pieces

_NAME: Final = "aaaaaaaaaaaaaaaaaaaaaaaa.example"
"""The server name of the hello that is changed: others of the same length take its place."""
_SERVER_NAMES: Final = (
    b"\xff" * 32, b"\0" * 32, b"." * 32, b"a." * 16, b"127.000.000.001".ljust(32, b"."), b"A" * 32, b"*." + b"b" * 30,
    b" " * 32, b"localhost\0" + b"x" * 22, b"xn--" + b"-" * 28,
)  # fmt: skip
_RECORDS: Final = (
    b"", b"\x16", b"\x16\x03\x01\xff\xff", b"\x16\x03\x01\0\0", b"\x16\x03\x01\0\x05\x01\0\xff\xff\xff",
    b"\x15\x03\x03\0\x02\x02\x28", b"\x14\x03\x03\0\x01\x01", b"\x17\x03\x03\0\x05hello", b"\x16\x02\0\0\x01\x01",
    b"\x80\x2e\x01\x03\x01" + b"\0" * 44, b"\xff" * 100, b"SSH-2.0-x\r\n", b"\x16\x03\x01\x40\x01" + b"x" * 16_385,
    b"\x15\x03\x01\0\x02\x01\0", b"\x16\x03\x03\0\x04\x0e\0\0\0",
)  # fmt: skip


@lru_cache(maxsize=1)
def hello() -> bytes:
    """A ClientHello that asks for `_NAME` and offers HTTP/2."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=_NAME)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake ended without a server")


def case(dice: Dice, listener: str) -> Case:
    """One connection to a TLS port."""
    match dice.upto(5):
        case 0:
            data = b"".join(http1.odd_request(dice, listener, b"localhost").data for _ in range(1 + dice.upto(2)))
        case 1:
            data = hello().replace(_NAME.encode(), dice.one(_SERVER_NAMES))
        case 2:
            data = damaged(dice, hello())
        case 3:
            data = hello() + (dice.randbytes(dice.upto(300)) if dice.chance(0.5) else dice.one(_RECORDS))
        case _:
            data = dice.one(_RECORDS) + (dice.randbytes(dice.upto(100)) if dice.chance(0.3) else b"")
    sends = [data] if dice.chance(0.7) else in_pieces(dice, data)
    end = dice.one((End.HALF, End.HALF, End.HALF, End.RESET, End.CLOSE))
    return Case(listener, sends, end, Speech.TLS)
