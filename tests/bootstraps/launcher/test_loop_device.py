"""A ``/tmp`` with a size, on a file as a block device."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.bootstraps.launcher.loop_device import attach
from gateway.limits.sandbox import Seen, View
from tests.bootstraps.launcher.starting import shell
from tests.limits.grounds import sandbox


@pytest.fixture
def mounts(tmp_path: Path) -> Mapping[str, str]:
    """What mounts one; skips the test where that cannot be had."""
    found = sandbox(user=False)
    if found.images is None:
        pytest.skip(found.reasons[0])
    made = View(found, Seen(512)).prepare(tmp_path)
    found.close()
    return made


def test_size(mounts: Mapping[str, str]) -> None:
    """It is empty, everybody may write there, it has its size, and beyond it nothing more."""
    found = shell("ls -A /tmp; stat -c %a /tmp; df -m /tmp | tail -1; fallocate -l 600M /tmp/x || true", mounts).split()

    assert found[0] == "1777"
    assert 500 <= int(found[2]) <= 520
    assert " ".join(found).endswith("No space left on device")


def test_kept_for_the_next_process(mounts: Mapping[str, str]) -> None:
    """A process of the same environment finds what another one wrote, and so does one that takes its place."""
    shell("echo kept >/tmp/file", mounts)

    assert shell("cat /tmp/file", mounts) == "kept\n"


@pytest.mark.usefixtures("mounts")
def test_one_device_for_one_file(tmp_path: Path) -> None:
    """Two would write over each other."""
    image = str(tmp_path / "tmp.img")
    first, name = attach(image)
    second, again = attach(image)
    os.close(first)
    os.close(second)

    assert name == again


@pytest.mark.usefixtures("mounts")
def test_the_device_is_given_back(tmp_path: Path) -> None:
    """When nobody has it open or mounted, no device has the file."""
    image = tmp_path / "tmp.img"
    os.close(attach(str(image))[0])
    files = [file.read_text() for file in Path("/sys/block").glob("loop*/loop/backing_file")]

    assert f"{image}\n" not in files


def test_no_device(tmp_path: Path) -> None:
    """What is not there cannot be attached."""
    with pytest.raises(FileNotFoundError):
        attach(str(tmp_path / "missing"))
