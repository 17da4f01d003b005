"""A child process with its group, its output and its end, for execution environments of any kind."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.targets.reaper import Program, Reaper, exit_code

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
    ``pid`` is its process id, which is also its group's.  ``ended`` becomes the return code: negative for the signal
    that killed it.  ``out_of_memory`` is set when it was killed for its memory.
    """

    def __init__(
        self, started: tuple[int, socket.socket], pipe: int, output: Callable[[bytes], None], box: "Box | None" = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.pid, self._socket = started
        self._pipe = pipe
        self._output = output
        self._box = box
        self._killed = False
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self.out_of_memory = False
        os.set_blocking(pipe, False)
        self._loop.add_reader(pipe, self.drain)
        self._loop.add_reader(self._socket, self._process_ended)

    @classmethod
    async def spawn(
        cls, command: Command, output: Callable[[bytes], None], reaper: Reaper, pass_fds: Sequence[int] = ()
    ) -> "ChildProcess":
        """Start a process; what is passed on becomes its descriptors 3, 4, ….

        It is in its control groups before its program begins, so that nothing that it starts can be elsewhere.

        Raises:
            OSError: The program cannot be run.
        """
        reading, writing = os.pipe()
        box, limited = command.box, [False]

        def take(pid: int) -> None:
            if box and box.has_groups:
                limited[0] = box.take(pid)

        def launch() -> tuple[int, socket.socket]:
            mark, mounts = (box.mark, box.mounts()) if box else ("", None)
            program = Program(command.argv, command.variables, command.folder, mark, mounts)
            return reaper.launch(program, [writing, *pass_fds], take)

        launching = asyncio.get_running_loop().run_in_executor(None, launch)
        try:
            started = await asyncio.shield(launching)
        except asyncio.CancelledError:
            os.close(reading)
            with contextlib.suppress(OSError):
                (await launching)[1].close()  # starting a process cannot be cancelled, only undone
            raise
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        child = cls(started, reading, output, box)
        child._guard(command.memory_mb, own_memory_kib if limited[0] else resident_memory_kib)
        return child

    @property
    def peak_memory_mb(self) -> int:
        """The most memory that it has held, begun megabytes included.

        All processes of the environment count where a control group counts them, also when they have ended.  The
        process's own figure has what the group's has not: pages of programs that somebody else read first, and what
        came before the group.
        """
        own_kib = 0 if self.ended.done() else peak_memory_kib(self.pid)
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
        if self.ended.done():
            return  # its number may be a stranger's
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

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
        held_mb = measure(self.pid) // 1024
        if held_mb > limit_mb:
            self.out_of_memory = True
            log.warning("ended a function's process: it held %d MB and its memory size is %d MB", held_mb, limit_mb)
            self.kill()
        else:
            self._loop.call_later(_GUARD_S, self._guard, limit_mb, measure)

    def _process_ended(self) -> None:
        self._loop.remove_reader(self._socket)
        with self._socket:
            said = self._socket.recv(4)
        code = exit_code(said)
        if code == -signal.SIGKILL and not self._killed and self._box and self._box.out_of_memory:
            self.out_of_memory = True
            log.warning(
                "ended a function's process: with what it started it needed more than its memory size, %d MB",
                self._box.memory_mb,
            )
        if not said:
            self.kill()  # the launcher is gone, which would have ended what it started
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
