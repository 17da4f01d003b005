"""The house keeps its order: imports go down only, lazy ones and those for types too, and a name means one thing."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.own_files import PACKAGE, ROOT, imports, module_files, own_imports

MODULES = module_files()
GRAPH = {name: own_imports(path, MODULES) for name, path in MODULES.items()}

GROUND = {"errors", "types"}
TABLE = GROUND | {"listener_types", "loading"}
CALLS = GROUND | {"configuration", "defects", "invocation"}
WORK = CALLS | {"chunks", "tasks"}
MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "errors": set(),
    "defects": set(),
    "invocation": set(),
    "configuration": set(),
    "private_files": set(),
    "bootstraps": set(),
    "loading": {"errors"},
    "executors": {"errors", "loading"},
    "tasks": {"defects"},
    "chunks": {"tasks"},
    "same_origin": {"errors"},
    "limits": {"errors"},
    "listener_types": {"errors", "loading"},
    "translation": TABLE,
    "config": GROUND | {"configuration", "executors", "listener_types", "loading"},
    "observe": TABLE | {"defects", "invocation", "translation"},
    "targets": WORK | {"bootstraps", "executors", "limits", "loading", "same_origin"},
    "functions": CALLS - {"types"} | {"targets", "tasks"},
    "sources": GROUND,
    "hosting": {"configuration", "errors", "executors", "functions", "limits", "loading", "targets"},
    "deployment": {"config", "configuration", "errors", "functions", "hosting", "invocation"},
    "listeners": WORK | TABLE | {"config", "functions", "observe", "private_files", "targets", "translation"},
    "lambda_api": CALLS | {"chunks", "functions", "observe", "same_origin", "targets", "translation"},
    "recordings": CALLS - {"defects"}
    | {"functions", "listeners", "observe", "private_files", "targets", "translation"},
    "listener_options": {"listeners", "observe", "recordings"},
    "listener_ports": {"config", "lambda_api", "listener_options", "listener_types", "listeners", "loading", "observe"},
    "app": {"config", "errors", "functions", "lambda_api", "limits", "listener_types", "listeners", "same_origin"}
    | {"deployment", "hosting", "listener_options", "listener_ports", "tasks"},
    "testing": CALLS
    | {"app", "bootstraps", "config", "functions", "hosting", "listener_types", "listeners", "observe", "targets"}
    | {"translation"},
    "cli": CALLS
    | TABLE
    | {"app", "config", "executors", "functions", "hosting", "lambda_api", "listener_options", "listeners", "observe"}
    | {"private_files", "recordings", "same_origin", "sources", "translation"},
    "__main__": {"cli"},
}
"""The rooms and what each may import besides itself; the package's own ``__init__`` may name anything."""

IMPURE = {
    "asyncio", "concurrent", "http.client", "http.server", "httptools", "httpx", "io", "logging", "multiprocessing",
    "os", "pathlib", "queue", "random", "secrets", "select", "selectors", "shutil", "signal", "socket", "ssl",
    "starlette", "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid", "uvicorn", "uvloop",
}  # fmt: skip
THIRD_PARTIES_OF_TRANSLATION = {"orjson", "pybase64"}


