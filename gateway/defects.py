"""What becomes of a defect of this package: one traceback in the log, and a request for a report.

A defect is an exception that nobody raises on purpose.  The client whose request met it gets the listener's own answer
(`gateway.listeners.failing`); work that no client waits for goes on as well as it can.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

log = logging.getLogger("gateway")

_SHOWN: Final = 200


def report(where: str, error: BaseException) -> None:
    """Log a defect once, with its traceback.

    Args:
        where: What was being done, such as ``GET /path``; it may hold what a client sent, so it is escaped and cut.
        error: What was raised; a chain of causes is one traceback.
    """
    log.error("%s met a defect of the gateway; please report it with this traceback", shown(where), exc_info=error)


def shown(text: str) -> str:
    """A text of unknown origin as one bounded line of ASCII."""
    escaped = text[:_SHOWN].encode("unicode_escape").decode("ascii")
    return escaped if len(escaped) <= _SHOWN and len(text) <= _SHOWN else f"{escaped[:_SHOWN]}..."


def reported(where: str) -> Callable[[asyncio.Future[Any]], None]:
    """A callback for a task that nobody awaits: what it raised is reported."""

    def done(task: asyncio.Future[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            report(where, error)

    return done


def report_unhandled(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """An exception handler for an event loop of ours: what nobody caught has the same form in the log.

    What the operating system refuses, such as one more connection, is no defect and gets one line.
    """
    message, error = str(context.get("message") or "the event loop"), context.get("exception")
    if error is None or isinstance(error, OSError):
        log.warning("%s", shown(message if error is None else f"{message}: {error}"))
    else:
        report(message, error)
