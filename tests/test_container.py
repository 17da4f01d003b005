"""The container image's files fit the project."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def test_every_dependency_is_pinned_for_the_image() -> None:
    """A dependency added to pyproject.toml is added to constraints.txt by ``scripts/pin``."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=;\[ ]", line)[0].lower() for line in project["dependencies"]}
    pinned = {line.partition("==")[0].lower() for line in (PROJECT / "constraints.txt").read_text().splitlines()}

    assert not wanted - pinned, "run scripts/pin"


def test_the_image_gets_every_file_that_the_build_copies() -> None:
    """What .dockerignore leaves out cannot be copied."""
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)

    assert {name for names in copied for name in names.split()} == allowed
