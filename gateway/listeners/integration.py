"""A front door's call of a function, with the time that the front door itself waits.

Facts: a REST API gives up after 29 seconds, an HTTP API after 30; the function runs on (API Gateway developer guide,
limits).
"""

import asyncio
from time import perf_counter

from gateway.chunks import close_later
from gateway.defects import report
from gateway.errors import Fault, FaultKind
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference, Invocation, Outcome, Streamed
from gateway.listeners.door import Visit
from gateway.listeners.exchange import trace_header
from gateway.translation.gateway_response import Cause, Refused

_abandoned: set[asyncio.Future[Outcome]] = set()
"""Invocations that no client waits for any more, kept from the garbage collector until they end."""


class LambdaIntegration:
    """A function behind a front door.

    Args:
        service: Runs it.
        function: What is invoked.
        timeout_ms: How long the front door waits; 0 for as long as the function takes.
        streaming: The front door passes a stream on.
    """

    def __init__(
        self, service: LambdaService, function: FunctionReference, timeout_ms: int = 0, *, streaming: bool = False
    ) -> None:
        self.function = function
        self._service = service
        self.streaming = streaming
        self._timeout_ms = timeout_ms

    async def invoke(self, event: bytes, visit: Visit) -> Outcome:
        """The outcome for an event.

        Raises:
            Refused: The front door's own time is over.
            Fault: A developer header asks for a throttled function.
        """
        if visit.knobs.throttle == "function":
            raise Fault(FaultKind.THROTTLED, "as X-Gateway-Throttle asks")
        if visit.knobs.cold_start:
            self._service.renew(self.function)
        exchange = visit.exchange
        exchange.event = event
        exchange.invoked_at = perf_counter()
        arrival = exchange.arrival
        trace_id = _sent_trace(visit) or trace_header(arrival, self._service.lineage(self.function))
        invocation = Invocation(event, arrival.request_id, "", trace_id, streaming=self.streaming)
        outcome = await invoke_within(self._service, self.function, invocation, self._timeout_ms)
        exchange.outcome = outcome
        exchange.answered_at = perf_counter()
        return outcome


async def invoke_within(
    service: LambdaService, function: FunctionReference, invocation: Invocation, timeout_ms: int
) -> Outcome:
    """The outcome of an invocation for which a front door waits ``timeout_ms``, 0 for as long as it takes.

    Raises:
        Refused: The time is over; the function runs on.
    """
    configuration = service.configuration(function)
    if timeout_ms == 0 or configuration is None or configuration.timeout_ms < timeout_ms:
        # A function that is stopped earlier needs no second watch.
        return await service.invoke(function, invocation)
    running = asyncio.ensure_future(service.invoke(function, invocation))
    try:
        done, _ = await asyncio.wait({running}, timeout=timeout_ms / 1000)
    except asyncio.CancelledError:
        running.cancel()
        raise
    if done:
        return running.result()
    _abandoned.add(running)
    running.add_done_callback(_forget)
    raise Refused(Cause.INTEGRATION_TIMEOUT, f"the function did not answer within {timeout_ms / 1000:g} s")


def _forget(running: asyncio.Future[Outcome]) -> None:
    _abandoned.discard(running)
    if running.cancelled():
        return
    if (error := running.exception()) is not None:
        report("an invocation that its client no longer waits for", error)
    else:
        outcome = running.result()
        if isinstance(outcome, Streamed):
            close_later(outcome.chunks)


def _sent_trace(visit: Visit) -> str:
    """The client's trace header when it names a Root: the function's trace is then part of it."""
    for name, value in visit.request.headers:
        if len(name) == 15 and name.lower() == b"x-amzn-trace-id" and b"Root=" in value:
            return value.decode("latin-1")
    return ""
