"""Every snippet of the pages about testing is run: files are written, commands run, outputs compared.

A fence ``python file=NAME`` is a file; ``sh`` holds commands, one a line; ``text`` behind it is what they print, "…" is
anything in between.  Commands that install are only read: what they install is what is tested.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

DOCS = Path(__file__).parents[1] / "docs"
_FENCE = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INSTALLED = {"lambda-http-gateway", "pytest"}


class Block(NamedTuple):
    """One fenced block."""

    kind: str
    file: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks of a page in their order."""
    return [Block(*found.groups("")) for found in _FENCE.finditer((DOCS / page).read_text())]


def run(line: str, folder: Path) -> str:
    """What a command prints, on both streams."""
    words = shlex.split(line)
    if words[:2] == ["pip", "install"]:
        assert set(words[2:]) <= _INSTALLED
        return ""
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        [str(bin_folder / words[0]), *words[1:]],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "PYTEST_ADDOPTS": "-p no:asyncio -p no:cacheprovider",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout


def matches(expected: str, output: str) -> bool:
    """Whether an output is what a page shows; white space may differ."""
    pieces = [re.escape(" ".join(piece.split())) for piece in expected.split("…")]
    return re.search(".*".join(pieces), " ".join(output.split())) is not None


def test_the_tutorial(tmp_path: Path) -> None:
    """Whoever follows it step by step sees what it shows."""
    output = ""
    for block in blocks("tutorial-contract-tests.md"):
        if block.file:
            (tmp_path / block.file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.file).write_text(block.text)
        elif block.kind == "sh":
            output = "".join(run(line, tmp_path) for line in block.text.splitlines())
        else:
            assert block.kind == "text"
            assert matches(block.text, output), output

    workflow = yaml.safe_load((tmp_path / ".github" / "workflows" / "test.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step]
    assert " passed" in "".join(run(step, tmp_path) for step in steps)


def test_the_guide(tmp_path: Path) -> None:
    """Its examples are tests, and they pass."""
    found = blocks("testing.md")
    for block in found:
        if block.file:
            (tmp_path / block.file).write_text(block.text)
    output = run("python -m pytest -q", tmp_path)
    shown = [block for block in found if not block.file]

    assert " failed" not in output, output
    assert re.search(r"\b\d\d passed", output), output
    assert [block.kind for block in shown] == ["sh", "text"]
    assert matches(shown[1].text, run(shown[0].text, tmp_path))


@pytest.mark.parametrize(
    ("expected", "output", "same"),
    [("…1 passed in …", "noise 1 passed in 0.1s", True), ("a\n  b", "a b", True), ("2 passed", "1 passed", False)],
)
def test_matching(expected: str, output: str, same: bool) -> None:
    """A page that shows something else fails."""
    assert matches(expected, output) is same
