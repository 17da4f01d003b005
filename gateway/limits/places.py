"""Where this process stands in the trees of control groups.

Facts, from cgroups(7) and proc(5): version 1 has a tree for each controller or a few of them, version 2 has one tree
for all; both may be mounted at once, and a controller then belongs to one of them.  ``/proc/self/cgroup`` has a line
``number:controllers:path`` for each tree, of version 2 with number 0 and no controllers.  The path begins at the tree's
root; a mount may show only a part of the tree, which begins at the mount's own root.
"""

import re
from pathlib import Path
from typing import NamedTuple


class ControlGroup(NamedTuple):
    """The control group that this process is in: its folder, and the version of its tree, 1 or 2."""

    folder: Path
    version: int


def place_of(controller: str, groups: str, mounts: str) -> ControlGroup | None:
    """The place in the tree that has a controller; version 2's when no tree of version 1 has it, None without one.

    Args:
        controller: Such as ``memory``.
        groups: What ``/proc/self/cgroup`` says.
        mounts: What ``/proc/self/mountinfo`` says.
    """
    for version, wanted in ((1, controller), (2, "")):
        for line in groups.splitlines():
            _, names, path = line.split(":", 2)
            if wanted not in names.split(","):
                continue
            for fields, source in map(_halves, mounts.splitlines()):
                if _shows(source, version, controller) and (folder := _below(path, fields[3], fields[4])):
                    return ControlGroup(folder, version)
    return None


def file_system_of(folder: Path, mounts: str) -> str:
    """The kind of file system that a folder is on, such as ``tmpfs``; "" when the mounts do not tell."""
    found, kind = Path(), ""
    for fields, source in map(_halves, mounts.splitlines()):
        mount_point = _plain(fields[4])
        if folder.is_relative_to(mount_point) and len(mount_point.parts) >= len(found.parts):
            found, kind = mount_point, source[0]
    return kind


def _halves(line: str) -> tuple[list[str], list[str]]:
    """A line of ``mountinfo``: the fields of the mount, and those of what is mounted."""
    mount, _, source = line.partition(" - ")
    return mount.split(" "), source.split(" ")


def _shows(source: list[str], version: int, controller: str) -> bool:
    if version == 2:
        return source[0] == "cgroup2"
    return source[0] == "cgroup" and controller in source[-1].split(",")


def _below(path: str, root: str, mount_point: str) -> Path | None:
    """The folder of a control group under a mount that shows the tree from ``root`` on; None when it does not."""
    if path != root and not path.startswith(root.rstrip("/") + "/"):
        return None
    return _plain(mount_point) / path.removeprefix(root).lstrip("/")


def _plain(mount_point: str) -> Path:
    """The folder without the octal numbers that stand for spaces."""
    return Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), mount_point))
