"""How a handler is named on the command line."""

from pathlib import Path

import pytest

from gateway.cli.handler_setting import HandlerSetting, parse_target
from gateway.errors import UsageError


@pytest.mark.parametrize(
    ("target", "handler", "name"),
    [
        ("app.handler", "app.handler", "app"),
        ("src/app.handler", "src/app.handler", "app"),
        ("app.main.handler", "app.main.handler", "main"),
        ("app.main:handler", "app.main.handler", "main"),
        ("my app.handler", "my app.handler", "my-app"),
        ("src.größe.handler", "src.größe.handler", "gr-e"),
    ],
)
def test_settings(tmp_path: Path, target: str, handler: str, name: str) -> None:
    """Every way to write it becomes Lambda's Handler setting and a function name of allowed characters."""
    assert parse_target(target, tmp_path) == (handler, name)


def test_file_for_a_wrapper(tmp_path: Path) -> None:
    """A web adapter starts the file that the setting names."""
    (tmp_path / "run.sh").touch()

    assert parse_target("run.sh", tmp_path, has_wrapper=True) == HandlerSetting("run.sh", "run")
    assert parse_target("app.handler", tmp_path, has_wrapper=True) == HandlerSetting("app.handler", "app")


@pytest.mark.parametrize("target", ["app", ".handler", "app.", "app.1x", "app:", ":handler", "a.b-c"])
def test_not_a_handler(tmp_path: Path, target: str) -> None:
    """The message shows what to write."""
    with pytest.raises(UsageError) as raised:
        parse_target(target, tmp_path)

    assert str(raised.value) == f"{target!r} does not name a handler; write MODULE.FUNCTION, such as app.handler"


def test_file(tmp_path: Path) -> None:
    """Who names the file is told how to name the handler in it."""
    (tmp_path / "app.py").touch()
    with pytest.raises(UsageError) as raised:
        parse_target("app.py", tmp_path)

    assert str(raised.value) == "app.py is a file; name the handler in it, such as app.handler"
