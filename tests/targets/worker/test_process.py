"""The process behind a worker environment: frames in, frames and an exit code out."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.targets.interpreter import Interpreter
from gateway.targets.reaper import Reaper
from gateway.targets.worker.calls import End
from gateway.targets.worker.framing import Frame
from gateway.targets.worker.process import WorkerProcess
from tests.targets.hosting import Log, configuration, eventually, invocation, worker_options

pytestmark = pytest.mark.anyio


class Subject:
    """A process and what it gave."""

    def __init__(self, handler: str, scratch: Path, reaper: Reaper, python: Interpreter | None = None) -> None:
        self.given: list[End] = []
        log = Log()
        options = worker_options(reaper, log)
        options = options if python is None else replace(options, python=python)
        self.process = WorkerProcess(configuration(handler), options, scratch, log.append, self.given.append)

    async def frame(self) -> Frame:
        """The next frame."""
        await eventually(lambda: bool(self.given))
        frame = self.given.pop(0)
        assert isinstance(frame, Frame)
        return frame


@asynccontextmanager
async def subject(handler: str, scratch: Path, python: Interpreter | None = None) -> AsyncIterator[Subject]:
    """A process that is stopped at the end."""
    reaper = Reaper()
    made = Subject(handler, scratch, reaper, python)
    yield made
    await made.process.stop()
    await reaper.aclose()


async def test_frames(tmp_path: Path) -> None:
    """It says that it is ready, then answers each invocation; those given ahead in their order."""
    async with subject("returns", tmp_path) as it:
        await it.process.launch()
        ready = await it.frame()
        it.process.send(invocation("first"))
        it.process.send_ahead([invocation("second"), invocation("third")])
        answers = [await it.frame() for _ in range(3)]
        assert it.process.alive

    assert ready.kind == b"R"
    assert [json.loads(answer.body)["event"] for answer in answers] == ["first", "second", "third"]


async def test_what_is_taken_back_is_not_answered(tmp_path: Path) -> None:
    """An invocation that was taken back while the worker was busy never begins."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with subject("waits", tmp_path) as it:
        await it.process.launch()
        await it.frame()
        it.process.send(invocation({"name": "first", "pipe": str(pipe)}))
        it.process.send_ahead([invocation({"name": "never"})])
        assert it.process.take_back()
        assert not it.process.take_back()
        await asyncio.to_thread(pipe.write_bytes, b"")
        first = await it.frame()
        it.process.send(invocation({"name": "after"}))
        after = await it.frame()

    assert [first.body, after.body] == [b'"first"', b'"after"']


async def test_exit_code(tmp_path: Path) -> None:
    """Its end is told once, as the code of the process; what is sent then is lost without an error."""
    async with subject("leaves", tmp_path) as it:
        await it.process.launch()
        await it.frame()
        it.process.send(invocation(4))
        await eventually(lambda: bool(it.given))
        it.process.send(invocation(5))
        it.process.send_ahead([invocation(6)])
        assert not it.process.alive
        await asyncio.sleep(0.1)  # longer than an exit code waits for the socket

    assert it.given == [4]


async def test_another_one_in_its_place(tmp_path: Path) -> None:
    """After its end another process can be launched."""
    async with subject("returns", tmp_path) as it:
        await it.process.launch()
        await it.frame()
        it.process.kill()
        await it.process.ended()
        await eventually(lambda: it.given == [-9])
        it.given.clear()
        await it.process.launch()
        assert (await it.frame()).kind == b"R"


async def test_interpreter_that_cannot_be_run(tmp_path: Path) -> None:
    """That is for the caller, and leaves nothing to stop."""
    async with subject("returns", tmp_path, Interpreter("/no/such/python", "3.11")) as it:
        with pytest.raises(OSError, match="No such file"):
            await it.process.launch()
        assert not it.process.alive


async def test_stopped_twice(tmp_path: Path) -> None:
    """Stopping again does nothing."""
    async with subject("returns", tmp_path) as it:
        await it.process.launch()
        await it.process.stop()
        assert not it.process.alive
