"""A folder mounted at ``/tmp`` for one process and what it starts."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.limits.private_tmp import PrivateTmp, ThreadNamespace, UserNamespace, find_means, what_is_below
from tests.limits.grounds import Mounting

LOOKS = 'echo made >/tmp/file; ls /tmp; id -u; id -g; echo "$1"'
OTHER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--"]
"""How root becomes an ordinary user."""


@pytest.fixture(params=[ThreadNamespace, UserNamespace])
def means(request: pytest.FixtureRequest) -> PrivateTmp:
    """Each way that this system allows this user."""
    kind: Callable[[], PrivateTmp] = request.param
    try:
        return kind()
    except OSError as error:
        pytest.skip(f"{request.param.__name__}: {error}")


def popen(argv: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A process whose output can be read."""
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def output(means: PrivateTmp, argv: list[str], folder: Path, before: Sequence[str] = ()) -> list[str]:
    """What a process prints, in lines; ``before`` is put in front of all that is started for it."""
    with means.start(argv, folder, lambda made: popen([*before, *made])) as process:
        return process.communicate()[0].decode().splitlines()


def test_folder_is_tmp(means: PrivateTmp, tmp_path: Path) -> None:
    """The process finds the folder at ``/tmp``; its user, its group and its arguments stay as they are."""
    folder = tmp_path / "own folder"
    folder.mkdir()
    found = output(means, ["/bin/sh", "-c", LOOKS, "-", "two words"], folder)

    assert found == ["file", f"{os.getuid()}", f"{os.getgid()}", "two words"]
    assert (folder / "file").read_text() == "made\n"
    assert not Path("/tmp/file").exists()


def test_ordinary_user() -> None:
    """A user without rights keeps its number and gets none of the rights that the mount needed."""
    script = "id -u; grep CapEff /proc/self/status; echo made >/tmp/file"
    with tempfile.TemporaryDirectory() as folder:  # unlike tmp_path it can be reached by everybody
        Path(folder).chmod(0o777)
        try:
            found = output(UserNamespace(), ["/bin/sh", "-c", script], Path(folder), OTHER if os.getuid() == 0 else [])
        except OSError as error:
            pytest.skip(f"user namespaces: {error}")
        assert found == [f"{os.getuid() or 65534}", f"CapEff:\t{0:016x}"]
        assert Path(folder, "file").read_text() == "made\n"


def test_mounts_stay_inside(means: PrivateTmp, tmp_path: Path) -> None:
    """The gateway's own mounts do not change."""
    before = Path("/proc/self/mountinfo").read_text()
    output(means, ["true"], tmp_path)

    assert Path("/proc/self/mountinfo").read_text() == before


SHARED = """
import subprocess, sys
from pathlib import Path
from gateway.limits.private_tmp import ThreadNamespace

before = Path("/proc/self/mountinfo").read_text()
process = ThreadNamespace().start(["sleep", "600"], Path(sys.argv[1]), subprocess.Popen)
after = Path("/proc/self/mountinfo").read_text()
process.kill()
process.wait()
print(before == after)
"""


def test_mounts_do_not_spread(tmp_path: Path) -> None:
    """Most systems share their mounts with new namespaces, in both directions; ours stays where it is."""
    argv = ["unshare", "--mount", "--propagation", "shared", sys.executable, "-c", SHARED, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "PermissionError" in done.stderr or done.stderr.startswith("unshare:"):
        pytest.skip(f"mounting: {done.stderr.splitlines()[-1]}")

    assert done.stdout == "True\n", done.stderr


def test_program_that_is_not_there(means: PrivateTmp, tmp_path: Path) -> None:
    """It is the same error as without a mount."""
    with pytest.raises(FileNotFoundError):
        means.start(["/no/such/program"], tmp_path, popen)


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """It cannot be mounted, and nothing is started."""
    try:
        means = ThreadNamespace()
    except OSError as error:
        pytest.skip(f"mounting: {error}")
    with pytest.raises(FileNotFoundError):
        means.start(["true"], tmp_path / "missing", popen)


def missing() -> PrivateTmp:
    """A way that does not work here."""
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize(
    ("asked", "plain", "expected"), [(False, Mounting, True), (True, Mounting, True), (False, missing, False)]
)
def test_means_without_side_effects_come_first(
    asked: bool,
    plain: Callable[[], PrivateTmp],
    expected: bool,
) -> None:
    """Who may mount needs no user namespace; who may not gets one only when it is asked for."""
    found = find_means(asked=asked, plain=plain, other=UserNamespace)

    assert (type(found) is Mounting) == expected
    assert expected or found is None


def test_asked_for() -> None:
    """Who asks for a private ``/tmp`` gets it by other means."""
    assert type(find_means(asked=True, plain=missing, other=Mounting)) is Mounting


def test_asked_for_in_vain() -> None:
    """Who asks for what cannot be had is told what to do."""
    with pytest.raises(UsageError, match="--private-tmp: this user may mount nothing at /tmp; run the gateway as root"):
        find_means(asked=True, plain=missing, other=missing)


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
    """Programs, arguments, variables and folders count; ``/tmp`` itself does not."""
    assert what_is_below(argv, variables, [Path(folder) for folder in folders]) == expected


def test_links_are_followed() -> None:
    """A folder elsewhere may be a link to one below ``/tmp``."""
    with tempfile.TemporaryDirectory(dir="/tmp") as below, tempfile.TemporaryDirectory(dir="/var/tmp") as elsewhere:
        link = Path(elsewhere, "link")
        link.symlink_to(below)
        assert what_is_below(["sh"], {}, [link]) == below
