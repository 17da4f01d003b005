"""The command itself: its help, its version, and what it says to what it does not know."""

from pathlib import Path

import pytest

from gateway import cli
from tests.cli.serving import run


def test_version(tmp_path: Path) -> None:
    """The version of the package."""
    code, out, _ = run(tmp_path, "--version")

    assert code == 0
    assert out.startswith("gateway, version ")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(tmp_path: Path, option: str) -> None:
    """Every command has its line in the help."""
    code, out, _ = run(tmp_path, option)

    listed = [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines()]
    assert code == 0
    assert "serve" in listed
    assert set(listed) == set(cli._COMMANDS)


@pytest.mark.parametrize("name", sorted(cli._COMMANDS))
def test_help_of_a_command(tmp_path: Path, name: str) -> None:
    """Every command says what it does."""
    code, out, _ = run(tmp_path, name, "--help")

    assert code == 0
    assert out.startswith(f"Usage: python -m gateway {name}")


def test_unknown_command(tmp_path: Path) -> None:
    """A command that does not exist is a usage error."""
    code, out, err = run(tmp_path, "nonsense")

    assert (code, out) == (2, "")
    assert "No such command 'nonsense'" in err


def test_usage_error(tmp_path: Path) -> None:
    """What the user got wrong is one message in the command's name, without a traceback."""
    code, out, err = run(tmp_path, "invoke", "app")

    assert (code, out) == (2, "")
    assert err == "gateway: error: 'app' does not name a handler; write MODULE.FUNCTION, such as app.handler\n"
