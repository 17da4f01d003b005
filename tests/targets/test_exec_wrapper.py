"""The wrapper of a runtime."""

import subprocess
from pathlib import Path

import pytest

from gateway.configuration import EXEC_WRAPPER, FunctionConfiguration
from gateway.targets.exec_wrapper import has_wrapper, wrapped


def function(folder: Path, wrapper: str) -> FunctionConfiguration:
    """A function with a layer and this wrapper, "" for none."""
    return FunctionConfiguration(
        "f", "h", folder / "code", opt=folder / "opt", environment={EXEC_WRAPPER: wrapper} if wrapper else {}
    )


def script(file: Path, text: str, mode: int = 0o755) -> None:
    """A file with this mode."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def test_no_wrapper(tmp_path: Path) -> None:
    """The runtime's command stays as it is."""
    assert not has_wrapper(function(tmp_path, ""))
    assert wrapped(["node", "a b"], function(tmp_path, "")) == ("node", "a b")


@pytest.mark.parametrize("name", ["/opt/wrapper", "/var/task/wrapper", "./wrapper"])
def test_wrapper(tmp_path: Path, name: str) -> None:
    """It gets the command as its arguments, wherever its folder really is."""
    for folder in ("opt", "code"):
        script(tmp_path / folder / "wrapper", 'for it in "$@"; do echo "[$it]"; done\n')
    command = wrapped(["node", "a b"], function(tmp_path, name))
    done = subprocess.run(command, cwd=tmp_path / "code", capture_output=True, text=True, check=True)

    assert has_wrapper(function(tmp_path, name))
    assert done.stdout == "[node]\n[a b]\n"


@pytest.mark.parametrize(("name", "mode", "code"), [("/opt/other", 0o755, 127), ("/opt/wrapper", 0o644, 126)])
def test_wrapper_that_cannot_run(tmp_path: Path, name: str, mode: int, code: int) -> None:
    """The exit status is a shell's, and so is the line in the log."""
    script(tmp_path / "opt" / "wrapper", "exit 0\n", mode)
    done = subprocess.run(wrapped(["node"], function(tmp_path, name)), capture_output=True, text=True, check=False)

    assert done.returncode == code
    assert name.rpartition("/")[2] in done.stderr
