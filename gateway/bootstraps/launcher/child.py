"""From a copy of the launcher to a function's process: what happens between fork and exec."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal

TYPE_CHECKING = False  # importing typing would cost more than all of this
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from gateway.bootstraps.launcher import loop_device, mounts
else:  # beside this file, which Python puts first on the path
    import loop_device
    import mounts

_DEFAULT = ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE", "SIGXFSZ", "SIGCHLD")
"""What the launcher, or Python, handles in another way than a program expects."""

_DESCRIPTORS = 1024
"""RLIMIT_NOFILE inside a function, as it was recorded on Lambda."""

_FREE = 64
"""The first number of descriptors that the program does not get."""

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Become the parent of all processes below this one whose own has ended; tells whether the system knows that."""
    return hasattr(mounts.libc, "prctl") and int(mounts.libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0


def has_mark(pid: int, mark: str) -> bool:
    """Whether a process has this variable, ``NAME=value``: all that an environment's have started has it as well."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark.encode() in file.read().split(b"\0")
    except OSError:
        return False


def start(request: dict[str, Any], own: int, failure: int, others: list[int]) -> int:
    """Fork, and become the program there: the process id, 0 when that is not possible and ``failure`` has the errno."""
    try:
        device = _attach(request["mounts"])
        pid = os.fork()
    except OSError as error:
        _report(failure, error)
        return 0
    if pid == 0:
        _become(request, own, failure, others)
    if device >= 0:
        os.close(device)  # the new process has it still
    return pid


def attempt(wanted: dict[str, str], failure: int) -> None:
    """Try each of the mounts in a process of its own and say which are not possible."""
    if os.fork():
        os.close(failure)
        return
    try:
        refused = _refused(wanted)
        os.write(failure, "".join(f"{name} {number}\n" for name, number in refused.items()).encode())
    finally:
        os._exit(0)


def _refused(wanted: dict[str, str]) -> dict[str, int]:
    refused: dict[str, int] = {}
    try:
        _attach(wanted)
    except OSError as error:
        del wanted["size"]
        refused["size"] = error.errno or 1
    try:
        mounts.enter(bool(wanted.get("user")))
    except OSError as error:
        return {"namespace": error.errno or 1}
    for name in mounts.NAMES:
        try:
            if name in wanted:
                mounts.mount(name, wanted[name])
        except OSError as error:
            refused[name] = error.errno or 1
    return refused


def _attach(wanted: dict[str, str] | None) -> int:
    """Let the image have a device: its descriptor, -1 where there is no image."""
    if not wanted or "size" not in wanted:
        return -1
    device, wanted["size"] = loop_device.attach(wanted["size"])
    return device


def _become(request: dict[str, Any], own: int, failure: int, others: list[int]) -> NoReturn:
    failure = _out_of_the_way(failure)
    try:
        own, others = _out_of_the_way(own), [_out_of_the_way(it) for it in others]
        os.setsid()
        for name in _DEFAULT:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if wanted := request["mounts"]:
            mounts.enter(bool(wanted.get("user")))
            for name in filter(wanted.get, mounts.NAMES):
                mounts.mount(name, wanted[name])
        os.chdir(request["folder"])
        if not os.read(own, 1):
            os._exit(1)  # nobody waits for this process any more
        _inherit(others)
        os.execvpe(request["argv"][0], request["argv"], request["variables"])
    except (OSError, ValueError) as error:  # ValueError: a NUL in a text
        _report(failure, error)
    finally:
        os._exit(127)


def _out_of_the_way(descriptor: int) -> int:
    """The same with a number that nothing is to have in the program."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FREE)


def _inherit(others: list[int]) -> None:
    """Empty input, the output for both streams, and what else is given as 3, 4, …; no more than Lambda's limit."""
    output, *given = others
    for number, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), output, output, *given)):
        os.dup2(descriptor, number)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def _report(failure: int, error: OSError | ValueError) -> None:
    try:
        os.write(failure, b"%d" % (getattr(error, "errno", 0) or errno.EINVAL))
    except OSError:  # nobody waits
        pass
