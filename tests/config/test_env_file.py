"""Files of environment variables."""

from pathlib import Path

import pytest

from gateway.config.env_file import read_env_file

FILE = r"""
# a comment
PLAIN=value
export EXPORTED=1
  SPACED = a b  # a comment
QUOTED="a # b" # a comment
SINGLE='x\n'
ESCAPED="line 1\nline \"2\""
LINES="one
two"
EMPTY=
EQUALS=a=b
HASH=a#b
UMLAUT=ü
TWICE=1
TWICE=2
"""


def written(folder: Path, data: bytes) -> Path:
    """A file with these bytes."""
    file = folder / "a.env"
    file.write_bytes(data)
    return file


def test_file(tmp_path: Path) -> None:
    """Comments, quotes, escapes, values of several lines, ``export`` and empty values are understood."""
    assert read_env_file(written(tmp_path, FILE.encode())) == (
        {
            "PLAIN": "value",
            "EXPORTED": "1",
            "SPACED": "a b",
            "QUOTED": "a # b",
            "SINGLE": r"x\n",
            "ESCAPED": 'line 1\nline "2"',
            "LINES": "one\ntwo",
            "EMPTY": "",
            "EQUALS": "a=b",
            "HASH": "a#b",
            "UMLAUT": "ü",
            "TWICE": "2",
        },
        [],
    )


@pytest.mark.parametrize("value", ["pa$$word", "${HOME}", "$HOME", '"${HOME}"'])
def test_dollar(tmp_path: Path, value: str) -> None:
    """Nothing is put in for a dollar sign: passwords have it."""
    variables = read_env_file(written(tmp_path, f"A={value}\n".encode())).variables

    assert variables == {"A": value.strip('"')}


def test_byte_order_mark(tmp_path: Path) -> None:
    """Some editors begin a file with one."""
    assert read_env_file(written(tmp_path, b"\xef\xbb\xbfA=1\r\nB=2\r\n")).variables == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("lines", "line", "mistake"),
    [
        ("A=1\n\nnonsense\n", 3, "no equals sign"),
        ("two words\nA=1\n", 1, "no equals sign"),
        ("1A=1\n", 1, "'1A' is no name of a variable"),
        ("=1\n", 1, "'' is no name of a variable"),
        ("Ä=1\n", 1, "'Ä' is no name of a variable"),
        ("A=1\nB='x\nC=3\n", 2, "a quotation mark that is not closed, or text behind one"),
        ('A="x" y\n', 1, "a quotation mark that is not closed, or text behind one"),
    ],
)
def test_bad_line(tmp_path: Path, lines: str, line: int, mistake: str) -> None:
    """A fault has the file, the line and what is wrong, but never the value: it may be a secret."""
    file = written(tmp_path, lines.encode())

    assert read_env_file(file).faults == [(line, f"{mistake}; allowed: NAME=value")]