def room(module: str) -> str:
    """The part of the package that a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def in_folder(folder: str) -> list[Path]:
    """The files of one folder of the package, its inner folders included."""
    return sorted((PACKAGE / folder).rglob("*.py"))


def test_every_room_is_known() -> None:
    """A new part of the house gets its place in the table, and the table has no other."""
    assert {room(module) for module in MODULES} - {""} == set(MAY_IMPORT)


@pytest.mark.parametrize("module", [name for name in MODULES if room(name)])
def test_imports_go_down(module: str) -> None:
    """A module imports its own room and those below it."""
    allowed = MAY_IMPORT[room(module)] | {room(module), ""}

    assert {imported for imported in GRAPH[module] if room(imported) not in allowed} == set()


def test_the_table_allows_what_is_needed_and_no_more() -> None:
    """What a room no longer imports is taken out, so that reading the table tells the truth."""
    needed: dict[str, set[str]] = {name: set() for name in MAY_IMPORT}
    for module, imported in GRAPH.items():
        if room(module):
            needed[room(module)] |= {room(it) for it in imported} - {room(module), ""}

    assert {name: allowed - needed[name] for name, allowed in MAY_IMPORT.items() if allowed - needed[name]} == {}


def test_the_table_has_no_circle() -> None:
    """What may be imported is itself in order from the ground up."""
    below = dict(MAY_IMPORT)
    while below:
        free = {name for name, needed in below.items() if not needed & set(below)}
        assert free, f"these rooms may import each other: {sorted(below)}"
        for name in free:
            del below[name]


def test_a_class_name_stands_once() -> None:
    """A name that is read means one thing, wherever it is read."""
    places: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module)

    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_no_import_circles() -> None:
    """No module imports itself by way of others, not even lazily."""
    left = {name: set(imported) - {name} for name, imported in GRAPH.items()}
    while True:
        free = {name for name, imported in left.items() if not imported & set(left)}
        if not free:
            break
        for name in free:
            del left[name]

    assert left == {}, "these modules import each other, or modules that do"


@pytest.mark.parametrize("path", in_folder("translation"), ids=lambda path: path.stem)
def test_translation_is_pure(path: Path) -> None:
    """Translation does no I/O and knows no clock: it can be tested, fuzzed and reused without an event loop."""
    found = imports(path)
    tops = {name.split(".")[0] for name in found} - set(sys.stdlib_module_names) - {"gateway"}

    assert {name for name in found if name in IMPURE or name.split(".")[0] in IMPURE} == set()
    assert tops <= THIRD_PARTIES_OF_TRANSLATION


@pytest.mark.parametrize("path", in_folder("translation/flavours"), ids=lambda path: path.stem)
def test_flavours_do_not_know_each_other(path: Path) -> None:
    """A flavour's rules can be read alone."""
    flavours = "gateway.translation.flavours."
    own = {name for name in own_imports(path, MODULES) if name.startswith(flavours)}

    assert own == set()


TARGET_FOLDERS = sorted(path.name for path in (PACKAGE / "targets").iterdir() if (path / "__init__.py").exists())


@pytest.mark.parametrize("folder", TARGET_FOLDERS)
def test_targets_do_not_know_each_other(folder: str) -> None:
    """One way to run a function can be read, and taken away, without the others."""
    others = tuple(f"gateway.targets.{other}." for other in TARGET_FOLDERS if other != folder)
    found = {name for path in in_folder(f"targets/{folder}") for name in own_imports(path, MODULES)}

    assert {name for name in found if f"{name}.".startswith((*others, "gateway.targets.inprocess."))} == set()


@pytest.mark.parametrize("path", in_folder("bootstraps"), ids=lambda path: path.stem)
def test_bootstraps_need_the_standard_library_only(path: Path) -> None:
    """They run in the user's interpreter, where nothing of ours is installed."""
    beside = {file.stem for file in path.parent.glob("*.py")} | {"gateway"}

    assert {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names) <= beside
    assert {name for name in own_imports(path, MODULES) if room(name) != "bootstraps"} == set()


def test_one_module_knows_hypercorn() -> None:
    """Its internals are used: what a change of them can break stands in one place, and its next minor is kept out."""
    knows = {name for name, path in MODULES.items() if {"hypercorn", "h2"} & {it.split(".")[0] for it in imports(path)}}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (wanted,) = project["project"]["optional-dependencies"]["http2"]

    assert knows == {"gateway.listeners.http2_server"}
    assert re.fullmatch(r"hypercorn>=\d+\.\d+,<\d+\.\d+", wanted)
    assert wanted in project["dependency-groups"]["test"], "what is tested is what users get"


def test_only_the_command_line_knows_the_command_line() -> None:
    """Nothing imports ``cli``, ``app`` or ``testing`` but what stands above them."""
    tops = {"cli": {"cli", "__main__"}, "app": {"cli", "app", "testing", ""}, "testing": {"testing", ""}}
    wrong = {
        (name, imported)
        for name, found in GRAPH.items()
        for imported in found
        if room(imported) in tops and room(name) not in tops[room(imported)]
    }

    assert wrong == set()
