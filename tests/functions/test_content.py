"""Folders that are named by the hash of what they are made from."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.functions.content import digest_of, folder_of


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a file, a program, a link and a folder that is empty."""
    folder = tmp_path / "source"
    (folder / "bin").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "bin" / "tool").write_text("#!")
    (folder / "bin" / "tool").chmod(0o755)
    (folder / "a.py").write_text("1")
    (folder / "link").symlink_to("a.py")
    return folder


def test_the_same_content_is_made_once(tmp_path: Path) -> None:
    """Two files with the same bytes share a folder, which has the content that it was filled with."""
    for name in ("a.zip", "b.zip"):
        (tmp_path / name).write_text("same")
    filled = []

    def fill(folder: Path) -> None:
        filled.append(folder)
        (folder / "made").touch()

    one, two = (folder_of([tmp_path / name], tmp_path, fill) for name in ("a.zip", "b.zip"))

    assert one == two
    assert len(filled) == 1
    assert [it.name for it in one.iterdir()] == ["made"]
    assert re.fullmatch("[0-9a-f]{32}", one.name)


def test_half_a_folder_is_never_seen(tmp_path: Path) -> None:
    """While a folder is filled it has another name, and when that fails nothing of it stays."""
    source = tmp_path / "code.zip"
    source.write_text("x")

    def fill(folder: Path) -> None:
        (folder / "first").touch()
        assert not (tmp_path / digest_of([source])).exists()
        raise UsageError("it cannot be unzipped")

    with pytest.raises(UsageError, match="it cannot be unzipped"):
        folder_of([source], tmp_path, fill)
    assert [it.name for it in tmp_path.iterdir()] == ["code.zip"]


def test_what_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    """A folder never has a name that its content does not have."""
    source = tmp_path / "code.zip"
    source.write_text("old")
    texts = ["new"]

    def fill(folder: Path) -> None:
        (folder / "copy").write_text(source.read_text())
        if texts:
            source.write_text(texts.pop())

    folder = folder_of([source], tmp_path, fill)

    assert (folder / "copy").read_text() == "new"
    assert {it.name for it in tmp_path.iterdir()} == {"code.zip", digest_of([source])}


def test_what_changes_all_the_time_is_refused(tmp_path: Path) -> None:
    """Somebody writes it still."""
    source = tmp_path / "code.zip"
    source.write_text("")

    def fill(_: Path) -> None:
        source.write_text(source.read_text() + "x")

    with pytest.raises(UsageError, match=r"code\.zip: changes while it is read; try again when it is written"):
        folder_of([source], tmp_path, fill)


def _link_elsewhere(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("bin")


def _file_for_link(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").write_text("a.py")


CHANGES: dict[str, Callable[[Path], object]] = {
    "bytes": lambda it: (it / "a.py").write_text("2"),
    "a name": lambda it: (it / "a.py").rename(it / "b.py"),
    "a mode": lambda it: (it / "bin" / "tool").chmod(0o644),
    "where a link leads": _link_elsewhere,
    "an empty folder": lambda it: (it / "empty").rmdir(),
    "a file for a link": _file_for_link,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_counts_in_a_folder(source: Path, change: Callable[[Path], object]) -> None:
    """Everything that a copy of it has."""
    before = digest_of([source])
    change(source)

    assert digest_of([source]) != before


def test_what_does_not_count(source: Path, tmp_path: Path) -> None:
    """Where a folder is and when it was written."""
    before = digest_of([source])
    os.utime(source / "a.py", (0, 0))

    assert digest_of([source.rename(tmp_path / "elsewhere")]) == before


def test_the_order_counts(source: Path, tmp_path: Path) -> None:
    """A later layer wins over an earlier one, so two orders are two contents; and two folders are not one."""
    (tmp_path / "file").write_text("1")
    names = [digest_of(it) for it in ([source, tmp_path / "file"], [tmp_path / "file", source], [source], [])]

    assert len(set(names)) == 4


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """It is named in one line."""
    with pytest.raises(UsageError, match=r"/gone cannot be read: No such file or directory"):
        digest_of([tmp_path / "gone"])


def test_a_pipe_in_a_folder_is_not_read(source: Path) -> None:
    """Nobody would ever write to it."""
    before = digest_of([source])
    os.mkfifo(source / "pipe")

    assert digest_of([source]) != before


def test_all_bytes_of_a_large_file_count(source: Path) -> None:
    """Also those behind what is read at once."""
    names = set()
    for end in (b"1", b"2", b""):
        (source / "large").write_bytes(bytes(70_000) + end)
        names.add(digest_of([source]))

    assert len(names) == 3
