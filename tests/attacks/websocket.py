"""Cases in the WebSocket protocol: handshakes and frames, good and broken."""

import struct
from typing import Final

from tests.attacks import bodies, parts
from tests.attacks.case import Case, Dice, End, Speech, damaged, in_pieces

_OPCODES: Final = (1, 1, 1, 1, 1, 2, 0, 8, 9, 10)
_CLOSES: Final = (
    b"", b"\x03\xe8", b"\x03\xe8bye", b"\x03", b"\x03\xed", b"\x03\xee", b"\0\0", b"\xff\xff", b"\x03\xe8\xff\xfe",
    b"\x03\xe8" + b"x" * 130, b"\x0b\xb8", b"\x13\x87", b"\x03\xec",
)  # fmt: skip
_TEXTS: Final = (
    b"", b"hello", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\xa9", b'{"action":"ping"}', b'{"action":"raise"}',
    b"raise", b"\0", b"x" * 33_000, b"x" * 131_073, b'{"action":{"a":1}}', b'{"action":"$connect"}',
    b'{"action":"$default"}', b"\xf0\x9f\x98\x80", b"[" * 20_000,
)  # fmt: skip
_KEY: Final = b"dGhlIHNhbXBsZSBub25jZQ=="
_UPGRADE: Final = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
_HEAD: Final = _UPGRADE + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + _KEY + b"\r\n"
_ODD_HEADS: Final = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Sec-WebSocket-Version: 13\r\n", _HEAD + _HEAD,
    _HEAD.replace(b"13", b"8"), _HEAD.replace(b"13", b"x"), _HEAD.replace(_KEY, b"x"),
    _HEAD.replace(_KEY, b""), _HEAD.replace(_KEY, b"\xff" * 24),
    _HEAD.replace(b"websocket", b"h2c"), _HEAD.replace(b": Upgrade", b": close"),
    _HEAD.replace(b"websocket", b"WebSocket, x"), _HEAD + b"Sec-WebSocket-Protocol: a, b, \xff\r\n",
    _HEAD + b"Sec-WebSocket-Protocol: ,\r\n",
    _HEAD + b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99\r\n",
    _HEAD + b"Sec-WebSocket-Extensions: ;;,\r\n", _HEAD + b"Content-Length: 3\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n", _HEAD + b"Origin: null\r\n", _HEAD + b"Connection: close\r\n",
)  # fmt: skip
_PATHS: Final = (b"/prod",) * 8 + (
    b"/prod/",
    b"/prod?token=x",
    b"/",
    b"/other",
    b"/prod/x",
    b"/prod?",
    b"/prod?a=%zz&a=\xff",
    b"//prod",
)
_MANAGED: Final = (
    b"x",
    b"",
    b"%00",
    b"..",
    b"a/b",
    b"x" * 200,
    b"L0SM9cOFvHcCIhw=",
    b"%2F",
    b"\xff",
    b"L0SM9cOFvHcCIhw%3D",
)


def frame(dice: Dice, opcode: int, payload: bytes, first: int = 0x80) -> bytes:
    """A frame of a client, sometimes without its mask, with odd bits, or longer than it says."""
    bits = first | opcode | (dice.one((0x10, 0x20, 0x40, 0x70)) if dice.chance(0.03) else 0)
    masked = 0x80 if dice.chance(0.97) else 0
    if dice.chance(0.02):
        length = bytes([masked | 127]) + struct.pack(">Q", dice.one((0, 5, 2**16, 2**31, 2**63 - 1, 2**63, 2**64 - 1)))
    elif len(payload) < 126 and dice.chance(0.97):
        length = bytes([masked | len(payload)])
    elif len(payload) < 65_536:
        length = bytes([masked | 126]) + struct.pack(">H", len(payload))
    else:
        length = bytes([masked | 127]) + struct.pack(">Q", len(payload))
    if not masked:
        return bytes([bits]) + length + payload
    mask = dice.randbytes(4)
    return bytes([bits]) + length + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    repeated = mask * (len(payload) // 4 + 1)
    size = len(payload)
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated[:size], "big")).to_bytes(size, "big")


def _frames(dice: Dice) -> tuple[bytes, bool]:
    """A message or a control frame, perhaps in fragments, and whether it may ask a function to fail."""
    opcode = dice.one(_OPCODES) if dice.chance(0.95) else dice.upto(16)
    if opcode == 8:
        return frame(dice, 8, dice.one(_CLOSES)), False
    if opcode >= 8:
        return frame(dice, opcode, b"x" * dice.one((0, 5, 125, 126, 200))), False
    payload = dice.one(_TEXTS) if dice.chance(0.6) else bodies.json_junk(dice)
    if dice.chance(0.8):
        return frame(dice, opcode, payload), b"raise" in payload
    pieces = in_pieces(dice, payload, 3) or [b""]
    middle = [frame(dice, 0 if number else opcode, piece, 0) for number, piece in enumerate(pieces)]
    between = frame(dice, 9, b"ping") if dice.chance(0.3) else b""
    return between.join(middle) + (frame(dice, 0, b"") if dice.chance(0.9) else b""), b"raise" in payload


def case(dice: Dice, listener: str) -> Case:
    """A handshake and frames, or a request about a connection."""
    if dice.chance(0.15):
        return _managed(dice, listener)
    head = _HEAD if dice.chance(0.85) else dice.one(_ODD_HEADS)
    extra = parts.header_lines(dice) if dice.chance(0.2) else b""
    lines = parts.host_line(dice, b"localhost") if dice.chance(0.2) else b"Host: localhost\r\n"
    data = b"GET %b HTTP/1.1\r\n%b%b%b\r\n" % (dice.one(_PATHS), lines, head, extra)
    if dice.chance(0.05):
        data = damaged(dice, data)
    frames = [_frames(dice) for _ in range(dice.upto(8))]
    sent = data + b"".join(sent for sent, _ in frames)
    if dice.chance(0.05):
        sent = data + damaged(dice, sent[len(data) :] or b"x")
    made = Case(
        listener, [data, sent[len(data) :]] if dice.chance(0.5) else in_pieces(dice, sent), End.HALF, Speech.WEBSOCKET
    )
    made.fails = any(fails for _, fails in frames)
    made.cut = True
    if dice.chance(0.1):
        made.end = dice.one((End.RESET, End.CLOSE))
    return made


def _managed(dice: Dice, listener: str) -> Case:
    """``@connections``: send to, describe or close a connection that is not there."""
    method = dice.one((b"POST", b"GET", b"DELETE", b"PUT", b"HEAD"))
    body = bodies.framed(dice) if dice.chance(0.9) else bodies.badly_framed(dice)
    path = b"/prod/@connections/" + dice.one(_MANAGED)
    head = b"%b %b HTTP/1.1\r\nHost: localhost\r\n%b%b\r\n" % (method, path, parts.header_lines(dice), body.lines)
    return Case(listener, [head + body.body], End.HALF, cut=True)
