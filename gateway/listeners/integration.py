"""A listener's invocation of a function, with the time that the listener itself waits.

Facts: a REST API gives up after 29 seconds, an HTTP API after 30; the function runs on (API Gateway developer guide,
limits).
"""

import asyncio
from typing import Final

from gateway.chunks import close_later
from gateway.defects import report
from gateway.errors import Fault, FaultKind
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference, Invocation, Outcome, Streamed
from gateway.listeners.outcomes import trace_header
from gateway.listeners.pipeline import RequestState
from gateway.tasks import Tasks
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request

_running: Final = Tasks()
"""Invocations with a listener's time limit, some of which no client waits for any more."""


class LambdaIntegration:
    """A function behind a listener.

    Args:
        service: Runs it.
        function: What is invoked.
        timeout_ms: How long the listener waits; 0 for as long as the function takes.
        streaming: The listener passes a stream on.
    """

    def __init__(
        self, service: LambdaService, function: FunctionReference, timeout_ms: int = 0, *, streaming: bool = False
    ) -> None:
        self.function = function
        self.streaming = streaming
        self._service = service
        self._timeout_ms = timeout_ms

    async def invoke(self, event: bytes, state: RequestState) -> Outcome:
        """The outcome for an event.

        Raises:
            Refused: The listener's own time is over.
            Fault: A developer header asks for a throttled function.
        """
        if state.knobs is not None:
            if state.knobs.throttle == "function":
                raise Fault(FaultKind.THROTTLED, "as X-Gateway-Throttle asks")
            if state.knobs.cold_start:
                self._service.renew(self.function)
        arrival, exchange = state.arrival, state.exchange
        trace_id = _sent_trace(state.request) or trace_header(arrival, self._service.lineage(self.function))
        report = None if exchange is None else exchange.invoking(self.function, event)
        invocation = Invocation(event, arrival.request_id, "", trace_id, streaming=self.streaming, report=report)
        outcome = await invoke_within(self._service, self.function, invocation, self._timeout_ms)
        if exchange is not None:
            exchange.answered(outcome)
        return outcome


async def invoke_within(
    service: LambdaService, function: FunctionReference, invocation: Invocation, timeout_ms: int
) -> Outcome:
    """The outcome of an invocation for which a listener waits ``timeout_ms``, 0 for as long as it takes.

    Raises:
        Refused: The time is over; the function runs on.
    """
    configuration = service.configuration(function) if timeout_ms else None
    if configuration is None or configuration.timeout_ms < timeout_ms:
        # A function that is stopped earlier needs no second watch.
        return await service.invoke(function, invocation)
    running = _running.start(service.invoke(function, invocation))
    try:
        done, _ = await asyncio.wait({running}, timeout=timeout_ms / 1000)
    except asyncio.CancelledError:
        running.cancel()
        raise
    if done:
        return running.result()
    running.add_done_callback(_forget)
    raise Refused(Cause.INTEGRATION_TIMEOUT, f"the function did not answer within {timeout_ms / 1000:g} s")


def _forget(running: asyncio.Future[Outcome]) -> None:
    if running.cancelled():
        return
    if (error := running.exception()) is not None:
        report("an invocation that its client no longer waits for", error)
    else:
        outcome = running.result()
        if isinstance(outcome, Streamed):
            close_later(outcome.chunks)


def _sent_trace(request: Request) -> str:
    """The client's trace header when it names a Root: the function's trace is then part of it."""
    for name, value in request.headers:
        if len(name) == 15 and name.lower() == b"x-amzn-trace-id" and b"Root=" in value:
            return value.decode("latin-1")
    return ""
