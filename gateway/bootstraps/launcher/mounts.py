"""What a function's processes find at ``/tmp``, ``/opt`` and ``/var/task``: mounts that nobody else sees.

Facts, from mount_namespaces(7) and user_namespaces(7): a process with one thread can leave its mount namespace, as an
ordinary user together with its user namespace; there it has all rights until it becomes another program.  Its user
keeps its number, files of others seem to belong to nobody, and programs that are set-user-ID lose that.

A folder that is not there cannot be mounted over, and making it would leave it behind.  So a folder gets a new
*tree*: an empty file system in memory into which each entry of the old one is bound, and others beside.
"""

from __future__ import annotations

import ctypes
import os
import stat

TYPE_CHECKING = False  # importing typing would cost more than all of this
if TYPE_CHECKING:
    from collections.abc import Callable

_NEWNS, _NEWUSER = 0x0002_0000, 0x1000_0000
_RDONLY, _REMOUNT, _NOATIME, _BIND, _REC, _SLAVE = 0x1, 0x20, 0x400, 0x1000, 0x4000, 0x8_0000
_KEPT = 0x2 | 0x4 | 0x8 | 0x400 | 0x800
"""Flags of a mount that a user may not take from it: nosuid, nodev, noexec, noatime, nodiratime."""

libc = ctypes.CDLL(None, use_errno=True)


def enter(user: bool) -> None:
    """Leave the mount namespace, and the user's with it where he may not mount.

    Raises:
        OSError: The system does not allow it.
    """
    uid, gid = os.getuid(), os.getgid()
    _check(libc.unshare(_NEWNS | (_NEWUSER if user else 0)), "unshare")
    if user:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")
    _mount("none", "/", flags=_REC | _SLAVE)  # mounts of the system still come and go here, ours stay here


def mount(name: str, source: str) -> None:
    """Mount what is wanted: one of `NAMES`, and the folder or the device.

    Raises:
        OSError: The system does not allow it.
    """
    NAMES[name](source)


def _mount_tmp(folder: str) -> None:
    _bind(folder, "/tmp")  # noqa: S108 - not a file in it


def _mount_device(device: str) -> None:
    """An ext4 file system, of which deleted files take no place on disk."""
    _mount(device, "/tmp", "ext4", _NOATIME, "discard")  # noqa: S108 - as above
    os.chmod("/tmp", 0o1777)  # noqa: S103, S108 - as on Lambda
    try:
        os.rmdir("/tmp/lost+found")  # noqa: S108 - as above
    except FileNotFoundError:  # it was mounted before
        pass


def _mount_task(folder: str) -> None:
    if os.path.isdir("/var/task"):
        _bind(folder, "/var/task", read_only=True)
    else:
        _grow("/var", {"task": folder})


def _mount_opt(folder: str) -> None:
    _grow("/opt", {name: f"{folder}/{name}" for name in os.listdir(folder)})


def _grow(place: str, added: dict[str, str]) -> None:
    """Give a folder a new tree with its entries and others, which win."""
    old = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    _mount("tmpfs", place, "tmpfs", 0, "mode=755,size=1m")
    _merge(f"/proc/self/fd/{old}", added, place)
    os.close(old)


def _merge(old: str, added: dict[str, str], place: str) -> None:
    entries = {name: f"{old}/{name}" for name in os.listdir(old)}
    for name, source in {**entries, **added}.items():
        target = f"{place}/{name}"
        if name in added and name in entries and _is_folder(source) and _is_folder(entries[name]):
            os.mkdir(target)
            _merge(entries[name], {inner: f"{source}/{inner}" for inner in os.listdir(source)}, target)
        else:
            _put(source, target, read_only=name in added)


def _put(source: str, target: str, *, read_only: bool) -> None:
    mode = os.lstat(source).st_mode
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(source), target)
        return
    if stat.S_ISDIR(mode):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    _bind(source, target, read_only=read_only)


def _is_folder(path: str) -> bool:
    return stat.S_ISDIR(os.lstat(path).st_mode)


def _bind(source: str, target: str, *, read_only: bool = False) -> None:
    _mount(source, target, flags=_BIND | _REC)
    if read_only:
        kept = os.statvfs(target).f_flag & _KEPT
        _mount("none", target, flags=_REMOUNT | _BIND | _RDONLY | kept)


def _mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _check(libc.mount(*texts, ctypes.c_ulong(flags), None if data is None else data.encode()), target)


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _write(file: str, text: str) -> None:
    with open(file, "w") as opened:
        opened.write(text)


NAMES: dict[str, Callable[[str], None]] = {
    "opt": _mount_opt,
    "task": _mount_task,
    "size": _mount_device,
    "tmp": _mount_tmp,
}
"""What can be mounted, in the order to keep: what ``/tmp`` hides may be needed for the others."""
