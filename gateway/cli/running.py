"""What every long-running command shares: the event loop, the signals, the log."""

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine

from gateway.defects import report_unhandled
from gateway.listeners.descriptors import raise_limit


def run_loop(main: Coroutine[None, None, None]) -> None:
    """Run on uvloop where there is one; what nobody catches there is reported as any other defect."""
    raise_limit()
    if sys.platform == "win32":
        asyncio.run(_watched(main))
        return
    import uvloop  # noqa: PLC0415 - not on Windows

    uvloop.run(_watched(main))


async def _watched(main: Coroutine[None, None, None]) -> None:
    asyncio.get_running_loop().set_exception_handler(report_unhandled)
    await main


def stop_requests() -> "asyncio.Queue[int]":
    """A queue that gets an item for each Ctrl-C and each SIGTERM."""
    requests: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, requests.put_nowait, number)
    return requests


def set_up_logging(*, verbose: bool, quiet: bool) -> None:
    """One line per message on standard error, in the gateway's name."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("gateway: %(message)s"))
    log = logging.getLogger("gateway")
    log.addHandler(handler)
    log.propagate = False
    log.setLevel(logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO)
