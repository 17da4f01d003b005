"""Every module that does something has its test file in the same place, and every test file its module."""

import ast
from pathlib import Path

from tests.sources import PACKAGE, TESTS


def place_of(module: Path) -> Path:
    """Where a module's tests stand."""
    return TESTS / module.relative_to(PACKAGE).with_name(f"test_{module.name}")


def does_something(module: Path) -> bool:
    """Whether any function of a file has a body; values, protocols and constants cannot be wrong by themselves."""
    tree = ast.parse(module.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(not isinstance(statement, ast.Expr) for function in functions for statement in function.body) or any(
        isinstance(node, ast.Call) for function in functions for node in ast.walk(function)
    )


def test_every_module_has_its_tests() -> None:
    """A module without a test file is found here, not in production."""
    modules = [path for path in PACKAGE.rglob("*.py") if not path.stem.startswith("__")]
    missing = [path for path in modules if does_something(path) and not place_of(path).exists()]

    assert [str(path.relative_to(PACKAGE)) for path in sorted(missing)] == []


def test_every_test_file_has_its_module() -> None:
    """A test file is found from the name of what it tests: a module, its own package, or a folder of other files.

    Those at the top of the tests are about the whole project.
    """
    files = [path for path in TESTS.rglob("test_*.py") if path.parent != TESTS]
    places = {path: PACKAGE / path.relative_to(TESTS).with_name(path.stem.removeprefix("test_")) for path in files}
    lost = [path for path, place in places.items() if not _exists(place)]

    assert [str(path.relative_to(TESTS)) for path in sorted(lost)] == []


def _exists(place: Path) -> bool:
    return place.with_suffix(".py").exists() or place.is_dir() or place.name == place.parent.name
