"""What long-running commands share."""

import asyncio
import logging
import os
import signal
from collections.abc import Iterator

import pytest

from gateway.cli.running import run_loop, set_up_logging, stop_requests


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The gateway's logger; afterwards as it was."""
    logger = logging.getLogger("gateway")
    before = logger.handlers[:], logger.level, logger.propagate
    yield logger
    logger.handlers[:], logger.level, logger.propagate = before


@pytest.mark.parametrize(
    ("verbose", "quiet", "lines"),
    [(False, False, ["info", "warning"]), (True, False, ["debug", "info", "warning"]), (False, True, ["warning"])],
)
def test_log(
    logger: logging.Logger, capfd: pytest.CaptureFixture[str], verbose: bool, quiet: bool, lines: list[str]
) -> None:
    """One line for each message on standard error; -v shows more, -q less."""
    set_up_logging(verbose=verbose, quiet=quiet)
    logger.debug("debug")
    logger.info("info")
    logger.warning("warning")

    assert capfd.readouterr().err.splitlines() == [f"gateway: {line}" for line in lines]


def test_signals_are_requests_to_stop() -> None:
    """Each Ctrl-C and each SIGTERM is one request; none ends the process."""
    received: list[int] = []

    async def main() -> None:
        stop = stop_requests()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
            received.append(await asyncio.wait_for(stop.get(), 10))

    run_loop(main())

    assert received == [signal.SIGINT, signal.SIGTERM, signal.SIGINT]


def test_runs_on_uvloop() -> None:
    """The loop is the quick one."""
    modules: list[str] = []

    async def main() -> None:
        modules.append(type(asyncio.get_running_loop()).__module__)

    run_loop(main())

    assert modules == ["uvloop"]


def test_what_nobody_catches(caplog: pytest.LogCaptureFixture) -> None:
    """A task that nobody awaits has its traceback in the gateway's log, and the loop prints nothing of its own."""

    async def fail() -> None:
        raise LookupError

    async def main() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.wait([task])
        del task
        await asyncio.sleep(0)

    run_loop(main())

    assert [record.name for record in caplog.records] == ["gateway"]
    assert "LookupError" in caplog.text


def test_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The soft limit of file descriptors is raised before anything runs."""
    order: list[str] = []
    monkeypatch.setattr("gateway.cli.running.raise_limit", lambda: order.append("limit"))

    async def main() -> None:
        order.append("main")

    run_loop(main())

    assert order == ["limit", "main"]
