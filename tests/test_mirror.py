"""Every module that does something has its test file in the same place, and every test file its module."""

import ast
from pathlib import Path

import pytest

from tests.own_files import PACKAGE, TESTS

_COMPUTES = ast.Call | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def place_of(module: Path) -> Path:
    """Where a module's tests stand; those of a package's ``__init__`` are called after the package."""
    folder = TESTS / module.parent.relative_to(PACKAGE)
    return folder / f"test_{module.parent.name if module.stem == '__init__' else module.stem}.py"


def does_something(source: str) -> bool:
    """Whether a file has code that can be wrong by itself.

    Protocols say what others do; aliases, constants and values without methods hold what others put into them.
    """
    return any(_acts(statement) for statement in ast.parse(source).body)


def _acts(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(ast.Constant()):
            return False
        case ast.If(test=ast.Name("TYPE_CHECKING")):
            return False
        case ast.ClassDef(bases=bases, body=body):
            promises = any(isinstance(base, ast.Name) and base.id == "Protocol" for base in bases)
            methods = [it for it in body if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)]
            return any(not (promises and _promises(method)) for method in methods)
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return any(isinstance(node, _COMPUTES) for node in ast.walk(value))
        case _:
            return True


def _promises(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method is nothing but its documentation and an ellipsis."""
    return all(isinstance(it, ast.Expr) and isinstance(it.value, ast.Constant) for it in method.body)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""Facts."""\nfrom typing import Final\nLIMIT: Final = 5\nNames = tuple[str, ...]\n', False),
        ("class Point(NamedTuple):\n    x: int\n    y: int = 0\n", False),
        ("class Target(Protocol):\n    def start(self) -> None:\n        '''Begin.'''\n        ...\n", False),
        ("if TYPE_CHECKING:\n    from a import b\n", False),
        ("class Target(Protocol):\n    def start(self) -> int:\n        return 1\n", True),
        ("class Point(NamedTuple):\n    x: int\n    def twice(self) -> int:\n        return 2 * self.x\n", True),
        ("class Base:\n    def start(self) -> None:\n        '''Nothing.'''\n", True),
        ("def f() -> None: ...\n", True),
        ("NAMES = {name: name.upper() for name in ALL}\n", True),
        ("MULTI = partial(Alb, multi=True)\n", True),
        ("key = lambda pair: pair[0]\n", True),
        ("for name in NAMES:\n    print(name)\n", True),
    ],
)
def test_what_does_something(source: str, expected: bool) -> None:
    """The rule by example."""
    assert does_something(source) == expected


def test_every_module_has_its_tests() -> None:
    """A module without a test file is found here, not in production; ``__main__`` only calls the command line."""
    modules = [path for path in PACKAGE.rglob("*.py") if path.stem != "__main__"]
    missing = [path for path in modules if does_something(path.read_text()) and not place_of(path).exists()]

    assert [str(path.relative_to(PACKAGE)) for path in sorted(missing)] == []


def test_every_test_file_has_its_module() -> None:
    """A test file is found from the name of what it tests: a module, its own package, or a folder of other files.

    Those at the top of the tests are about the whole project; those of the attacks stand beside what they run.
    """
    files = [path for path in TESTS.rglob("test_*.py") if path.parent not in {TESTS, TESTS / "attacks"}]
    places = {path: PACKAGE / path.relative_to(TESTS).with_name(path.stem.removeprefix("test_")) for path in files}
    lost = [path for path, place in places.items() if not _exists(place)]

    assert [str(path.relative_to(TESTS)) for path in sorted(lost)] == []


def _exists(place: Path) -> bool:
    return place.with_suffix(".py").exists() or place.is_dir() or place.name == place.parent.name
