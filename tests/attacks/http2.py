"""Cases in HTTP/2: frames as they should be and as they should not, made without a library that would refuse them."""

import struct
from collections.abc import Callable
from typing import Final

from tests.attacks import bodies, parts
from tests.attacks.case import Case, Dice, End, Speech, damaged, in_pieces
from tests.attacks.http1 import may_fail

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK: Final = 1
END_STREAM: Final = 1
END_HEADERS: Final = 4
PADDED: Final = 8
LAST_PING: Final = b"lastping"
"""The data of the PING that ends every case: its answer shows that the connection lives."""

_ODD_LINES: Final = (
    (b":method", b"GET"), (b":path", b"/x"), (b":status", b"200"), (b":x", b"y"), (b":authority", b"a"),
    (b":protocol", b"websocket"), (b"Host", b"x"), (b"host", b""), (b"host", b"other"), (b"X-Upper", b"y"),
    (b"connection", b"close"), (b"keep-alive", b"x"), (b"transfer-encoding", b"chunked"), (b"te", b"gzip"),
    (b"upgrade", b"h2c"), (b"content-length", b"7"), (b"content-length", b"-1"), (b"content-length", b"x"), (b"", b""),
    (b"", b"x"), (b"x\0", b"y"), (b"x", b"\0"), (b"x", b"a\r\nb: c"), (b"x", b" y "), (b"x:", b"y"), (b"x y", b"z"),
    (b"\xff", b"\xfe"), (b"cookie", b"a=b"), (b"cookie", b"c=d"), (b"expect", b"100-continue"), (b"x", b"y" * 20_000),
    (b"x" * 10_000, b"y"), (b"x-forwarded-for", b"1.1.1.1, x"), (b"x-amzn-trace-id", b"Root=1-x"), (b"accept", b"*/*"),
    (b"te", b"trailers"),
)  # fmt: skip
_ODD_BLOCKS: Final = (
    b"", b"\x80", b"\xff\xff\xff\xff\xff\xff\x7f", b"\xbf", b"\xfe", b"\x40", b"\x00", b"\x00\xff",
    b"\x3f\xe1\xff\xff\x7f", b"\x20" * 50, b"\x82\x86\x84", b"\x82\x87\x84\x41\x8a\xff", b"\x00\x81\xff\x01a",
    b"\x7f\xff\xff\xff\x0f", b"\x82" * 500, b"\x00\x00\x00" * 500,
)  # fmt: skip
_ODD_SETTINGS: Final = (
    (0, 0), (1, 0), (1, 2**32 - 1), (2, 0), (2, 1), (2, 2), (3, 0), (3, 2**32 - 1), (4, 0), (4, 1), (4, 2**31 - 1),
    (4, 2**31), (5, 0), (5, 16383), (5, 16384), (5, 2**24 - 1), (5, 2**24), (6, 0), (6, 1), (8, 1), (8, 2), (9, 1),
    (65535, 7),
)  # fmt: skip


_WINDOW: Final = 2**24


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame; a stream number of 32 bits sets the reserved bit."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name: bytes, value: bytes) -> bytes:
    """One header line as HPACK has it without a table: a literal that is not indexed."""
    return b"\0" + _integer(len(name)) + name + _integer(len(value)) + value


def _integer(number: int) -> bytes:
    """With a prefix of seven bits."""
    if number < 127:
        return bytes([number])
    encoded, number = bytearray([127]), number - 127
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


_OPENING: Final = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, _WINDOW)) + frame(
    WINDOW_UPDATE, 0, 0, struct.pack(">I", _WINDOW)
)
"""Settings and a window so wide that no answer waits for another one."""


