"""A child process with its group, its output and its end, for execution environments of any kind."""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.targets.reaper import Reaper

log = logging.getLogger("gateway")

_READ = 64 * 1024
_GUARD_S = 0.25
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run.

    Attributes:
        variables: All of them; nothing is inherited.
        folder: The working directory.
        memory_mb: Resident memory beyond which the process is killed, 0 for no limit.  It is looked at four times a
            second, since a limit of the kernel's needs rights that few users have; children are not counted.
    """

    argv: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    memory_mb: int = 0


class ChildProcess:
    """One process in a group of its own.

    Standard output and standard error go, in order, to ``output`` as they arrive; standard input is empty.
    ``ended`` becomes the return code: negative for the signal that killed it.  ``out_of_memory`` is set when it was
    killed for its memory.
    """

    def __init__(self, popen: subprocess.Popen[bytes], pipe: int, output: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._popen = popen
        self._pipe = pipe
        self._output = output
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
        try:
            popen = await asyncio.to_thread(
                subprocess.Popen,
                command.argv,
                env=dict(command.variables),
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        child = cls(popen, reading, output)
        child._reaper = reaper
        reaper.add(popen.pid)
        if command.memory_mb:
            child._guard(command.memory_mb)
        return child

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._popen.pid

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
        self.signal(signal.SIGKILL)

    def _guard(self, limit_mb: int) -> None:
        """Kill the process when it holds too much memory; look again later otherwise."""
        if self.ended.done():
            return
        held_mb = resident_memory_kib(self._popen.pid) // 1024
        if held_mb > limit_mb:
            self.out_of_memory = True
            log.warning("ended a function's process: it held %d MB and its memory size is %d MB", held_mb, limit_mb)
            self.kill()
        else:
            self._loop.call_later(_GUARD_S, self._guard, limit_mb)

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


def resident_memory_kib(pid: int) -> int:
    """The memory that a running process holds, 0 where the system does not tell."""
    return _status_kib(pid, "VmRSS:")


def peak_memory_kib(pid: int) -> int:
    """The largest memory a running process has held, 0 where the system does not tell."""
    return _status_kib(pid, "VmHWM:")


def _status_kib(pid: int, field: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1])
    return 0
