"""What only its user can read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.private_files import (
    make_private_folder,
    open_private_log,
    read_private,
    write_private,
    write_private_once,
)


@pytest.fixture(params=[0o000, 0o022, 0o077], autouse=True)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """No umask changes anything."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_folders(tmp_path: Path) -> None:
    """Those that are made are private, those that were there stay as they are."""
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path / "a" / "b")
    make_private_folder(tmp_path)

    assert [mode(path) for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")] == [0o755, 0o700, 0o700]


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    """As a new file: neither the old mode nor a symbolic link is kept, and no draft stays."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    path = tmp_path / "file"
    path.symlink_to(elsewhere)
    write_private(path, b"one")
    path.chmod(0o644)
    write_private(path, b"two")

    assert (path.read_bytes(), mode(path), elsewhere.read_text()) == (b"two", 0o600, "untouched")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["elsewhere", "file"]


def test_the_first_of_two_writers_counts(tmp_path: Path) -> None:
    """The second keeps what is there, and leaves no draft."""
    path = tmp_path / "file"
    write_private_once(path, b"one")
    write_private_once(path, b"two")

    assert (path.read_bytes(), mode(path), len(list(tmp_path.iterdir()))) == (b"one", 0o600, 1)


def test_a_log(tmp_path: Path) -> None:
    """A new one is private; one that was there keeps its mode and is written on."""
    (tmp_path / "old").touch()
    (tmp_path / "old").chmod(0o644)
    for name in ("old", "new"):
        descriptor = open_private_log(tmp_path / name)
        os.write(descriptor, b"line")
        os.close(descriptor)

    assert [mode(tmp_path / name) for name in ("old", "new")] == [0o644, 0o600]


@pytest.mark.parametrize("odd", [0o604, 0o620, 0o640, 0o602, 0o610])
def test_what_others_may_touch_is_not_read(tmp_path: Path, odd: int) -> None:
    """Neither what they can read nor what they can write."""
    path = tmp_path / "key"
    write_private(path, b"key")
    assert read_private(path) == b"key"
    path.chmod(odd)

    with pytest.raises(PermissionError, match=f"mode {odd:03o}"):
        read_private(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_another_user_is_not_read(tmp_path: Path) -> None:
    """Whoever owns a key file can change it."""
    path = tmp_path / "key"
    write_private(path, b"key")
    os.chown(path, 65534, 65534)

    with pytest.raises(PermissionError, match="belongs to another user"):
        read_private(path)