def _block(dice: Dice, path: bytes, method: bytes) -> bytes:
    lines = [(b":method", method), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", path)]
    return b"".join(field(*line) for line in lines) + field(b"accept", b"*/*") * dice.upto(2)


def _good(dice: Dice, stream: int) -> bytes:
    """A request that must be answered."""
    if dice.chance(0.5):
        return frame(
            HEADERS, END_HEADERS | END_STREAM, stream, _block(dice, dice.one((b"/", b"/echo?a=1", b"/fixed")), b"GET")
        )
    data = bodies.content(dice)[:16_000]
    head = frame(HEADERS, END_HEADERS, stream, _block(dice, b"/echo", b"POST"))
    pieces = in_pieces(dice, data, 3)
    return head + b"".join(frame(DATA, 0, stream, piece) for piece in pieces) + frame(DATA, END_STREAM, stream)


def _odd_lines(dice: Dice, stream: int) -> bytes:
    """A request whose lines are missing, twice, out of order or no lines at all."""
    lines = [
        (b":method", dice.one(parts.METHODS + parts.ODD_METHODS)),
        (b":scheme", dice.one((b"https", b"http", b"", b"x y"))),
    ]
    lines += [
        (b":authority", dice.one((b"localhost", b"", b"a b", b"\xff"))),
        (b":path", parts.target(dice, dice.one(parts.PATHS))),
    ]
    lines += [dice.one(_ODD_LINES) for _ in range(dice.upto(4))]
    if dice.chance(0.3):
        del lines[dice.upto(len(lines))]
    if dice.chance(0.2):
        dice.shuffle(lines)
    block = b"".join(field(*line) for line in lines)
    end = frame(DATA, END_STREAM, stream) if dice.chance(0.3) else b""
    flags = END_HEADERS if end else END_HEADERS | END_STREAM
    if len(block) > 16_384:
        pieces = [block[at : at + 16_384] for at in range(0, len(block), 16_384)]
        rest = b"".join(frame(CONTINUATION, 0, stream, piece) for piece in pieces[1:-1])
        return (
            frame(HEADERS, flags & ~END_HEADERS, stream, pieces[0])
            + rest
            + frame(CONTINUATION, END_HEADERS, stream, pieces[-1])
            + end
        )
    return frame(HEADERS, flags, stream, block) + end


def _bad_block(dice: Dice, stream: int) -> bytes:
    block = dice.one(_ODD_BLOCKS) if dice.chance(0.6) else damaged(dice, _block(dice, b"/", b"GET"))
    return frame(HEADERS, END_HEADERS | END_STREAM, stream, block[:16_000])


def _bomb(dice: Dice, stream: int) -> bytes:
    """A few bytes of HPACK that stand for very many: one long line in the table, named again and again."""
    stored = b"\x40\x01x" + _integer(3900) + b"y" * 3900
    return frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        stream,
        _block(dice, b"/", b"GET") + stored + b"\xbe" * dice.one((10, 3000, 10_000)),
    )


def _continuations(dice: Dice, stream: int) -> bytes:
    """Pieces of a head without end, up to a bound."""
    pieces = frame(CONTINUATION, 0, stream, dice.one((b"", b"\x00\x01x\x01y", b"z" * 1000))) * dice.one((1, 20, 400))
    end = frame(CONTINUATION, END_HEADERS, stream) if dice.chance(0.5) else frame(DATA, 0, stream, b"x")
    return frame(HEADERS, END_STREAM, stream, _block(dice, b"/", b"GET")) + pieces + end


def _rapid_reset(dice: Dice, stream: int) -> bytes:
    """Requests that are taken back as soon as they are made."""
    count = dice.one((1, 10, 200))
    return b"".join(
        frame(HEADERS, END_HEADERS | dice.upto(2), number, _block(dice, b"/", b"GET"))
        + frame(RST_STREAM, 0, number, b"\0\0\0\x08")
        for number in range(stream, stream + 2 * count, 2)
    )


def _many_streams(dice: Dice, stream: int) -> bytes:
    """More requests at once than are allowed, none of them complete."""
    count = dice.one((2, 100, 140))
    return b"".join(
        frame(HEADERS, END_HEADERS, number, _block(dice, b"/", b"POST"))
        for number in range(stream, stream + 2 * count, 2)
    )


def _settings(dice: Dice, stream: int) -> bytes:
    payload = b"".join(struct.pack(">HI", *dice.one(_ODD_SETTINGS)) for _ in range(dice.upto(5)))
    if dice.chance(0.2):
        payload += b"x" * dice.upto(6)
    return frame(SETTINGS, dice.one((0, 0, 0, ACK)), dice.one((0, 0, 0, stream)), payload) * dice.one((1, 1, 1, 100))


