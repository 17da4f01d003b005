"""What a client gets when a defect of this package ends its request, and what the log gets when a stream breaks.

The client gets the listener's own 500 or 502.

The HTTP/1.1 protocol and the ASGI application both come here; no request ends without an answer.

No capture shows what AWS answers to a defect of its own.  A load balancer has its 500 page, which is documented for
parts of itself that fail (authentication, transforms); the others answer as if their integration could not work: REST
and HTTP APIs 500, Function URLs 502 (inferred).
"""

import logging
from typing import Final

from gateway.defects import report, shown
from gateway.invocation import StreamBroken
from gateway.listeners.listener import Listener
from gateway.listeners.wire import head_lines
from gateway.observe.record import described
from gateway.targets.failures import reported
from gateway.translation.messages import Request, Response
from gateway.types import Address

log = logging.getLogger("gateway")

BARE: Final = Response(500, [(b"Content-Length", b"0"), (b"Connection", b"close")], close=True)
"""The answer when the listener's own cannot be made either."""


def answer_to_defect(listener: Listener, request: Request | None, client: Address, error: Exception) -> Response:
    """The answer to a request that met a defect, which is logged with one traceback; the connection closes after it.

    Args:
        listener: Asked for its own answer.
        request: None for bytes that were none.
        client: Who sent it.
        error: What was raised, while it is handled.
    """
    try:
        answer = listener.reject(500, client, b"")
        _check(answer)
    except Exception as another:  # noqa: BLE001 - a defect too, whose traceback has the first one
        report(described(request), another)
        return BARE
    report(described(request), error)
    return answer


def tell_cut(request: Request, broken: StreamBroken) -> None:
    """Log why a streamed answer ends before it is complete: the client can only see that it does."""
    message = reported(broken.payload).message or broken.payload.decode("utf-8", "replace")
    reason = f"{broken.error_type}: {message}" if message else broken.error_type
    log.warning("%s: the answer is cut off: %s", shown(described(request)), shown(reason))


def _check(answer: Response) -> None:
    """Raise now what writing it would raise."""
    b"\r\n".join([*head_lines(answer), answer.body])  # type: ignore[list-item]  # a stream is refused here
