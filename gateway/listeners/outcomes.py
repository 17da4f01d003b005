"""What a listener makes of an outcome, and the trace header that it gives to an invocation."""

from typing import Final, assert_never

from gateway.errors import Fault, FaultKind
from gateway.invocation import Failed, Outcome, Returned, Streamed, Throttled, TimedOut, Unavailable, reason_of
from gateway.translation.messages import Arrival

_UNAVAILABLE: Final = {
    "ResourceNotFoundException": FaultKind.NOT_FOUND,
    "AccessDeniedException": FaultKind.ACCESS_DENIED,
    "RequestEntityTooLargeException": FaultKind.REQUEST_TOO_LARGE,
    "ConnectionError": FaultKind.CONNECTION_ERROR,
    "ConnectionTimeout": FaultKind.CONNECTION_TIMEOUT,
}


def payload_of(outcome: Outcome) -> bytes:
    """The result of a successful outcome.

    Raises:
        Fault: Every other outcome; a stream is not a result either.
    """
    match outcome:
        case Returned(payload=payload):
            return payload
        case Failed():
            raise Fault(FaultKind.FUNCTION_ERROR, reason_of(outcome))
        case TimedOut():
            raise Fault(FaultKind.TIMED_OUT, reason_of(outcome))
        case Throttled():
            raise Fault(FaultKind.THROTTLED, reason_of(outcome))
        case Unavailable(error=error):
            raise Fault(_UNAVAILABLE.get(error, FaultKind.SERVICE_ERROR), reason_of(outcome))
        case Streamed():
            raise Fault(FaultKind.RESULT_INVALID, "the function streamed to a front door that takes whole results")
        case _:
            assert_never(outcome)


def trace_header(arrival: Arrival, lineage: str) -> str:
    """The trace header of an invocation; ``lineage`` as `LambdaService.lineage` gives it."""
    return f"Root={arrival.trace_id};Parent={arrival.request_id[19:23]}{arrival.request_id[24:]};Sampled=0;{lineage}"
