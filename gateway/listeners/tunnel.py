"""What takes a connection over when its last HTTP answer was ``101 Switching Protocols``."""

import asyncio
from typing import Protocol


class Tunnel(Protocol):
    """The other protocol on a connection; a listener's `Upgraded` answer brings it.

    Exactly one `lost` comes last; it may come without an `open` when the client left before the answer.
    """

    def open(self, transport: asyncio.Transport) -> None:
        """The answer was written; the connection belongs to this protocol now."""
        ...

    def received(self, data: bytes) -> None:
        """Bytes of the client."""
        ...

    def paused(self) -> None:
        """The client reads more slowly than we write."""
        ...

    def resumed(self) -> None:
        """The client has caught up."""
        ...

    def shutdown(self) -> None:
        """The server stops: end in order."""
        ...

    def lost(self) -> None:
        """The connection is gone."""
        ...
