"""hypercorn's server of one HTTP/2 connection, for what it does not do by itself; importing this needs hypercorn."""

import asyncio
import logging
from typing import Final, cast

from hypercorn.asyncio.tcp_server import TCPServer

log = logging.getLogger("gateway")

_LONGEST: Final = 16_384
"""Bytes of a frame's payload: what hypercorn's settings tell a client (``SETTINGS_MAX_FRAME_SIZE``)."""
_FRAME_SIZE_ERROR: Final = bytes.fromhex("000008 07 00 00000000 7fffffff 00000006")
"""A GOAWAY frame with that error (RFC 9113, sections 4.2, 6.8 and 7)."""
_PREFACE_BYTES: Final = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_HEAD_BYTES: Final = 9
_SHOWN: Final = 100
"""Bytes of what could not be read that stand in the log."""


class Http2Server(TCPServer):
    """Ends connections that h2 and hypercorn would not end by themselves, or only with an error of their own.

    h2 looks at the length of a frame when all of it has come, which may be 16 MB.  hypercorn takes methods and paths
    for ASCII and fails in the middle of its bookkeeping when they are not.
    """

    async def _read_data(self) -> None:
        self.reader = cast("asyncio.StreamReader", _BoundedReader(self.reader))
        try:
            await super()._read_data()
        except _TooLong as error:
            log.warning("an HTTP/2 connection ends: its client announced a frame of %d bytes", error.size)
            self.writer.write(_FRAME_SIZE_ERROR)
            await self._initiate_server_close()
        except UnicodeDecodeError as error:
            log.warning("an HTTP/2 connection ends: its client sent %r", error.object[:_SHOWN])
            await self._initiate_server_close()


class _TooLong(Exception):
    """A frame is longer than the settings allow; ``size`` in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class _BoundedReader:
    """A client's bytes; reading them raises `_TooLong` as soon as a frame is announced that is too long."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._head = b""  # of a frame, as far as it has come
        self._rest = _PREFACE_BYTES  # bytes until the next frame begins

    def at_eof(self) -> bool:
        """Whether all was read."""
        return self._reader.at_eof()

    async def read(self, most: int) -> bytes:
        """What has come, up to so many bytes."""
        data = await self._reader.read(most)
        self._follow(data)
        return data

    def _follow(self, data: bytes) -> None:
        at = self._rest
        while at + _HEAD_BYTES - len(self._head) <= len(data):
            body = at + _HEAD_BYTES - len(self._head)
            head, self._head = self._head + data[at:body], b""
            size = int.from_bytes(head[:3], "big")
            if size > _LONGEST:
                raise _TooLong(size)
            at = body + size
        if at < len(data):
            self._head += data[at:]
            at = len(data)
        self._rest = at - len(data)
