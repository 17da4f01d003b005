"""Tells the processes of an execution environment from all others at the other end of a loopback connection.

Facts, from the manual of Linux ("sock_diag(7)", "proc_net(5)", "proc_pid_fd(5)", "proc_tid_children(5)")

- The kernel names a socket by its two addresses, with its inode and its user; ``/proc/net/tcp`` has the same as a table
  of all sockets, whose reading takes up to 25 ms where the kernel's table is large, against 15 us.
- ``/proc/PID/fd`` has a link ``socket:[INODE]`` for each socket that a process holds.
- A socket for IPv6 that is connected to an IPv4 address, as those of Java, is in ``/proc/net/tcp6``.
"""

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from gateway.types import Address

_MOST_PROCESSES: Final = 1_000
"""That are looked at."""
_MOST_DESCRIPTORS: Final = 16_384
"""Of those, for one connection; a function may have as many as it likes.  They take about 30 ms."""

_HEADER: Final = struct.Struct("=IHHII")
_ADDRESSES: Final = struct.Struct("!HH4s12x4s12x")
_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_REQUEST: Final = struct.Struct("=BBBBI")
_ANY: Final = struct.pack("=III", 0, 0xFFFF_FFFF, 0xFFFF_FFFF)
"""Of an interface, and no cookie."""
_OWNER: Final = struct.Struct("=II")
_OWNER_AT: Final = _HEADER.size + 4 + 48 + 12


class Owner(NamedTuple):
    """Who has a socket."""

    inode: int
    user: int


class Peers:
    """The processes that one environment consists of, by what is asked at each look.

    Args:
        roots: The processes that were started for it and run; what they have started belongs to it as well.
        group: The processes in its control groups, where it has any: also those that have left their parents.
        most_descriptors: How many are looked at before the answer is no.
    """

    def __init__(
        self,
        roots: Callable[[], Iterable[int]],
        group: Callable[[], Iterable[int]] = tuple,
        most_descriptors: int = _MOST_DESCRIPTORS,
    ) -> None:
        self._roots = roots
        self._group = group
        self._most_descriptors = most_descriptors

    def include(self, owner: Owner) -> bool:
        """Whether one of them holds a socket, or may: of a process that hides its descriptors nothing is known."""
        wanted, left = f"socket:[{owner.inode}]", self._most_descriptors
        for number, process in enumerate(self._processes()):
            held = _sockets(process, left)
            if held is None or wanted in held:
                return True
            left -= len(held)
            if left <= 0 or number >= _MOST_PROCESSES:
                break
        return False

    def _processes(self) -> Iterator[int]:
        """The nearest first, since it is nearly always the runtime itself."""
        found, seen = list(self._roots()), set[int]()
        for process in found:
            if process not in seen:
                seen.add(process)
                yield process
                found += _children(process)
        yield from set(self._group()) - seen


def can_tell() -> bool:
    """Whether this system says who is at the other end of a connection: Linux does, with ``/proc``."""
    return sys.platform == "linux" and Path(f"/proc/self/task/{os.getpid()}/children").exists()


def owner_of(client: Address, server: Address) -> Owner | None:
    """Who has the client's end of a connection over IPv4 on this machine; None when it is not there any more.

    Raises:
        OSError: The system does not say it.
    """
    try:
        return _asked(client, server)
    except OSError:  # also for want of the kernel's module
        return owner_in_tables(client, server)


def _asked(client: Address, server: Address) -> Owner:
    ends = _ADDRESSES.pack(client[1], server[1], socket.inet_aton(client[0]), socket.inet_aton(server[0]))
    request = _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFF_FFFF) + ends + _ANY
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, _NETLINK_SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, 1, 0, 0) + request)
        reply = kernel.recv(4096)
    if len(reply) < _OWNER_AT + _OWNER.size or _HEADER.unpack_from(reply)[1] != _SOCK_DIAG_BY_FAMILY:
        raise OSError("the kernel knows no such socket")
    user, inode = _OWNER.unpack_from(reply, _OWNER_AT)
    return Owner(inode, user)


def owner_in_tables(client: Address, server: Address) -> Owner | None:
    """The same by reading the tables of all sockets."""
    for table, prefix in (("tcp", b""), ("tcp6", bytes(10) + b"\xff\xff")):
        rows = Path(f"/proc/net/{table}").read_bytes()
        if owner := find_row(rows, _shown(client, prefix), _shown(server, prefix)):
            return owner
    return None


def find_row(rows: bytes, local: bytes, remote: bytes) -> Owner | None:
    """The owner in a table of sockets, by both ends as the table has them; None when it has no such row."""
    at = rows.find(b": %b %b " % (local, remote))
    if at < 0:
        return None
    fields = rows[at : at + 300].split()
    return Owner(int(fields[9]), int(fields[7]))


def _shown(address: Address, prefix: bytes) -> bytes:
    """An address as the tables have it: words of 32 bits in the machine's order, in hexadecimal digits."""
    whole = prefix + socket.inet_aton(address[0])
    words = (int.from_bytes(whole[at : at + 4], sys.byteorder) for at in range(0, len(whole), 4))
    return b"".join(b"%08X" % word for word in words) + b":%04X" % address[1]


def _sockets(process: int, most: int) -> list[str] | None:
    """What the descriptors of a process lead to; none when it has ended, None when it may not be looked at."""
    targets: list[str] = []
    try:
        with os.scandir(f"/proc/{process}/fd") as descriptors:
            for descriptor in islice(descriptors, most):
                targets.append("")
                with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                    targets[-1] = os.readlink(descriptor.path)  # noqa: PTH115 - a Path of each takes longer
    except PermissionError:  # also for one that has ended, which has none any more
        return [] if _has_ended(process) else None
    except OSError:
        return []
    return targets


def _has_ended(process: int) -> bool:
    """Whether only its exit code is left of a process, which its parent has not asked for: a zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return True
    return state in {b"Z", b"X"}


def _children(process: int) -> list[int]:
    """The processes that the threads of a process have started and that have not ended."""
    children: list[int] = []
    with contextlib.suppress(OSError), os.scandir(f"/proc/{process}/task") as threads:  # until it has ended
        for thread in islice(threads, _MOST_PROCESSES):
            children += map(int, Path(thread.path, "children").read_bytes().split())
    return children
