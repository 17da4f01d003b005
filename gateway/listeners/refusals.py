"""What the log is told of bytes that were no acceptable request."""

import logging
from typing import Final

from gateway.listeners.wire import Refusal
from gateway.observe.record import COMPLIANT
from gateway.types import Address

log = logging.getLogger("gateway")

_SHOWN: Final = 80
_WHY: Final = {
    400: "it is no request of HTTP",
    408: "the client was silent in the middle of it",
    413: "its body is too long",
    414: "its request line is too long",
    431: "its header lines are too long",
    501: "its transfer coding is not chunked",
    505: "its version is neither HTTP/1.1 nor HTTP/1.0",
}


def log_refusal(refusal: Refusal, client: Address) -> tuple[str, str]:
    """Say in one line what was wrong; gives what access logs show of it, level and reason of desync mitigation.

    A load balancer on AWS lets pass what is not severe.  Here it stays refused where the parser does not take it, so
    the line says what it would have been.  Nothing is said of a defect, which is reported by itself.
    """
    if refusal.status == 500:
        return COMPLIANT
    classification = COMPLIANT
    if refusal.head:
        from gateway.translation.raw_head import classify_head  # noqa: PLC0415 - nearly all bytes are requests

        classification = classify_head(refusal.head).logged
    begin = refusal.request_line or refusal.head.partition(b"\n")[0].rstrip(b"\r")
    line = repr(begin[:_SHOWN].decode("latin-1")) if begin else "what was sent"
    found = "" if classification == COMPLIANT else f" (desync: {' '.join(classification)})"
    why = (refusal.why or _WHY.get(refusal.status, ""))[:_SHOWN]
    log.warning("%s by %s -> %d: %s%s", line, client[0], refusal.status, why, found)
    return classification
