"""What can be mounted on this machine for the processes of functions, and what is said of the rest."""

import errno
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.limits.sandbox import PLACES, Refused, Sandbox, Seen, View, find_sandbox, what_is_below


def refusing(**refused: int) -> Refused:
    """A system that refuses some mounts with an errno."""
    return lambda _: refused


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        ({}, ["the size of /tmp is not kept: only root can mount a file system"]),
        (
            {"opt": errno.EPERM},
            [
                "functions find no /opt of their own: Operation not permitted",
                "the size of /tmp is not kept: only root can mount a file system",
            ],
        ),
    ],
)
def test_what_cannot_be_had(refused: dict[str, int], expected: list[str]) -> None:
    """Each thing has its reason, and is not asked for again."""
    sandbox = Sandbox(user=True, refused=refusing(**refused))

    assert sandbox.reasons == expected
    assert [name for name in PLACES if not sandbox.allows(name)] == list(refused)


def test_size_that_cannot_be_mounted() -> None:
    """Containers often have no loop devices: ``/tmp`` is a folder then."""
    sandbox = Sandbox(user=False, refused=refusing(size=errno.ENOENT))
    if sandbox.images is None and "mkfs" in sandbox.reasons[0]:
        pytest.skip(sandbox.reasons[0])

    assert sandbox.reasons == [
        "the size of /tmp is not kept: no loop device can be mounted (No such file or directory)"
    ]
    assert sandbox.images is None


def test_all_is_tried() -> None:
    """What is asked for later was tried once, in the same kind of namespace."""
    tried: list[Mapping[str, str]] = []

    def refused(mounts: Mapping[str, str]) -> Mapping[str, int]:
        tried.append(mounts)
        return {}

    for user in (True, False):
        Sandbox(user=user, refused=refused).close()

    assert [sorted(mounts.keys() - {"size"}) for mounts in tried] == [
        ["opt", "task", "tmp", "user"],
        ["opt", "task", "tmp"],
    ]


def test_view(tmp_path: Path) -> None:
    """Only what is to be found is mounted; the folder for ``/tmp`` has its mode, also for the next environment."""
    sandbox = Sandbox(user=True, refused=refusing())
    nothing = View(sandbox, Seen()).prepare(tmp_path)
    for _ in range(2):
        everything = View(sandbox, Seen(512, Path("/layers"), Path("/code"))).prepare(tmp_path)

    assert nothing == {"user": "yes"}
    assert everything == {"user": "yes", "opt": "/layers", "task": "/code", "tmp": f"{tmp_path}/tmp"}
    assert stat.S_IMODE((tmp_path / "tmp").stat().st_mode) == 0o1777


def test_view_with_a_size(tmp_path: Path) -> None:
    """Where a file system can be mounted, it is one of that size, which takes no place until something is written."""
    sandbox = Sandbox(user=False, refused=refusing())
    if sandbox.images is None:
        pytest.skip(sandbox.reasons[0])
    mounts = View(sandbox, Seen(600)).prepare(tmp_path)
    sandbox.close()
    file = Path(mounts["size"])

    assert file == tmp_path / "tmp.img"
    assert 600 << 20 < file.stat().st_size < 620 << 20
    assert file.stat().st_blocks * 512 < 1 << 20


@pytest.mark.parametrize("asked", [True, False])
def test_who_may_not_mount(monkeypatch: pytest.MonkeyPatch, *, asked: bool) -> None:
    """An ordinary user gets a user namespace, and only when it is asked for."""
    monkeypatch.setattr("gateway.limits.sandbox._may_mount", lambda: False)
    found = find_sandbox(asked=asked, refused=refusing())

    assert (found.way if found else None) == ({"user": "yes"} if asked else None)


def test_asked_for_in_vain() -> None:
    """Who asks for what cannot be had is told what to do; who does not ask goes on without."""
    with pytest.raises(
        UsageError, match=r"^--sandbox: this user may mount nothing \(Operation not permitted\); run the"
    ):
        find_sandbox(asked=True, refused=refusing(namespace=errno.EPERM))

    assert find_sandbox(asked=False, refused=refusing(namespace=errno.EPERM)) is None


@pytest.mark.parametrize(
    ("argv", "variables", "folders", "expected"),
    [
        (["sh"], {}, ["/", "/tmp", "/usr/tmp/x"], ""),
        (["/tmp/python"], {}, [], "/tmp/python"),
        (["sh", "/tmp/app.py"], {}, [], "/tmp/app.py"),
        (["sh", "app.py"], {"PATH": "/bin:/tmp/venv/bin", "B": "tmp/x"}, [], "/tmp/venv/bin"),
        (["sh"], {"HOME": "/tmp"}, [], ""),
        (["sh"], {}, ["/opt", "/tmp/layers"], "/tmp/layers"),
        (["no-such-program"], {}, [], ""),
    ],
)
def test_what_is_below(argv: list[str], variables: dict[str, str], folders: list[str], expected: str) -> None:
    """Programs, arguments, variables and folders count; the place itself does not."""
    assert what_is_below(Path("/tmp"), argv, variables, [Path(folder) for folder in folders]) == expected


def test_links_are_followed() -> None:
    """A folder elsewhere may be a link to one below ``/tmp``."""
    with tempfile.TemporaryDirectory(dir="/tmp") as below, tempfile.TemporaryDirectory(dir="/var/tmp") as elsewhere:
        link = Path(elsewhere, "link")
        link.symlink_to(below)
        assert what_is_below(Path("/tmp"), ["sh"], {}, [link]) == below


def test_what_only_lambda_has() -> None:
    """A variable with one of Lambda's paths means what is going to be mounted, not what this machine has."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as machine:
        variables = {"LD_LIBRARY_PATH": f"{machine}/missing:{machine}/lib"}
        before = what_is_below(Path(machine), ["sh"], variables, [])
        Path(machine, "lib").touch()
        after = what_is_below(Path(machine), ["sh"], variables, [])

    assert (before, after) == ("", f"{machine}/lib")
