"""What the rims (the HTTP/1.1 protocol, the ASGI adapter) ask of a front door."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from gateway.listeners.wire import Wire
from gateway.translation.flavour import Limits
from gateway.translation.messages import Request, Response
from gateway.types import Address

OnWritten: TypeAlias = Callable[[Request | None, Response, Wire], None]
"""Told about an exchange after its answer was written; the request is None when only bytes were rejected."""


class Listener(Protocol):
    """One front door behind one port.

    Attributes:
        on_written: Told about each exchange after its answer was written; None records nothing.  The request is None
            when there was none, only bytes that were rejected.
    """

    on_written: OnWritten | None

    @property
    def accepts_streams(self) -> bool:
        """Bodies over ``limits.request_body`` come as `Request.stream` instead of being refused."""
        ...

    @property
    def limits(self) -> Limits:
        """Sizes that the rim enforces while it reads."""
        ...

    async def respond(self, request: Request) -> Response:
        """Answer one request.

        What goes wrong becomes this front door's own answer; what is raised is a defect, see `listeners.failing`.
        """
        ...

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """The answer to bytes that are not an acceptable request (400, 408, 413, 414, 431, 501, 505).

        With 500 it is the answer to a request that met a defect of the gateway; its status may be another one then.
        """
        ...
