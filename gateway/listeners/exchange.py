"""One request's way through a function: event, invocation, outcome, response.

Every front door that calls a function runs this.  It never raises: what goes wrong becomes the flavour's own answer
and one line in the gateway's log.
"""

import logging
from time import perf_counter
from typing import assert_never

from gateway.errors import Fault, FaultKind
from gateway.functions.service import LambdaService
from gateway.invocation import (
    Failed,
    FunctionReference,
    Invocation,
    Outcome,
    Returned,
    Streamed,
    Throttled,
    TimedOut,
    Unavailable,
)
from gateway.translation.flavour import Flavour
from gateway.translation.messages import Arrival, Request, Response

log = logging.getLogger("gateway")

_UNAVAILABLE = {
    "ResourceNotFoundException": FaultKind.NOT_FOUND,
    "AccessDeniedException": FaultKind.ACCESS_DENIED,
    "RequestEntityTooLargeException": FaultKind.REQUEST_TOO_LARGE,
    "ConnectionError": FaultKind.CONNECTION_ERROR,
    "ConnectionTimeout": FaultKind.CONNECTION_TIMEOUT,
}


class Exchange:
    """What observers learn of one request, filled in as it goes; times are of `time.perf_counter`.

    Attributes:
        event: The JSON that the function got, b"" when it was not invoked.
        outcome: What came back, None when it was not invoked.
        fault: Why the answer is not the function's, None when it is.
    """

    __slots__ = ("answered_at", "arrival", "event", "fault", "invoked_at", "outcome")

    def __init__(self, arrival: Arrival) -> None:
        self.arrival = arrival
        self.event = b""
        self.outcome: Outcome | None = None
        self.fault: Fault | None = None
        self.invoked_at = 0.0
        self.answered_at = 0.0


def payload_of(outcome: Outcome) -> bytes:
    """The result of a successful outcome.

    Raises:
        Fault: Every other outcome; a stream is not a result either.
    """
    match outcome:
        case Returned(payload=payload):
            return payload
        case Failed(error_type=error_type, message=message):
            raise Fault(FaultKind.FUNCTION_ERROR, f"{error_type}: {message}" if message else error_type)
        case TimedOut(after_ms=after_ms):
            raise Fault(FaultKind.TIMED_OUT, f"no answer within {after_ms / 1000:g} s")
        case Throttled(reason=reason):
            raise Fault(FaultKind.THROTTLED, reason)
        case Unavailable(error=error, message=message):
            raise Fault(_UNAVAILABLE.get(error, FaultKind.SERVICE_ERROR), f"{error}: {message}")
        case Streamed():
            raise Fault(FaultKind.RESULT_INVALID, "the function streamed to a front door that takes whole results")
        case _:
            assert_never(outcome)


def trace_header(arrival: Arrival, lineage: str) -> str:
    """The trace header of an invocation; ``lineage`` as `LambdaService.lineage` gives it."""
    return f"Root={arrival.trace_id};Parent={arrival.request_id[19:23]}{arrival.request_id[24:]};Sampled=0;{lineage}"


class FunctionCall:
    """A flavour in front of a function."""

    def __init__(self, flavour: Flavour, service: LambdaService, function: FunctionReference) -> None:
        self.flavour = flavour
        self.function = function
        self._service = service

    async def run(self, request: Request, arrival: Arrival, exchange: Exchange | None = None) -> Response:
        """Answer one request and fill in ``exchange`` when somebody wants to know how it went."""
        flavour = self.flavour
        try:
            event = flavour.encode(request, arrival)
            if exchange:
                exchange.event = event
                exchange.invoked_at = perf_counter()
            trace_id = trace_header(arrival, self._service.lineage(self.function))
            outcome = await self._service.invoke(self.function, Invocation(event, arrival.request_id, "", trace_id))
            if exchange:
                exchange.outcome = outcome
                exchange.answered_at = perf_counter()
            return flavour.decode(payload_of(outcome), request, arrival)
        except Fault as fault:
            if exchange:
                exchange.fault = fault
            response = flavour.refuse(fault, request, arrival)
            target = request.raw_path.decode("latin-1")
            log.warning("%s %s -> %d: %s", request.method, target, response.status, fault)
            return response
