"""What an HTTP/2 server says, frame by frame, as far as a judge needs it."""

import struct
from typing import Final

from hpack import Decoder, HPACKError

from tests.attacks import http2

_LARGEST: Final = 16_384
"""No case allows a server more."""
_TABLE: Final = 2**32
"""Some cases allow a server tables as large as it likes."""


class FrameReader:
    """Reads the frames of one connection as they come.

    Attributes:
        statuses: Stream → the status of its answer.
        reset: The streams that the server gave up.
        goaway: The server takes no more.
        pinged: The last PING was answered.
        malformed: What is wrong with the frames, one line each.
    """

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.reset: set[int] = set()
        self.goaway = False
        self.pinged = False
        self.malformed: list[str] = []
        self._decoder = Decoder()
        self._decoder.max_allowed_table_size = _TABLE
        self._at = 0

    def read(self, data: bytes | bytearray) -> None:
        """Take everything that has come so far; what was read before is not read again."""
        while self._at + 9 <= len(data) and not self.malformed:
            size = int.from_bytes(data[self._at : self._at + 3], "big")
            kind, flags, stream = struct.unpack_from(">BBI", data, self._at + 3)
            if size > _LARGEST or kind > http2.CONTINUATION:
                self.malformed.append(f"a server sends no frame {bytes(data[self._at : self._at + 20])!r}")
                return
            end = self._at + 9 + size
            if len(data) < end:
                return
            self._take(kind, flags, stream, bytes(data[self._at + 9 : end]))
            self._at = end

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == http2.HEADERS:
            self._head(stream, payload)
        elif kind == http2.RST_STREAM:
            self.reset.add(stream)
        elif kind == http2.GOAWAY:
            self.goaway = True
        elif kind == http2.PING and flags & http2.ACK and payload == http2.LAST_PING:
            self.pinged = True

    def _head(self, stream: int, block: bytes) -> None:
        try:
            lines = dict(self._decoder.decode(block, raw=True))
            status = int(lines[b":status"])
        except (HPACKError, KeyError, ValueError) as error:
            self.malformed.append(f"malformed: the head of stream {stream}: {error!r}")
            return
        if status >= 200:
            self.statuses[stream] = status

    def has_all(self, streams: frozenset[int]) -> bool:
        """Whether nothing more has to come: these and the PING have their answers, or the server goes."""
        return self.goaway or bool(self.malformed) or (self.pinged and not self.unanswered(streams))

    def unanswered(self, streams: frozenset[int]) -> frozenset[int]:
        """Those that have no answer and were not given up."""
        return streams - self.statuses.keys() - self.reset
