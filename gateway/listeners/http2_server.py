"""hypercorn's server of one HTTP/2 connection, for what it does not do by itself; importing this needs hypercorn."""

import logging

from hypercorn.asyncio.tcp_server import TCPServer

log = logging.getLogger("gateway")

_SHOWN = 100
"""Bytes of what could not be read that stand in the log."""


class Http2Server(TCPServer):
    """Takes methods and paths for ASCII, as hypercorn does; a client that sends others loses its connection.

    By itself hypercorn fails in the middle of its bookkeeping then, and every request of the connection with it.
    """

    async def _read_data(self) -> None:
        try:
            await super()._read_data()
        except UnicodeDecodeError as error:
            log.warning("an HTTP/2 connection ends: its client sent %r", error.object[:_SHOWN])
            await self._initiate_server_close()
