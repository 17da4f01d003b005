"""Asynchronous invocations: accepted at once, run once, finished before the gateway stops."""

import asyncio
import logging
from typing import Final

from gateway.defects import report
from gateway.functions.function import Function
from gateway.invocation import Invocation, Returned, Streamed

log: Final = logging.getLogger(__name__)


class Background:
    """The accepted events that still run.  Lambda's own queue would retry; here an event runs once."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Events that were accepted and have not ended."""
        return len(self._running)

    def accept(self, function: Function, invocation: Invocation) -> None:
        """Begin an invocation whose caller does not wait."""
        task = asyncio.create_task(_run(function, invocation))
        # The loop itself holds tasks weakly: without this set one could vanish half-way.
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        """Wait for every accepted event, those that running events send included."""
        while self._running:
            await asyncio.wait(self._running)


async def _run(function: Function, invocation: Invocation) -> None:
    facts = {"function": function.configuration.name, "request_id": invocation.request_id}
    try:
        outcome = await function.invoke(invocation)
    except Exception as error:  # noqa: BLE001 - a defect, whatever it is
        report(f"the event {invocation.request_id} of {function.configuration.name}", error)
        return
    if isinstance(outcome, Returned | Streamed):
        log.info("event.done", extra=facts)
    else:
        log.warning("event.failed", extra=facts | {"outcome": type(outcome).__name__})
