"""The option --runtime."""

import click
import pytest

from gateway.cli.runtime_name import checked_runtime

OPTION = click.Option(["--runtime"])
CONTEXT = click.Context(click.Command("serve"))


@pytest.mark.parametrize("name", [None, "python", "python3.12", "nodejs24.x", "provided.al2023"])
def test_runtime_names(name: str | None) -> None:
    """Languages, and AWS's identifiers; none is for the handler's file to tell."""
    assert checked_runtime(CONTEXT, OPTION, name) == name


@pytest.mark.parametrize("name", ["java21", "Python3.12", "python3.12\n", "", "provided.al3"])
def test_other_names(name: str) -> None:
    """What is none of them is refused with what is taken."""
    with pytest.raises(click.BadParameter, match="is none of python, nodejs, provided, or AWS's identifiers"):
        checked_runtime(CONTEXT, OPTION, name)
