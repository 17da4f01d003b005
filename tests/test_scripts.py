"""The scripts of the project run in any POSIX shell and say what they need."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
SCRIPTS = sorted(path for path in (PROJECT / "scripts").iterdir() if path.is_file())
SHELL_SCRIPTS = [path for path in SCRIPTS if path.read_text().startswith("#!/bin/sh\n")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_executable_and_says_what_runs_it(script: Path) -> None:
    """``scripts/NAME`` is all that has to be typed."""
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!")


def test_every_script_is_named_where_contributors_look() -> None:
    """Nobody has to find one by listing the folder."""
    named = set(re.findall(r"\bscripts/([a-z-]+)", (PROJECT / "CONTRIBUTING.md").read_text()))

    assert named == {path.name for path in (PROJECT / "scripts").iterdir()}


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_a_shell_script_is_posix_and_stops_at_the_first_failure(script: Path) -> None:
    """A step that fails is not followed by the next one."""
    done = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "\nset -eu\n" in script.read_text()


@pytest.mark.parametrize("script", ["check", "serve", "test"])
def test_a_machine_without_python_is_told_what_to_install(script: str, tmp_path: Path) -> None:
    """One message, code 2, and nothing is left behind."""
    project, programs = tmp_path / "project", tmp_path / "bin"
    shutil.copytree(PROJECT / "scripts", project / "scripts")
    (project / "pyproject.toml").touch()
    programs.mkdir()
    for name in ("cat", "cksum", "dirname", "grep", "rm", "sh"):
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)

    done = subprocess.run(
        [project / "scripts" / script], env={"PATH": str(programs)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (project / ".venv").exists()
