"""Which Python runs the handler."""

import sys
import venv
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.targets.interpreter import Interpreter, check_awslambdaric, find_interpreter

OURS = f"{sys.version_info.major}.{sys.version_info.minor}"


def environment(folder: Path, version: str) -> str:
    """Something that looks like a virtual environment of another version; its program."""
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "python"
    program.touch()
    (folder / "pyvenv.cfg").write_text(f"home = /usr\n{version}\n")
    return str(program)


def test_given(tmp_path: Path) -> None:
    """The interpreter that the user gave is asked for its version."""
    environment(tmp_path / ".venv", "version = 3.9.1")

    assert find_interpreter(sys.executable, {}, tmp_path) == Interpreter(sys.executable, OURS)


def test_given_is_asked_once(tmp_path: Path) -> None:
    """However many functions it runs, and however often their code changes."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho 3.12\n")
    program.chmod(0o755)
    found = {find_interpreter(str(program), {}, tmp_path) for _ in range(2)}

    assert found == {Interpreter(str(program), "3.12")}
    assert (tmp_path / "asked").read_text() == "asked\n"


@pytest.mark.parametrize("program", ["/no/such/python", "/bin/false"])
def test_given_one_that_cannot_run(tmp_path: Path, program: str) -> None:
    """A program that is no Python is a usage error that names the option."""
    with pytest.raises(UsageError, match=f"--python {program}: it cannot be run as a Python interpreter"):
        find_interpreter(program, {}, tmp_path)


def test_active_environment_first(tmp_path: Path) -> None:
    """The active virtual environment comes before the folder's own."""
    active = environment(tmp_path / "active", "version_info = 3.12.1.final.0")
    environment(tmp_path / ".venv", "version = 3.9.1")

    found = find_interpreter(None, {"VIRTUAL_ENV": str(tmp_path / "active")}, tmp_path)
    assert found == Interpreter(active, "3.12")


def test_folders_own_environment(tmp_path: Path) -> None:
    """``.venv`` beside the handler is used, as uv and Poetry make it."""
    program = environment(tmp_path / ".venv", "version = 3.9.1")

    assert find_interpreter(None, {"VIRTUAL_ENV": str(tmp_path / "gone")}, tmp_path) == Interpreter(program, "3.9")


@pytest.mark.parametrize("version", ["", "versions = 3"])
def test_environment_without_a_version(tmp_path: Path, version: str) -> None:
    """Something that does not say its version is not used."""
    environment(tmp_path / ".venv", version)

    assert find_interpreter(None, {}, tmp_path) == Interpreter(sys.executable, OURS)


def test_environment_without_a_configuration(tmp_path: Path) -> None:
    """Nor is a folder that is no virtual environment."""
    Path(environment(tmp_path / ".venv", "")).parents[1].joinpath("pyvenv.cfg").unlink()

    assert find_interpreter(None, {}, tmp_path) == Interpreter(sys.executable, OURS)


def test_real_environment(tmp_path: Path) -> None:
    """What the standard library makes is understood."""
    venv.create(tmp_path / ".venv", with_pip=False)

    assert find_interpreter(None, {}, tmp_path) == Interpreter(str(tmp_path / ".venv/bin/python"), OURS)


def test_awslambdaric(tmp_path: Path) -> None:
    """Where AWS's client is missing, the message says how to get it."""
    without = tmp_path / "python"
    without.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    without.chmod(0o755)

    check_awslambdaric(sys.executable)
    with pytest.raises(UsageError, match=f"{without} -m pip install awslambdaric"):
        check_awslambdaric(str(without))
