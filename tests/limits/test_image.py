"""Files that are file systems."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.limits.image import Images


@pytest.fixture
def images() -> Iterator[Images]:
    """What makes them; skips the test where mkfs.ext4 is missing."""
    made = Images()
    if made.problem:
        pytest.skip(made.problem)
    yield made
    made.close()


@pytest.mark.parametrize("size_mb", [512, 1000])
def test_sound(images: Images, tmp_path: Path, size_mb: int) -> None:
    """The checker of e2fsprogs finds no fault, in the second of a size as in the first."""
    check = shutil.which("e2fsck") or shutil.which("e2fsck", path="/usr/sbin:/sbin")
    if check is None:
        pytest.skip("e2fsck is missing")
    for name in ("first", "second"):
        file = images.make(tmp_path / name, size_mb)
        assert subprocess.run([check, "-fn", file], capture_output=True, check=False).returncode == 0


def test_room_for_files(images: Images, tmp_path: Path) -> None:
    """What the file system needs for itself comes on top of the size."""
    file = images.make(tmp_path / "image", 600)

    assert 600 << 20 < file.stat().st_size < 615 << 20


def test_kept_while_warm(images: Images, tmp_path: Path) -> None:
    """An image that is there stays as it is."""
    (tmp_path / "image").write_bytes(b"used")

    assert images.make(tmp_path / "image", 512).read_bytes() == b"used"


def test_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is missing."""
    monkeypatch.setattr("gateway.limits.image._WHERE", "")
    monkeypatch.setenv("PATH", "")

    assert Images().problem == "mkfs.ext4 is not there, of e2fsprogs"


def test_program_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says why, in the program's words."""
    (tmp_path / "mkfs.ext4").write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    (tmp_path / "mkfs.ext4").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    images = Images()
    images.close()

    assert images.problem == "mkfs.ext4 does not work here ([Errno 5] no room)"
