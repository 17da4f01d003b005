"""By which means the limits hold on this machine, and what is said of it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.limits.ground import Ground, NoGround
from gateway.limits.means import NO_MEANS, Means, ResourceLimits
from gateway.limits.places import ControlGroup
from gateway.limits.sandbox import Sandbox, Seen, View
from tests.limits.test_ground import tree

REASON = NoGround("none may be made in /sys/fs/cgroup (Permission denied)")


@contextmanager
def limits(sandbox: bool | None = False, opened: Callable[[Path], None] = print) -> Iterator[ResourceLimits]:
    """Limits of this machine, closed at the end."""
    made = ResourceLimits(sandbox=sandbox, opened=opened, refused=lambda _: {})
    try:
        yield made
    finally:
        made.close()


def test_found_once() -> None:
    """All functions share the folders of control groups; the gateway hears of each, to remove it when it dies."""
    opened: list[Path] = []
    with limits(opened=opened.append) as made:
        first = made.means("one", cpu_share=True)
        second = made.means("two", cpu_share=True)
        grounds = {ground for ground in (first.memory, first.cpu) if ground}
        assert first == second
        assert {ground.folder for ground in grounds} <= set(opened)

    assert not any(folder.exists() for folder in opened)


def test_version_2(tmp_path: Path) -> None:
    """Both controllers are those of one folder, beside which the gateway stands after it has moved once."""
    with limits() as made:
        made._cgroup, made._mounts = "0::/", f"1 1 0:1 / {tmp_path} rw - cgroup2 cgroup2 rw"
        tree(tmp_path, inside=f"{os.getpid()}")
        means = made.means("one", cpu_share=True)
        (folder,) = tmp_path.glob("*/")

    assert means.memory is means.cpu
    assert means.memory
    assert means.memory.folder == folder
    assert (folder / "gateway" / "cgroup.procs").read_text() == f"{os.getpid()}"


def test_folder_that_is_not_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written to ``/tmp`` would count as memory of its environment if that were a file system in memory."""
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    found = []
    for kind in ("tmpfs", "ext4"):
        with limits() as made:
            made._mounts = f"1 1 0:1 / /tmp rw - {kind} none rw"
            made._found["memory"] = ground = Ground(ControlGroup(tmp_path, 1))
            found.append(made.folder)
            ground.close()

    assert found == [Path("/var/tmp"), Path("/tmp")]


def test_controller_that_is_missing(tmp_path: Path) -> None:
    """The folder that was made before is removed again."""
    with limits() as made:
        made._cgroup, made._mounts = "0::/", f"1 1 0:1 / {tmp_path} rw - cgroup2 cgroup2 rw"
        tree(tmp_path, controllers="pids")
        assert made.means("one", cpu_share=False) == NO_MEANS

    (reason,) = made.reasons
    assert reason.endswith(f"no control groups: the controller memory is not delegated to {tmp_path}")
    assert list(tmp_path.glob("*/")) == []


def test_system_without_control_groups() -> None:
    """Such as macOS."""
    with limits() as made:
        made._cgroup = made._mounts = ""
        assert made.means("one", cpu_share=False) == NO_MEANS

    assert made.reasons == ["memory is only watched, since there are no control groups: this system shows none"]


def test_no_cpu_share_without_being_asked() -> None:
    """A share of a CPU for 128 MB would surprise most."""
    with limits() as made:
        assert made.means("one", cpu_share=False).cpu is None


def test_memory_without_control_groups() -> None:
    """It is watched; who wants to know why is told once."""
    with limits() as made:
        made._found = {"memory": REASON}
        found = [made.means(name, cpu_share=False) for name in ("one", "two")]

    assert found == [NO_MEANS, NO_MEANS]
    assert made.reasons == [f"memory is only watched, since there are no control groups: {REASON}"]


def test_no_cpu_share_without_control_groups(caplog: pytest.LogCaptureFixture) -> None:
    """One warning says why and what to do, for all functions."""
    with limits() as made:
        made._found = {"memory": REASON, "cpu": REASON}
        found = [made.means(name, cpu_share=True) for name in ("one", "two")]

    assert found == [NO_MEANS, NO_MEANS]
    (message,) = caplog.messages
    assert message == (
        f"the CPU is not limited, since there are no control groups: {REASON}; run the gateway as root, or in a "
        "control group of its own that is delegated to this user"
    )


ALL = Seen(600, Path("/layers"), Path("/code"))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("", ALL),
        ("/tmp", ALL._replace(tmp_mb=0)),
        ("/var/task", ALL._replace(task=None)),
        ("/opt", ALL._replace(opt=None)),
    ],
)
def test_nothing_of_a_function_is_hidden(place: str, expected: Seen) -> None:
    """What a mount would hide of a function is not mounted over, and the log says why unasked."""
    with limits(sandbox=True) as made:
        means = made.means("a", cpu_share=False, seen=ALL, below=lambda it: f"{it}/b" if f"{it}" == place else "")

    assert means.view
    assert means.view.seen == expected
    said = [text for text in made.missing if "size" not in text]
    assert said == ([f"a finds no {place} of its own, since {place}/b is below {place}"] if place else [])


@pytest.mark.parametrize(
    ("given", "found", "expected"),
    [
        ([None], {}, "memory by control groups, CPU share off, /tmp a folder that TMPDIR names"),
        (["mounted"], {}, "memory by control groups, CPU share off, /tmp mounted"),
        (
            ["mounted", None, "mounted"],
            {},
            "memory by control groups, CPU share off, /tmp mounted for 2 of 3 functions",
        ),
        (["mounted"], {"cpu": None}, "memory by control groups, CPU share on, /tmp mounted"),
        (
            ["mounted"],
            {"memory": REASON, "cpu": REASON},
            "memory by watching, no CPU share, /tmp mounted",
        ),
        ([], {}, "none, since no function has a process of its own"),
    ],
)
def test_in_words(tmp_path: Path, given: list[str | None], found: dict[str, NoGround | None], expected: str) -> None:
    """One line tells which means are used, if any function needs them."""
    with limits() as made:
        ground = Ground(ControlGroup(tmp_path, 1))
        made._found = {name: reason or ground for name, reason in {"memory": None, **found}.items()}
        view = View(Sandbox(user=True, refused=lambda _: {}), Seen(512))
        made._given = {str(n): Means(view=view if it else None) for n, it in enumerate(given)}
        assert str(made) == expected
        ground.close()


def test_what_only_asking_gives() -> None:
    """Who did not say that nothing is to be mounted is told how to get it."""
    with limits(sandbox=False) as made:
        made._off = False
        made._found = {"memory": REASON}
        made._given = {"one": NO_MEANS}
        assert str(made).endswith(
            "/tmp a folder that TMPDIR names, no /opt and no /var/task (--sandbox mounts all three)"
        )


def test_folder_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unpacked for a function cannot stand where its ``/tmp`` will be; a folder that the user chose can."""
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    with limits(sandbox=True) as made:
        elsewhere = made.folder
        monkeypatch.setattr("tempfile.tempdir", "/home")
        chosen = made.folder

    assert (elsewhere, chosen) == (Path("/var/tmp"), Path("/home"))
