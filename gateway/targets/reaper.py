"""The gateway's side of the launcher, which starts all processes of functions and ends them when the gateway is gone.

The launcher holds the other end of a socket (`gateway.bootstraps.launcher.launcher` has what goes over it).  When the
gateway is gone, for whatever reason, the socket ends and the launcher kills all that was started through it, also what
has left its process group.  Unlike a parent-death signal this works for every language and for stopped processes.  Then
it removes the gateway's control groups, with whatever is in them, and its workspace.
"""

import asyncio
import contextlib
import marshal
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import gateway.bootstraps
from gateway.errors import UsageError

_LAUNCHER: Final = Path(gateway.bootstraps.__file__).parent / "launcher" / "launcher.py"
_ROOM: Final = 4096
MARK: Final = "_LAMBDA_GATEWAY_ENVIRONMENT"
"""The variable by which the launcher finds the processes of an environment."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program, all of its variables and its working directory.

    Attributes:
        mark: Names the execution environment that it belongs to; "" where control groups know its processes.
        mounts: What is mounted for it, as `gateway.bootstraps.launcher.mounts` takes it.
    """

    argv: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    mark: str = ""
    mounts: Mapping[str, str] | None = None


class Reaper:
    """Starts processes that do not outlive this one."""

    def __init__(self) -> None:
        self._launcher: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._to_remove: list[tuple[str, str]] = []

    def begin(self) -> None:
        """Start the launcher, unless it runs; whatever needs it does so, and this is for who knows early.

        Raises:
            UsageError: The Python that runs the gateway cannot be started.
        """
        with self._lock:
            self._begin()

    def launch(
        self, program: Program, descriptors: Sequence[int], took: Callable[[int], None] = lambda _: None
    ) -> tuple[int, socket.socket]:
        """Start a process in a group of its own; waits for it, so not for the event loop.

        Args:
            program: What to run.
            descriptors: Its output, and then what it inherits as descriptors 3, 4, ….
            took: Called with the process id before the program begins.

        Returns:
            The process id, and a socket that gets the exit code, which `exit_code` reads; the process is killed when
            the socket is closed before.

        Raises:
            OSError: The program cannot be run.
        """
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        try:
            with theirs:
                try:
                    self._ask("run", _request(program), [theirs.fileno(), writing, *descriptors])
                finally:
                    os.close(writing)
            pid = _begun(ours, took)
            failed = int(os.read(reading, _ROOM) or 0)
            _check(pid, failed, program)
        except BaseException:
            ours.close()
            raise
        finally:
            os.close(reading)
        return pid, ours

    def refused(self, mounts: Mapping[str, str]) -> dict[str, int]:
        """Which of some mounts are not possible here, with the errno; waits for the answer."""
        reading, writing = os.pipe()
        try:
            self._ask("try", dict(mounts), [writing])
        finally:
            os.close(writing)
        with os.fdopen(reading) as answer:
            return {name: int(number) for name, number in map(str.split, answer)}

    def remove_groups(self, folder: Path) -> None:
        """Remove the control groups in this folder, and the folder, when the gateway is gone."""
        self._remember("groups", folder)

    def remove_workspace(self, folder: Path) -> None:
        """Remove a folder with all that is in it when the gateway is gone; it need not be there yet."""
        self._remember("workspace", folder)

    async def aclose(self) -> None:
        """End the launcher with all processes that are left; may be called twice."""
        if self._launcher is not None:
            await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Do the same, and wait for it."""
        with self._lock:
            self._to_remove.clear()
            launcher, self._launcher = self._launcher, None
            if self._socket is not None:
                self._socket.close()
        if launcher is not None:
            launcher.wait()

    def __del__(self) -> None:
        self.close()

    def _remember(self, what: str, folder: Path) -> None:
        with self._lock:
            self._begin()
            self._to_remove.append((what, str(folder)))
        self._ask(what, str(folder), [])

    def _ask(self, what: str, given: str | dict[str, Any], descriptors: Sequence[int]) -> None:
        text = marshal.dumps((what, given))
        with self._lock:
            channel = self._begin()
            socket.send_fds(channel, [len(text).to_bytes(4, "big")], descriptors)
            channel.sendall(text)

    def _begin(self) -> socket.socket:
        """The socket of the launcher; another one is started in the place of one that was killed."""
        if self._socket is not None and self._launcher is not None and self._launcher.poll() is None:
            return self._socket
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._launcher = subprocess.Popen(
                    [sys.executable, "-E", "-s", "-S", str(_LAUNCHER)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                    cwd="/",
                )
            except OSError as error:
                ours.close()
                reason = f"{sys.executable} cannot be run ({error.strerror})"
                raise UsageError(f"{reason}: functions have no processes then; take --in-process") from error
        if self._socket is not None:
            self._socket.close()
        self._socket = ours
        for told in self._to_remove:
            text = marshal.dumps(told)
            ours.sendall(len(text).to_bytes(4, "big") + text)
        return ours


def exit_code(said: bytes) -> int:
    """The exit code that a process's socket has got, negative for a signal; SIGKILL's when the launcher is gone."""
    return int.from_bytes(said, "big", signed=True) if len(said) == 4 else -9


def _begun(own: socket.socket, took: Callable[[int], None]) -> int:
    """Let a process become its program: its id, 0 when there is none."""
    pid = int.from_bytes(own.recv(4), "big")
    if pid:
        took(pid)
        with contextlib.suppress(OSError):  # it has failed already
            own.send(b"g")
    return pid


def _check(pid: int, failed: int, program: Program) -> None:
    if failed:
        raise OSError(failed, os.strerror(failed), program.argv[0])
    if not pid:
        raise ConnectionError("the launcher of processes was killed")


def _request(program: Program) -> dict[str, Any]:
    mark = {MARK: program.mark} if program.mark else {}
    return {
        "argv": list(program.argv),
        "variables": {**program.variables, **mark},
        "folder": str(program.folder),
        "mark": f"{MARK}={program.mark}" if program.mark else "",
        "mounts": dict(program.mounts) if program.mounts else None,
    }
