"""A file as a block device, for a ``/tmp`` that has a size and is on disk.

Facts, from loop(4) and the kernel's ``linux/loop.h``: ``/dev/loop-control`` names a free device, ``LOOP_CONFIGURE``
(Linux 5.8) ties a file to it, and with ``LO_FLAGS_AUTOCLEAR`` it is free again when nobody has it open or mounted.  Two
devices for one file would write over each other, so one that has the file already is taken again.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct

_CONFIGURE, _GET_STATUS, _GET_FREE = 0x4C0A, 0x4C05, 0x4C82
_AUTOCLEAR = 4
_INFO = struct.Struct("=5Q4I64s64s32s2Q")
_BEFORE = struct.Struct("=2I")
_AFTER = bytes(64)
_TRIES = 20
_DEVICES = "/sys/block"


def attach(image: str) -> tuple[int, str]:
    """A descriptor, and the name, of the device of a file; while the descriptor is open, the device stays.

    Raises:
        OSError: This user, or this system, has none.
    """
    file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        return _attached(os.path.realpath(image), file) or _attach(file)
    finally:
        os.close(file)


def _attached(image: str, file: int) -> tuple[int, str] | None:
    for name in os.listdir(_DEVICES):
        if name.startswith("loop") and _backing(name) == image:
            device = os.open(f"/dev/{name}", os.O_RDWR | os.O_CLOEXEC)
            if _inode(device) == os.fstat(file).st_ino:  # else it was given back before it was open
                return device, f"/dev/{name}"
            os.close(device)
    return None


def _backing(name: str) -> str:
    try:
        with open(f"{_DEVICES}/{name}/loop/backing_file") as file:
            return file.read().rstrip("\n")
    except OSError:
        return ""


def _inode(device: int) -> int:
    """The inode of the file behind a device, 0 when there is none."""
    try:
        return int(_INFO.unpack(fcntl.ioctl(device, _GET_STATUS, bytes(_INFO.size)))[1])
    except OSError:
        return 0


def _attach(file: int) -> tuple[int, str]:
    info = _INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, _AUTOCLEAR, b"", b"", b"", 0, 0)
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_TRIES):
            name = f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}"
            device = os.open(name, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _CONFIGURE, _BEFORE.pack(file, 0) + info + _AFTER)
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:  # somebody else was quicker
                    raise
            else:
                return device, name
    finally:
        os.close(control)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), "/dev/loop-control")
