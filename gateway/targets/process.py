"""A child process with its group, its output and its end, for execution environments of any kind."""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.targets.reaper import Reaper

if TYPE_CHECKING:
    from gateway.limits.box import Box

log = logging.getLogger("gateway")

_READ = 64 * 1024
_GUARD_S = 0.25
_STATUS_ROOM = 8192


@dataclass(frozen=True, slots=True)
class Command:
    """What to run.

    Attributes:
        variables: All of them; nothing is inherited.
        folder: The working directory.
        memory_mb: Resident memory beyond which the process is killed, 0 for no limit.  It is looked at four times a
            second, without the children's; a control group of the box counts all of it at any time.
        box: The limits of the environment; None for none of them.
    """

    argv: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    memory_mb: int = 0
    box: "Box | None" = None


class ChildProcess:
    """One process in a group of its own.

    Standard output and standard error go, in order, to ``output`` as they arrive; standard input is empty.
    ``ended`` becomes the return code: negative for the signal that killed it.  ``out_of_memory`` is set when it was
    killed for its memory.
    """

    def __init__(
        self, popen: subprocess.Popen[bytes], pipe: int, output: Callable[[bytes], None], box: "Box | None" = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._popen = popen
        self._pipe = pipe
        self._output = output
        self._box = box
        self._killed = False
        self._reaper: Reaper | None = None
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self.out_of_memory = False
        os.set_blocking(pipe, False)
        self._loop.add_reader(pipe, self.drain)
        self._watch()

    @classmethod
    async def spawn(
        cls, command: Command, output: Callable[[bytes], None], reaper: Reaper, pass_fds: Sequence[int] = ()
    ) -> "ChildProcess":
        """Start a process.

        Raises:
            OSError: The program cannot be run.
        """
        reading, writing = os.pipe()
        box = command.box

        def start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                argv,
                env=dict(command.variables),
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                pass_fds=pass_fds,
                start_new_session=True,
            )

        launch = partial(box.start, command.argv, start) if box else partial(start, command.argv)
        launching = asyncio.get_running_loop().run_in_executor(None, launch)
        try:
            popen = await asyncio.shield(launching)
        except asyncio.CancelledError:
            os.close(reading)
            with contextlib.suppress(OSError):
                _end(await launching)  # starting a process cannot be cancelled, only undone
            raise
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        child = cls(popen, reading, output, box)
        child._reaper = reaper
        reaper.add(popen.pid)
        if box and box.has_groups:
            taking = box.take(popen.pid)
            taking.add_done_callback(
                lambda taken: child._guard(command.memory_mb, own_memory_kib if taken.result() else resident_memory_kib)
            )
        else:
            child._guard(command.memory_mb, resident_memory_kib)
        return child

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._popen.pid

    @property
    def peak_memory_mb(self) -> int:
        """The most memory that it has held, begun megabytes included.

        All processes of the environment count where a control group counts them, also when they have ended.  The
        process's own figure has what the group's has not: pages of programs that somebody else read first, and what
        came before the group.
        """
        own_kib = 0 if self.ended.done() else peak_memory_kib(self._popen.pid)
        return -(-max(own_kib, self._box.peak_kib if self._box else 0) // 1024)

    def drain(self) -> None:
        """Hand over the output that has arrived; called by the loop, and before an invocation is closed."""
        while self._pipe >= 0:
            try:
                chunk = os.read(self._pipe, _READ)
            except BlockingIOError:
                return
            if not chunk:
                self._close_pipe()
                return
            self._output(chunk)
            if len(chunk) < _READ:
                return

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group; nothing happens when it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)

    def kill(self) -> None:
        """End the whole group at once."""
        self._killed = True
        self.signal(signal.SIGKILL)

    def _guard(self, limit_mb: int, measure: Callable[[int], int]) -> None:
        """Kill the process when it holds too much memory; look again later otherwise.

        In a control group that can only be what it took before it was there, which the kernel has not counted; the
        file pages are the kernel's to judge then.
        """
        if self.ended.done() or not limit_mb:
            return
        held_mb = measure(self._popen.pid) // 1024
        if held_mb > limit_mb:
            self.out_of_memory = True
            log.warning("ended a function's process: it held %d MB and its memory size is %d MB", held_mb, limit_mb)
            self.kill()
        else:
            self._loop.call_later(_GUARD_S, self._guard, limit_mb, measure)

    def _watch(self) -> None:
        if hasattr(os, "pidfd_open"):
            descriptor = os.pidfd_open(self._popen.pid)
            self._loop.add_reader(descriptor, self._process_ended, descriptor)
        else:
            waiting = self._loop.run_in_executor(None, self._popen.wait)
            waiting.add_done_callback(lambda _: self._process_ended(-1))

    def _process_ended(self, descriptor: int) -> None:
        if descriptor >= 0:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
        code = self._popen.wait()
        if code == -signal.SIGKILL and not self._killed and self._box and self._box.out_of_memory:
            self.out_of_memory = True
            log.warning(
                "ended a function's process: with what it started it needed more than its memory size, %d MB",
                self._box.memory_mb,
            )
        self.kill()  # what the handler started and left behind
        if self._reaper:
            self._reaper.remove(self._popen.pid)
        self.drain()
        self._close_pipe()
        if not self.ended.done():
            self.ended.set_result(code)

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            self._loop.remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1


def _end(popen: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()


def resident_memory_kib(pid: int) -> int:
    """The memory that a running process holds, 0 where the system does not tell."""
    return _status_kib(pid, b"VmRSS")


def own_memory_kib(pid: int) -> int:
    """The memory of a running process that no file stands behind, 0 where the system does not tell."""
    return _status_kib(pid, b"RssAnon")


def peak_memory_kib(pid: int) -> int:
    """The largest memory a running process has held, 0 where the system does not tell."""
    return _status_kib(pid, b"VmHWM")


def _status_kib(pid: int, field: bytes) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        descriptor = os.open(f"/proc/{pid}/status", os.O_RDONLY)
        try:
            status = os.read(descriptor, _STATUS_ROOM)
        finally:
            os.close(descriptor)
        return int(status[status.index(b"\n%s:" % field) :].split(None, 2)[1])
    return 0
