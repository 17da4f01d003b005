"""The container image's files fit the project."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def needed() -> list[str]:
    """What the image installs: the dependencies, and of the extras what rules may need."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["re2"]]


def test_the_image_installs_what_it_needs() -> None:
    """The program in the Dockerfile reads it from pyproject.toml."""
    lines = (PROJECT / "Dockerfile").read_text().replace("\\\n", "")
    program = re.findall("python3 -c '(.+?)'", lines)
    done = subprocess.run([sys.executable, "-c", *program], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == needed()


def test_every_dependency_is_pinned_for_the_image() -> None:
    """A dependency added to pyproject.toml is added to constraints.txt by ``scripts/pin``."""
    wanted = {re.split(r"[<>=;\[ ]", line)[0].lower() for line in needed()}
    pinned = {line.partition("==")[0].lower() for line in (PROJECT / "constraints.txt").read_text().splitlines()}

    assert not wanted - pinned, "run scripts/pin"


def test_the_image_gets_every_file_that_the_build_copies() -> None:
    """What .dockerignore leaves out cannot be copied."""
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)

    assert {name for names in copied for name in names.split()} == allowed
