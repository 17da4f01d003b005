"""Where a handler is."""

import functools
import importlib.util
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.testing.handler_place import find_handler
from tests.testing.handlers import echo

ROOT = Path(__file__).parents[2]


def test_a_name_stays_a_name(tmp_path: Path) -> None:
    """It is resolved from the folder that was given."""
    assert find_handler("src/app.handler", tmp_path) == ("src/app.handler", tmp_path)


def test_a_function_of_a_package(tmp_path: Path) -> None:
    """Its module is imported by its whole name from where the package is."""
    assert find_handler(echo, tmp_path) == ("tests.testing.handlers.echo", ROOT)


def test_a_function_of_a_file(tmp_path: Path) -> None:
    """A module that was imported under another name is imported by its file's."""
    (tmp_path / "shop.py").write_text("def handler(event, context): pass\n")
    spec = importlib.util.spec_from_file_location("made.up", tmp_path / "shop.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert find_handler(module.handler, Path()) == ("shop.handler", tmp_path)


def test_what_only_this_process_has() -> None:
    """The message says which client takes it."""
    for handler in (lambda _event, _context: None, functools.partial(echo)):
        with pytest.raises(UsageError, match="lambda_client takes any callable"):
            find_handler(handler, Path())
