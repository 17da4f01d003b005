"""The variables that the user gives on the command line."""

from pathlib import Path

import pytest

from gateway.cli.variables import read_variables
from gateway.errors import UsageError

FILE = """
# a comment
PLAIN=value
export EXPORTED=1
  SPACED = a b  # a comment
QUOTED="a # b"
SINGLE='x'
EMPTY=
EQUALS=a=b
HASH=a#b
UMLAUT=ü
"""


def test_file(tmp_path: Path) -> None:
    """Comments, quotes, ``export`` and empty values are understood."""
    (tmp_path / "env").write_text(FILE)

    assert read_variables([tmp_path / "env"], []) == {
        "PLAIN": "value",
        "EXPORTED": "1",
        "SPACED": "a b",
        "QUOTED": "a # b",
        "SINGLE": "x",
        "EMPTY": "",
        "EQUALS": "a=b",
        "HASH": "a#b",
        "UMLAUT": "ü",
    }


def test_later_ones_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later file wins over an earlier one, ``--env`` over files; a bare name takes its value from here."""
    (tmp_path / "1").write_text("A=1\nB=1\nC=1\n")
    (tmp_path / "2").write_text("B=2\nC=2\n")
    monkeypatch.setenv("FROM_HERE", "here")

    variables = read_variables([tmp_path / "1", tmp_path / "2"], ["C=3", "D=", "FROM_HERE"])

    assert variables == {"A": "1", "B": "2", "C": "3", "D": "", "FROM_HERE": "here"}


def test_variable_that_is_not_set_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare name without a value here is a mistake."""
    monkeypatch.delenv("NOT_SET", raising=False)
    with pytest.raises(UsageError, match=r"^--env NOT_SET: it is not set here; write --env NOT_SET=VALUE$"):
        read_variables([], ["NOT_SET"])


def test_bad_line(tmp_path: Path) -> None:
    """The message has the file and the line."""
    (tmp_path / "env").write_text("A=1\n\nno equals sign\n")
    with pytest.raises(UsageError) as raised:
        read_variables([tmp_path / "env"], [])

    assert str(raised.value) == f"{tmp_path / 'env'}, line 3: expected NAME=VALUE"


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """So it has when the file cannot be read."""
    with pytest.raises(UsageError, match=r"--env-file .*/gone: it cannot be read \(.*No such file"):
        read_variables([tmp_path / "gone"], [])


def test_file_that_is_no_text(tmp_path: Path) -> None:
    """Or is no text."""
    (tmp_path / "env").write_bytes(b"\xff\xfe=1")
    with pytest.raises(UsageError, match="it cannot be read"):
        read_variables([tmp_path / "env"], [])
