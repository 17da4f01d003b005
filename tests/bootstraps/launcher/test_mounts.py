"""What a process finds at ``/tmp``, ``/opt`` and ``/var/task``, and what it does not change for others."""

import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bootstraps.launcher.starting import reaper, run, shell
from tests.limits.grounds import sandbox


@pytest.fixture(params=["root", "ordinary user"])
def way(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Each kind of namespaces that this system allows this user."""
    return sandbox(user=request.param != "root").way


def test_tmp(way: Mapping[str, str], tmp_path: Path) -> None:
    """The process finds the folder at ``/tmp``; its user and its group stay as they are, and so does everybody's."""
    folder = tmp_path / "own folder"
    folder.mkdir()
    found = shell("echo made >/tmp/file; ls /tmp; id -u; id -g", {**way, "tmp": str(folder)})

    assert found.split() == ["file", f"{os.getuid()}", f"{os.getgid()}"]
    assert (folder / "file").read_text() == "made\n"
    assert not Path("/tmp/file").exists()


def test_task(way: Mapping[str, str], tmp_path: Path) -> None:
    """The code is seen in a second place, where it cannot be changed; what else is in ``/var`` stays where it is."""
    (tmp_path / "app.py").write_text("code\n")
    script = "cat /var/task/app.py; ls /var; touch /var/task/x 2>/dev/null || echo read-only"
    first, *others, last = shell(script, {**way, "task": str(tmp_path)}).split()

    assert (first, last) == ("code", "read-only")
    assert sorted(others) == sorted({*(entry.name for entry in Path("/var").iterdir()), "task"})


def layer(folder: Path, *names: str) -> dict[str, str]:
    """What mounts a layer with these files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("layer\n")
    return {"opt": str(folder)}


def test_opt(way: Mapping[str, str], tmp_path: Path) -> None:
    """The machine's own entries stay visible beside those of the layers, and its folder does not change."""
    before = sorted(entry.name for entry in Path("/opt").iterdir())
    own = layer(tmp_path, "a-layer/x", "a-file")
    (tmp_path / "a-link").symlink_to("a-file")
    found = shell("cat /opt/a-layer/x /opt/a-file /opt/a-link; ls /opt", {**way, **own}).split()

    assert found[:3] == ["layer"] * 3
    assert found[3:] == sorted([*before, "a-layer", "a-file", "a-link"])
    assert sorted(entry.name for entry in Path("/opt").iterdir()) == before


def test_a_layer_wins(way: Mapping[str, str], tmp_path: Path) -> None:
    """Folders of both have the entries of both; of two files, or a file and a folder, the layer's is found."""
    machine = tmp_path / "machine"
    for name in ("python/bin", "python/lib/x", "python/lib/y", "other"):
        (machine / name).parent.mkdir(parents=True, exist_ok=True)
        (machine / name).write_text("machine\n")
    own = layer(tmp_path / "layer", "python/lib/x", "python/lib/z", "other/inner")
    # The machine's is itself mounted, so that nothing of /opt is needed.
    argv = [sys.executable, "-c", MERGE, "user" if way else "", str(machine), own["opt"]]
    exit_code, printed = run(argv, folder=Path(__file__).parents[3])

    assert exit_code == 0, printed
    assert printed.splitlines() == [
        "/opt/other/inner layer",
        "/opt/python/bin machine",
        "/opt/python/lib/x layer",
        "/opt/python/lib/y machine",
        "/opt/python/lib/z layer",
    ]


MERGE = """
import sys
from pathlib import Path
from gateway.bootstraps.launcher import mounts

user, machine, layer = sys.argv[1:]
mounts.enter(bool(user))
mounts._bind(machine, "/opt")
mounts.mount("opt", layer)
for file in sorted(Path("/opt").rglob("*")):
    if file.is_file():
        print(file, file.read_text().strip())
"""


def test_mounts_stay_inside(way: Mapping[str, str], tmp_path: Path) -> None:
    """The gateway's own mounts do not change."""
    before = Path("/proc/self/mountinfo").read_text()
    shell("true", {**way, "tmp": str(tmp_path), "task": str(tmp_path), **layer(tmp_path / "opt", "x")})

    assert Path("/proc/self/mountinfo").read_text() == before


@pytest.mark.skipif(os.getuid() == 0, reason="root has rights of its own")
def test_rights(tmp_path: Path) -> None:
    """None of those that the mount needed are left: they read files that are closed to their own user."""
    found = shell("grep CapEff /proc/self/status", {**sandbox().way, "tmp": str(tmp_path)})

    assert found.split()[-1] == f"{0:016x}"


def test_folder_that_is_not_there(way: Mapping[str, str], tmp_path: Path) -> None:
    """It cannot be mounted, and nothing is started."""
    with pytest.raises(FileNotFoundError):
        shell("true", {**way, "tmp": str(tmp_path / "missing")})


def test_what_is_refused(tmp_path: Path) -> None:
    """Each of the mounts is tried by itself, so that one that is not possible does not hide the others."""
    way = sandbox().way
    with reaper() as made:
        refused = made.refused({**way, "opt": str(tmp_path), "tmp": "/no/such", "task": "/no/such"})

    assert refused == {"tmp": errno.ENOENT, "task": errno.ENOENT}
