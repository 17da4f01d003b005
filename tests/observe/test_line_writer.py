"""Lines that reach a file without holding up the event loop."""

import asyncio
import os
from pathlib import Path

import pytest

from gateway.observe.line_writer import LineWriter
from tests.targets.hosting import eventually

pytestmark = pytest.mark.anyio


async def test_everything_in_order(tmp_path: Path) -> None:
    """What was written is in the file, in order, at the latest when the writer is closed."""
    with (tmp_path / "log").open("wb") as file:
        writer = LineWriter(file.fileno(), delay_s=60)
        for number in range(1000):
            writer.write(b"%d\n" % number)
        await writer.aclose()

        assert (tmp_path / "log").read_bytes() == b"".join(b"%d\n" % number for number in range(1000))


async def test_written_without_being_closed(tmp_path: Path) -> None:
    """A line does not wait for the end, nor does what comes while the first one is being written."""
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LineWriter(file.fileno(), delay_s=0.01)
        writer.write(b"first\n")
        await eventually(lambda: path.read_bytes() == b"first\n")
        writer.write(b"second\n")
        await eventually(lambda: path.read_bytes() == b"first\nsecond\n")
        await writer.aclose()


async def test_many_bytes_do_not_wait(tmp_path: Path) -> None:
    """A large piece is written at once, whatever the delay."""
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LineWriter(file.fileno(), delay_s=60)
        writer.write(b"x" * 300_000)
        await eventually(lambda: path.stat().st_size == 300_000)
        await writer.aclose()


async def test_slow_reader_does_not_hold_up_the_loop() -> None:
    """While a full pipe is waited for, the loop runs and lines are still taken."""
    reading, writing = os.pipe()
    writer = LineWriter(writing, delay_s=0)
    writer.write(b"x" * 1_000_000)
    closing = asyncio.ensure_future(writer.aclose())
    writer.write(b"end")

    loop = asyncio.get_running_loop()
    received = b""
    while len(received) < 1_000_003:
        received += await loop.run_in_executor(None, os.read, reading, 65536)
    await closing
    assert received.endswith(b"xend")
    os.close(reading)
    os.close(writing)


async def test_closed_terminal_ends_nothing() -> None:
    """When nobody reads any more, what is written is lost and nothing else happens."""
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing, delay_s=0)
    writer.write(b"lost")
    await writer.aclose()
    writer.write(b"also")
    await writer.aclose()
    os.close(writing)


async def test_close_without_anything_to_write() -> None:
    """An idle writer closes at once."""
    await LineWriter(2).aclose()