def _windows(dice: Dice, stream: int) -> bytes:
    """Windows that are opened too far, not at all, or for nobody."""
    step = dice.one((0, 1, 65_535, 2**31 - 1, 2**31, 2**32 - 1))
    where = dice.one((0, 0, stream, stream + 100, 2))
    open_stream = frame(HEADERS, END_HEADERS, stream, _block(dice, b"/large", b"POST")) if where == stream else b""
    return open_stream + frame(WINDOW_UPDATE, 0, where, struct.pack(">I", step)) * dice.one((1, 2, 50))


def _padding(dice: Dice, stream: int) -> bytes:
    block = _block(dice, b"/", b"GET")
    pad = dice.upto(256)
    padded = bytes([pad]) + block + b"\0" * dice.one((pad, 0, pad // 2))
    head = frame(HEADERS, END_HEADERS | PADDED | (0 if dice.chance(0.5) else END_STREAM), stream, padded)
    return head + frame(DATA, END_STREAM | PADDED, stream, bytes([dice.upto(256)]) + b"x" * dice.upto(300))


def _odd_frames(dice: Dice, stream: int) -> bytes:
    """Frames of any kind, length, flags and stream."""
    made = []
    for _ in range(1 + dice.upto(4)):
        length = dice.one((0, 1, 4, 5, 6, 8, 9, 100, 16_384, 16_385))
        where = dice.one((0, stream, stream, 1, 2, 2**31 - 1, 2**31 + stream, 2**32 - 1))
        kind = dice.one((*range(10), *range(10), 10, 12, 16, 255))
        made.append(frame(kind, dice.upto(256), where, dice.randbytes(min(length, 64)).ljust(length, b"\0")))
    return b"".join(made)


def _lying_length(dice: Dice, stream: int) -> bytes:
    return b"\xff\xff\xff" + struct.pack(">BBI", dice.upto(10), 0, stream) + b"x" * dice.upto(100)


def _bad_body(dice: Dice, stream: int) -> bytes:
    """A body that is longer or shorter than it says, comes again, or ends with trailers."""
    head = _block(dice, b"/echo", b"POST") + field(b"content-length", dice.one((b"0", b"3", b"100", b"99999999999")))
    trailers = frame(HEADERS, END_HEADERS | dice.upto(2), stream, field(dice.one((b"x", b":path", b"X")), b"y"))
    data = frame(DATA, dice.upto(2), stream, b"abc" * dice.upto(3))
    return (
        frame(HEADERS, END_HEADERS, stream, head) + data * (1 + dice.upto(3)) + dice.one((b"", trailers, trailers * 2))
    )


_ATTACKS: Final[tuple[Callable[[Dice, int], bytes], ...]] = (
    *(_odd_lines,) * 6, *(_good,) * 8, _bad_block, _bomb, _continuations, _rapid_reset, _many_streams, _settings,
    _windows, _padding, _odd_frames, _lying_length, _bad_body,
)  # fmt: skip
_STREAMS_USED: Final = 1000
"""The number of a stream grows by as much from one attack to the next, so that none meets another one's."""


def case(dice: Dice, listener: str) -> Case:
    """One connection: settings, a few attacks, good requests between them, and a PING at the end."""
    settles = dice.chance(0.95)
    sent = [PREFACE if dice.chance(0.97) else damaged(dice, PREFACE), _OPENING if settles else b""]
    waited = set()
    used = set()
    stream = 1
    for _ in range(1 + dice.upto(12)):
        attack = dice.one(_ATTACKS)
        sent.append(attack(dice, stream))
        used.add(attack)
        if attack is _good:
            waited.add(stream)
        stream += 2 if attack in (_good, _odd_lines) else _STREAMS_USED
    sent.append(frame(PING, 0, 0, LAST_PING))
    data = b"".join(sent)
    # A damaged PING is not answered, and who has closed its windows too would wait for ever by its own fault.
    if settles and not used & {_settings, _windows} and dice.chance(0.05):
        data = damaged(dice, data)
    made = Case(listener, [data] if dice.chance(0.8) else in_pieces(dice, data), End.ANSWERS, Speech.HTTP2)
    made.streams = frozenset(waited)
    made.fails = may_fail(data)
    if dice.chance(0.05):
        made.end = dice.one((End.RESET, End.CLOSE))
    return made
