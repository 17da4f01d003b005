"""Bodies of hostile requests, with the header lines that frame them."""

import json
from typing import Final, NamedTuple

from tests.attacks.case import Dice, in_pieces

_DEEP: Final = (
    b"[" * 500, b"[" * 5000 + b"]" * 5000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b"[" * 100_000,
    b'{"action":' + b"[" * 1000,
)  # fmt: skip
_JSON: Final = (
    b"{}", b"[]", b"null", b"1", b'"x"', b"", b"{", b'{"a":1,"a":2}', b"NaN", b"[Infinity]", b"1e999", b"-0", b"01",
    b"1.", b'"\\ud800"', b'"\\u0000"', b'"\xff"', b'{"a":"\x01"}', b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0", b"{'a':1}",
    b"[1,]", b"{} {}", b"9" * 400, b"tru", b'{"action":"ping"}', b'{"action":null}', b'{"action":["a"]}',
    b'{"path":"/raise"}', b'{"statusCode":99999}', b'"' + b"x" * 5000, b'{"name":1}', b'{"name":"x"}',
    b"[" + b"1," * 3000 + b"1]", b"{" + b'"a":{},' * 1000 + b'"b":1}', b'{"\\ud83d":1}', b"\x00",
)  # fmt: skip
_OTHER: Final = (
    b"a=b&c=d", b"a=%zz&%=%", b"eA==", b"e===", b"!!!!",
    b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n", b"--x", b"\x1f\x8b\x08\x00garbage",
    bytes(range(256)), b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"\r\n", b"0\r\n\r\n", b"<?xml?><!DOCTYPE x>",
)  # fmt: skip
_TYPES: Final = (
    b"", b"", b"application/json", b"text/plain", b"image/png", b"application/octet-stream",
    b"multipart/form-data; boundary=x", b"application/x-www-form-urlencoded", b"application/json; charset=utf-16",
    b"application/vnd.api+json", b"x", b"/", b"\xff",
)  # fmt: skip
_BAD_CHUNKS: Final = (
    b"x\r\n\r\n", b"-1\r\na\r\n0\r\n\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n",
    b"3\r\nab\r\n0\r\n\r\n", b"3\nabc\n0\n\n", b"3;\r\nabc\r\n0\r\n\r\n", b'3;a=b;c="\r\n"\r\nabc\r\n0\r\n\r\n',
    b"3;" + b"x" * 40_000 + b"\r\nabc\r\n0\r\n\r\n", b"3 \r\nabc\r\n0\r\n\r\n", b" 3\r\nabc\r\n0\r\n\r\n",
    b"00000000000000000000003\r\nabc\r\n0\r\n\r\n", b"fffffffffffffffff\r\na", b"7fffffffffffffff\r\na",
    b"3\r\nabc\r\n0\r\nX: y\r\n\r\n", b"3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n", b"3\r\nabc\r\n0\r\n: y\r\n\r\n",
    b"3\r\nabc0\r\n\r\n", b"3\r\nabc\r\n0\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
    b"3\r\nabc\r\n0\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", b"0\r\n\r", b"0\r\n", b"3\r\nab", b"3\r\nabc\r\n", b"",
    b"\r\n0\r\n\r\n", b"3\r\n\r\nabc0\r\n\r\n", b"+3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n0 \r\n\r\n",
    b"3_0\r\nabc\r\n0\r\n\r\n", b"1\r\na\r\n" * 2000 + b"0\r\n\r\n", b"3\r\nabc\r\n-0\r\n\r\n",
    b"3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
)  # fmt: skip


class Framed(NamedTuple):
    """Header lines, and what follows the head; ``sure`` when every reader finds the same end."""

    lines: bytes
    body: bytes
    sure: bool = True


NOTHING: Final = Framed(b"", b"")


def content(dice: Dice) -> bytes:
    """What a body may hold."""
    throw = dice.random()
    if throw < 0.5:
        return dice.one(_JSON)
    if throw < 0.75:
        return dice.one(_OTHER)
    if throw < 0.97:
        return dice.randbytes(dice.upto(200))
    if throw < 0.996:
        return dice.one(_DEEP)
    return b"x" * dice.one((100_000, 1_048_577))


def json_junk(dice: Dice) -> bytes:
    """JSON that is hard to read, or none."""
    throw = dice.random()
    if throw < 0.7:
        return dice.one(_JSON)
    if throw < 0.75:
        return dice.one(_DEEP)
    return json.dumps(_value(dice, 3)).encode(errors="surrogatepass")


def _value(dice: Dice, depth: int) -> object:
    match dice.upto(8 if depth else 6):
        case 0:
            return dice.random() * 10 ** dice.upto(300)
        case 1:
            return dice.getrandbits(1 + dice.upto(200))
        case 2:
            return chr(dice.upto(0xD800)) * dice.upto(5)
        case 3:
            return dice.one((None, True, False, "", "\ud800", "\0"))
        case 4 | 5:
            return dice.one(("/raise", "/echo", "path", "headers"))
        case 6:
            return [_value(dice, depth - 1) for _ in range(dice.upto(4))]
        case _:
            return {dice.one(("path", "headers", "body", "")): _value(dice, depth - 1) for _ in range(dice.upto(4))}


def framed(dice: Dice) -> Framed:
    """A body that is framed as it should be."""
    data = content(dice)
    kind = dice.one(_TYPES)
    lines = b"Content-Type: " + kind + b"\r\n" if kind else b""
    if dice.chance(0.6):
        return Framed(lines + b"Content-Length: %d\r\n" % len(data), data)
    return Framed(lines + b"Transfer-Encoding: chunked\r\n", chunked(dice, data))


def chunked(dice: Dice, data: bytes) -> bytes:
    """The data in a few chunks, the last one included."""
    pieces = in_pieces(dice, data, 4)
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def badly_framed(dice: Dice) -> Framed:
    """A body that ends too early, too late, or in a coding that is broken."""
    data = content(dice)
    match dice.upto(4):
        case 0:
            return Framed(b"Content-Length: %d\r\n" % (len(data) + 1 + dice.upto(100)), data, sure=False)
        case 1:
            return Framed(b"Content-Length: %d\r\n" % dice.upto(len(data) + 1), data, sure=False)
        case 2:
            size = dice.one((10**6, 10**7, 10**9, 2**31, 2**63))
            return Framed(b"Content-Length: %d\r\n" % size, data, sure=False)
        case _:
            return Framed(b"Transfer-Encoding: chunked\r\n", dice.one(_BAD_CHUNKS), sure=False)
