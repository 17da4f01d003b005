"""What tests of limits share: control groups of this machine, where it has any for this user."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.limits.ground import Ground, NoGround
from gateway.limits.places import ControlGroup, place_of
from gateway.limits.sandbox import Sandbox, Seen, View
from gateway.targets.reaper import Reaper

UNIFIED = "unified"
"""Stands for the tree of version 2, whatever controllers it has."""


def place(controller: str) -> ControlGroup:
    """Where this process is in a controller's tree; skips the test when there is none."""
    groups, mounts = (Path("/proc/self", name).read_text() for name in ("cgroup", "mountinfo"))
    found = place_of(controller, groups.replace(":memory:", ":other:") if controller == UNIFIED else groups, mounts)
    if found is None:
        pytest.skip(f"this system shows no control groups with {controller}")
    return found


@contextmanager
def ground(controller: str) -> Iterator[Ground]:
    """The ground for groups with a controller; skips the test where none can be made."""
    try:
        made = Ground(place(controller))
    except NoGround as reason:
        pytest.skip(f"control groups: {reason}")
    try:
        if controller != UNIFIED:
            made.enable(controller)
        yield made
    except NoGround as reason:
        pytest.skip(f"control groups: {reason}")
    finally:
        made.close()


@contextmanager
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does nothing, killed at the end."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def area(controller: str) -> Iterator[ControlGroup]:
    """A place in a controller's tree that no other gateway knows, and that is left empty."""
    where = place(controller)
    try:
        folder = Path(tempfile.mkdtemp(prefix="test-", dir=where.folder))
    except OSError as error:
        pytest.skip(f"control groups: {error}")
    try:
        yield ControlGroup(folder, where.version)
    finally:
        folder.rmdir()


def quota_us(folder: Path) -> int:
    """How long a group may run in each period, -1 for all the time."""
    file = folder / "cpu.cfs_quota_us"
    text = file.read_text() if file.exists() else (folder / "cpu.max").read_text().split()[0]
    return -1 if text == "max" else int(text)


def sandbox(*, user: bool = True) -> Sandbox:
    """What can be mounted on this machine; skips the test where nothing can."""
    reaper = Reaper()
    try:
        return Sandbox(user=user, refused=reaper.refused)
    except OSError as error:
        pytest.skip(f"mounting: {error}")
    finally:
        reaper.close()


def view(*, tmp_mb: int = 512) -> View:
    """A folder of its own at ``/tmp``, and nothing else."""
    return View(sandbox(), Seen(tmp_mb))
