"""One attack: what is sent where and how, made of a seed and a number alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """Quick choices."""

    def one(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[int(self.random() * len(items))]

    def upto(self, limit: int) -> int:
        """From 0 up to but not including ``limit``."""
        return int(self.random() * limit)

    def chance(self, share: float) -> bool:
        """True for that share of the calls."""
        return self.random() < share


def dice_of(seed: int, number: int) -> Dice:
    """The dice of one case; the same for the same two numbers, on every machine."""
    return Dice((seed << 40) + number)


class End(Enum):
    """How a client ends its part."""

    ANSWERS = "it waits for the answers, then closes"
    HALF = "it sends the end of its data at once, then reads up to the end"
    IDLE = "it sends no more and waits for the listener's idle timeout"
    RESET = "it resets the connection, perhaps in the middle of an answer"
    CLOSE = "it closes the connection at once"


class Speech(Enum):
    """What the client speaks on its connection."""

    HTTP1 = "HTTP/1.1"
    HTTP2 = "HTTP/2"
    WEBSOCKET = "WebSocket"
    TLS = "records of TLS, or what should be some"


@dataclass(slots=True)
class Case:
    """What one connection does.

    Attributes:
        listener: The name of what is attacked, one of `tests.attacks.stand.LISTENERS`.
        sends: Pieces, written one after the other.
        end: What the client does after the last one.
        answers: How many answers must come, with `End.ANSWERS`; fewer when the connection ends before.
        fails: A function is asked to fail, or to return what is no result.
        cut: An answer may end in the middle: the client stops while something streams.
        slow: Seconds that the client reads nothing, after its last piece.
        streams: Of HTTP/2: the streams that must be answered unless the connection ends.
    """

    listener: str
    sends: list[bytes]
    end: End = End.HALF
    speech: Speech = Speech.HTTP1
    answers: int = 0
    fails: bool = False
    cut: bool = False
    slow: float = 0.0
    streams: frozenset[int] = field(default_factory=frozenset)


def in_pieces(dice: Dice, data: bytes, most: int = 12) -> list[bytes]:
    """The same bytes in a few pieces that are cut at random."""
    cuts = sorted(dice.upto(len(data) + 1) for _ in range(1 + dice.upto(most)))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if begin < end]


def damaged(dice: Dice, data: bytes) -> bytes:
    """The same bytes after one to three small accidents."""
    changed = bytearray(data)
    for _ in range(1 + dice.upto(3)):
        at = dice.upto(len(changed) + 1)
        match dice.upto(6):
            case 0:
                changed[at : at + 1] = bytes([dice.upto(256)])
            case 1:
                changed[at:at] = dice.one(ACCIDENTS)
            case 2:
                del changed[at : at + 1 + dice.upto(4)]
            case 3:
                del changed[at:]
            case 4:
                changed[at:at] = changed[max(0, at - dice.upto(40)) : at]
            case _:
                changed[at:at] = bytes([dice.upto(256)]) * dice.upto(300)
    return bytes(changed)


ACCIDENTS = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"\r\n\r\n", b"\r\n ", b"\xff\xfe", b"\x7f", b"%", b"%00",
    b"0\r\n\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\xc0\x80",
    b"\xe2\x80\xa8", b"\x0b",
)  # fmt: skip
"""What `damaged` puts between."""
