"""Which program runs a function."""

from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.targets.runtime_api.runtimes import awslambdaric_command, command_for, python_command, runtime_of
from tests.targets.hosting import THIS_PYTHON
from tests.targets.runtime_api.opening import needs_node


def make(folder: Path, *names: str) -> None:
    """Files with these names; those that end in ``*`` are executable."""
    for name in names:
        file = folder / name.rstrip("*")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
        if name.endswith("*"):
            file.chmod(0o755)


@pytest.mark.parametrize(
    ("files", "target", "found"),
    [
        (["app.py"], "app.handler", ("python", "app.handler")),
        (["src/app.py"], "src/app.handler", ("python", "src/app.handler")),
        (["src/app.py"], "src.app.handler", ("python", "src.app.handler")),
        (["app/__init__.py"], "app.handler", ("python", "app.handler")),
        (["app.mjs"], "app.handler", ("nodejs", "app.handler")),
        (["app.js"], "app.handler", ("nodejs", "app.handler")),
        (["src/app.cjs"], "src/app.handler", ("nodejs", "src/app.handler")),
        (["bootstrap*"], "any.thing", ("provided", "any.thing")),
        (["bootstrap*"], "bootstrap", ("provided", "bootstrap")),
        (["bootstrap*", "app.py"], "app.handler", ("python", "app.handler")),
    ],
)
def test_runtime_of(tmp_path: Path, files: list[str], target: str, found: tuple[str, str]) -> None:
    """The file says which runtime it needs."""
    make(tmp_path, *files)

    assert runtime_of(target, tmp_path) == found


@pytest.mark.parametrize(
    ("files", "target", "message"),
    [
        (
            ["app.py", "app.mjs"],
            "app.handler",
            "could be app.mjs and app.py in .*: say which with --runtime nodejs or python",
        ),
        (
            ["other.py"],
            "app.handler",
            r"Neither app.py nor app.mjs, .cjs or .js nor bootstrap is in .*; found other.py\.",
        ),
        ([], "app.handler", "found nothing"),
        ([], "app", "'app' is not a handler: write FILE.FUNCTION"),
        (["bootstrap"], "app.handler", r"bootstrap is not executable: run chmod \+x"),
    ],
)
def test_runtime_of_unclear(tmp_path: Path, files: list[str], target: str, message: str) -> None:
    """What cannot be told says what was found and what to do."""
    make(tmp_path, *files)

    with pytest.raises(UsageError, match=message):
        runtime_of(target, tmp_path)


def test_command_python() -> None:
    """The script comes last; AWS's own client is a module."""
    program, *options, script = python_command(THIS_PYTHON, ["-X", "importtime"])

    assert (program, options, Path(script).name) == (THIS_PYTHON.program, ["-X", "importtime"], "bootstrap.py")
    assert awslambdaric_command(THIS_PYTHON, "app.handler")[1:] == ("-m", "awslambdaric", "app.handler")


@needs_node
def test_command_node(tmp_path: Path) -> None:
    """Node.js with the runtime of this package."""
    program, bootstrap = command_for(FunctionConfiguration("f", "app.handler", tmp_path, runtime="nodejs"))

    assert Path(program).name == "node"
    assert Path(bootstrap).is_file()


def test_command_node_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Node.js the user is told to install it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UsageError, match="needs the program node, version 18 or later"):
        command_for(FunctionConfiguration("f", "app.handler", tmp_path, runtime="nodejs"))


def test_command_provided(tmp_path: Path) -> None:
    """A command as given, else the bootstrap of the code, else the one of a layer."""
    code, opt = tmp_path / "code", tmp_path / "opt"
    make(opt, "bootstrap*")
    make(code, "x")
    given = FunctionConfiguration("f", "h", code, runtime="provided", command=("./run", "--fast"))
    plain = FunctionConfiguration("f", "h", code, runtime="provided")
    from_layer = command_for(plain, opt)
    make(code, "bootstrap*")

    assert command_for(given) == ("./run", "--fast")
    assert from_layer == (str(opt / "bootstrap"),)
    assert command_for(plain, opt) == (str(code / "bootstrap"),)


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        ("provided", "No executable file bootstrap in"),
        ("ruby", "Unknown runtime 'ruby': use python, nodejs or provided"),
    ],
)
def test_no_command(tmp_path: Path, runtime: str, message: str) -> None:
    """A runtime that cannot run is refused at start."""
    with pytest.raises(UsageError, match=message):
        command_for(FunctionConfiguration("f", "h", tmp_path, runtime=runtime))
