"""Where a gateway's control groups stand, and who else is there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.limits.ground import PREFIX, Ground, NoGround
from gateway.limits.places import ControlGroup
from tests.limits.grounds import UNIFIED, area, ground, sleeper
from tests.targets.hosting import DEADLINE_S

OWNER = """
import sys, time
from pathlib import Path
from gateway.limits.ground import Ground
from gateway.limits.places import ControlGroup

ground = Ground(ControlGroup(Path(sys.argv[1]), int(sys.argv[2])))
print(ground.group().folder, flush=True)
time.sleep(600)
"""


def tree(folder: Path, controllers: str = "cpu memory", inside: str = "", *, root: bool = False) -> ControlGroup:
    """A folder with the files that a group of version 2 has, as far as they are read."""
    files = {"cgroup.controllers": controllers, "cgroup.subtree_control": "", "cgroup.procs": inside}
    for name, text in {**files, **({} if root else {"cgroup.type": "domain"})}.items():
        (folder / name).write_text(f"{text}\n")
    return ControlGroup(folder, 2)


def written(folder: Path) -> str:
    """Which controller the groups below one were given last."""
    return (folder / "cgroup.subtree_control").read_text()


@pytest.mark.parametrize("controller", ["memory", UNIFIED])
def test_groups_and_their_end(controller: str) -> None:
    """Each group is new; closing ends their processes and leaves nothing."""
    with ground(controller) as made, sleeper() as process:
        first, second = made.group(), made.group()
        assert first.folder != second.folder
        first.take(process.pid)
        made.close()
        assert process.wait(DEADLINE_S) == -9
        assert not made.folder.exists()


@pytest.mark.parametrize("controller", ["memory", UNIFIED])
def test_sweep(controller: str) -> None:
    """What a killed gateway has left is removed by the next one, with its processes; a living one keeps its own."""
    with area(controller) as where, sleeper() as process:
        living = Ground(where)
        kept = living.group()
        argv = [sys.executable, "-c", OWNER, str(where.folder), str(where.version)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as owner:
            assert owner.stdout
            left = Path(owner.stdout.readline().strip())
            owner.kill()
        (left / "cgroup.procs").write_text(f"{process.pid}")
        Ground(where).close()
        code = process.wait(DEADLINE_S)
        folders = [left.parent.exists(), kept.folder.is_dir()]
        living.close()

    assert (code, folders) == (-9, [False, True])


def test_no_rights(tmp_path: Path) -> None:
    """The reason names the folder."""
    with pytest.raises(NoGround, match=r"none may be made in .*/missing \(No such file"):
        Ground(ControlGroup(tmp_path / "missing", 1))


def test_version_1_delegates_nothing(tmp_path: Path) -> None:
    """Every group of a tree of version 1 has its controller."""
    Ground(ControlGroup(tmp_path, 1)).enable("memory")

    assert [path.name[: len(PREFIX)] for path in tmp_path.rglob("*")] == [PREFIX]


def test_delegation(tmp_path: Path) -> None:
    """The gateway leaves its own group, so that the groups below may have the controller."""
    made = Ground(tree(tmp_path, inside=f"{os.getpid()}"))
    made.enable("memory")

    assert (made.folder / "gateway" / "cgroup.procs").read_text() == f"{os.getpid()}"
    assert [written(tmp_path), written(made.folder)] == ["+memory", "+memory"]


@pytest.mark.parametrize(("inside", "root"), [("", False), ("1\n2\n3", True)])
def test_delegation_without_a_move(tmp_path: Path, inside: str, *, root: bool) -> None:
    """A group without processes of its own needs none, nor does the root of the tree."""
    made = Ground(tree(tmp_path, inside=inside, root=root))
    made.enable("memory")

    assert not (made.folder / "gateway").exists()
    assert [written(tmp_path), written(made.folder)] == ["+memory", "+memory"]


def test_delegation_that_is_there(tmp_path: Path) -> None:
    """What the groups below have already is not asked for again, whoever is in this one."""
    where = tree(tmp_path, inside="1")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    made = Ground(where)
    made.enable("memory")

    assert [written(tmp_path), written(made.folder)] == ["memory pids\n", "+memory"]


def test_others_are_not_moved(tmp_path: Path) -> None:
    """A group that is shared, such as a login session's, stays as it is."""
    made = Ground(tree(tmp_path, inside=f"1\n{os.getpid()}"))
    with pytest.raises(NoGround, match=f"other processes are in {tmp_path} too"):
        made.enable("memory")

    assert written(tmp_path) == "\n"


def test_controller_that_is_not_delegated(tmp_path: Path) -> None:
    """The reason names the controller."""
    made = Ground(tree(tmp_path, controllers="pids"))
    with pytest.raises(NoGround, match=f"the controller memory is not delegated to {tmp_path}"):
        made.enable("memory")


def test_way_back(tmp_path: Path) -> None:
    """At the end the gateway gives the controllers back and goes where it was."""
    made = Ground(tree(tmp_path, inside=f"{os.getpid()}"))
    made.enable("memory")
    (tmp_path / "cgroup.procs").write_text("")
    made.close()

    assert [written(tmp_path), written(made.folder)] == ["-memory", "-memory"]
    assert (tmp_path / "cgroup.procs").read_text() == f"{os.getpid()}"
