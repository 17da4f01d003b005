"""Starts the processes of all execution environments and ends them: ``python launcher.py``, run by the gateway.

Standard input is a socket.  What the gateway asks for is a 4-byte big-endian length and a tuple of that many bytes in
the form of `marshal`; descriptors come with the length.

- ``("run", request)`` with a socket of the process, a pipe for the failure, its output, and what it inherits as
  descriptors 3, 4, …: the process id comes back on the socket, four bytes.  The process waits for a byte there before
  it becomes the program, so that it can be moved into its control groups.  The errno of a failure goes to the pipe; the
  exit code, negative for a signal, to the socket.  When the gateway closes the socket, the process is killed.
- ``("try", mounts)`` with a pipe: a line with the name and the errno of each of the mounts that is not possible.
- ``("groups", folder)``, ``("workspace", folder)``: what to remove when the gateway is gone, whatever ended it.

All that the processes start belongs to this one, the *subreaper*, when its parent has ended: see prctl(2).  So nothing
escapes by leaving its process group.  What it leaves behind while the gateway goes on is known by the variable that
marks its environment.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import time
from _socket import CMSG_SPACE, SCM_RIGHTS, SOL_SOCKET, socket  # the module above it is slow to import

TYPE_CHECKING = False  # importing typing would cost more than all of this
if TYPE_CHECKING:
    from typing import Any

    from gateway.bootstraps.launcher import child
else:
    import child  # beside this file, which Python puts first on the path

_DESCRIPTORS = 16
_END_LIMIT_S = 5.0
_LOOK_S = 0.01
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C reaches a whole terminal, and this process must be the last to go."""


class Launcher:
    """The processes that were started and have not ended, each with its socket and its mark."""

    def __init__(self, requests: socket) -> None:
        self._requests = requests
        self._poll = select.poll()
        self._poll.register(requests.fileno(), select.POLLIN)
        self._processes: dict[int, tuple[int, str]] = {}
        self._sockets: dict[int, int] = {}
        self._groups: list[str] = []
        self._workspaces: list[str] = []
        self._wakes, wakes = os.pipe()
        os.set_blocking(wakes, False)
        self._poll.register(self._wakes, select.POLLIN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        self.adopts = child.adopt_orphans()

    def run(self) -> None:
        """Do what is asked for until the gateway is gone; then end what is left."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._wakes:
                    os.read(self._wakes, 4096)
                    self._reap()
                elif descriptor in self._sockets:  # nobody waits for its end any more
                    _signal_group(self._sockets[descriptor])
                    self._poll.unregister(descriptor)
                elif descriptor == self._requests.fileno() and not self._serve():
                    self._end()
                    return

    def _serve(self) -> bool:
        """Do one thing that is asked for; False when the gateway is gone."""
        head, descriptors = self._head()
        if len(head) < 4:
            return False
        text = b""
        while missing := int.from_bytes(head, "big") - len(text):
            if not (piece := self._requests.recv(missing)):
                return False
            text += piece
        what, given = marshal.loads(text)  # noqa: S302 - from the gateway that has started this process
        if what == "run":
            self._run(given, descriptors)
        elif what == "try":
            child.attempt(given, *descriptors)
        else:
            (self._groups if what == "groups" else self._workspaces).append(given)
        return True

    def _head(self) -> tuple[bytes, list[int]]:
        head, ancillary, _, _ = self._requests.recvmsg(4, CMSG_SPACE(_DESCRIPTORS * 4))
        descriptors: list[int] = []
        for level, kind, data in ancillary:
            if (level, kind) == (SOL_SOCKET, SCM_RIGHTS):
                descriptors += memoryview(data[: len(data) - len(data) % 4]).cast("i")
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return head, descriptors

    def _run(self, request: dict[str, Any], descriptors: list[int]) -> None:
        own, failure, *others = descriptors
        pid = child.start(request, own, failure, others)
        for descriptor in (failure, *others):
            os.close(descriptor)
        if pid:
            _write(own, pid)
            self._processes[pid] = own, request["mark"]
            self._sockets[own] = pid
            self._poll.register(own, 0)
        else:
            os.close(own)

    def _reap(self) -> None:
        """Take note of who has ended, and kill the rest of its group."""
        try:
            while ended := _next_ended():
                if ended in self._processes:
                    _signal_group(ended)
                pid, status = os.waitpid(ended, os.WNOHANG)
                if not pid:
                    return
                if pid in self._processes:
                    if ended < 0:
                        _signal_group(pid)
                    self._tell(pid, os.waitstatus_to_exitcode(status))
        except ChildProcessError:  # there is none any more
            pass

    def _tell(self, pid: int, code: int) -> None:
        own, mark = self._processes.pop(pid)
        if own in self._sockets:
            del self._sockets[own]
        try:
            self._poll.unregister(own)
        except KeyError:  # nobody waits
            pass
        if mark and all(mark != other for _, other in self._processes.values()):
            _kill_all([pid for pid in _descendants(os.getpid()) if child.has_mark(pid, mark)])
        _write(own, code)
        os.close(own)

    def _end(self) -> None:
        """End all processes, then remove what is there for them."""
        for pid in self._processes:
            _signal_group(pid)
        deadline = time.monotonic() + _END_LIMIT_S
        while time.monotonic() < deadline:
            _kill_all(_descendants(os.getpid()))
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                break
            time.sleep(_LOOK_S)
        for folder in self._groups:
            _remove_groups(folder, deadline)
        if self._workspaces:
            import shutil  # noqa: PLC0415 - slow to import, and only the end needs it

            for folder in self._workspaces:
                shutil.rmtree(folder, ignore_errors=True)


def _write(own: int, number: int) -> None:
    try:
        os.write(own, number.to_bytes(4, "big", signed=True))
    except OSError:  # nobody waits for it any more
        pass


def _next_ended() -> int:
    """A child that has ended and is not forgotten yet, so that its number is nobody else's; 0 when there is none.

    Python has no ``waitid`` on macOS before 3.13; -1 stands for any child there.
    """
    if not hasattr(os, "waitid"):
        return -1
    found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return found.si_pid if found else 0


def _signal_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:  # not there yet, or gone
        _kill_all([pid])


def _kill_all(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def _descendants(pid: int) -> list[int]:
    """All processes below one, none where the system does not tell."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found + [lower for it in found for lower in _descendants(it)]


def _remove_groups(folder: str, deadline: float) -> None:
    """Remove control groups with whatever is in them, and their folder."""
    try:
        groups = [f"{folder}/{name}" for name in os.listdir(folder) if name.isdigit()]
    except OSError:
        return
    for group in groups:
        while os.path.isdir(group) and not _removed(group) and time.monotonic() < deadline:
            _kill_all(_processes_in(group))
            time.sleep(_LOOK_S)
    _removed(folder)


def _removed(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True


def _processes_in(group: str) -> list[int]:
    try:
        with open(f"{group}/cgroup.procs") as file:
            return [int(line) for line in file.read().split()]
    except OSError:
        return []


def main() -> None:
    """Serve the socket that is standard input."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    Launcher(socket(fileno=0)).run()


if __name__ == "__main__":
    main()
