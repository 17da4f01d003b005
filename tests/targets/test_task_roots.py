"""From which folders the handlers of this process import."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.targets.task_roots import enter, forget_modules, leave


@pytest.fixture(autouse=True)
def path() -> Iterator[None]:
    """What is imported and from where, as it was."""
    folders, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = folders
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def code(folder: Path, *modules: str) -> Path:
    """A task root with these modules, which say where they are from."""
    folder.mkdir()
    for module in modules:
        (folder / f"{module}.py").write_text(f"FROM = {folder.name!r}\n")
    return folder


def test_another_task_root_takes_the_place_of_the_old(tmp_path: Path) -> None:
    """Modules that both have are the new ones, and those that only the old had are not found any more."""
    enter("app", code(tmp_path / "old", "both_of_it", "only_old"))
    importlib.import_module("only_old")
    before = importlib.import_module("both_of_it").FROM
    enter("app", code(tmp_path / "new", "both_of_it"))
    after = importlib.import_module("both_of_it").FROM
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("only_old")
    leave("app", tmp_path / "new")

    assert (before, after) == ("old", "new")
    assert str(tmp_path / "old") not in sys.path


def test_functions_share_a_task_root(tmp_path: Path) -> None:
    """It stays while one of them runs there."""
    shared = code(tmp_path / "shared", "shared_module")
    enter("one", shared)
    enter("two", shared)
    module = importlib.import_module("shared_module")
    enter("one", code(tmp_path / "other"))

    assert sys.modules["shared_module"] is module
    assert sys.path.count(str(shared)) == 1
    leave("one", tmp_path / "other")
    leave("two", shared)


def test_a_function_that_has_left_has_no_task_root(tmp_path: Path) -> None:
    """One of its name that comes later is another function, and what the first has imported stays."""
    first = code(tmp_path / "first", "kept_module")
    enter("app", first)
    module = importlib.import_module("kept_module")
    leave("app", first)
    enter("app", code(tmp_path / "second"))
    leave("app", first)  # its end comes late

    assert sys.modules["kept_module"] is module
    leave("app", tmp_path / "second")


def test_installed_packages_are_not_forgotten(tmp_path: Path) -> None:
    """They do not change with the code, and may not be importable twice."""
    code(tmp_path / "root", "forgotten_module")
    installed = code(tmp_path / "root" / "site-packages", "installed_module")
    sys.path[:0] = [str(tmp_path / "root"), str(installed)]
    importlib.import_module("forgotten_module")
    importlib.import_module("installed_module")
    forget_modules(tmp_path / "root")

    assert "forgotten_module" not in sys.modules
    assert "installed_module" in sys.modules
