"""``gateway invoke`` from the outside."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.serving import HOST, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``host.py`` and an event."""
    shutil.copy(HOST, tmp_path)
    (tmp_path / "event.json").write_text('{"from": "file"}')
    (tmp_path / "bad.json").write_text("{nonsense")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "given", "event"),
    [
        ([], "", {}),
        (["-e", '{"a": 1}'], "", {"a": 1}),
        (["-e", " [1]"], "", [1]),
        (["-e", "null"], "", None),
        (["-e", '"text"'], "", "text"),
        (["-e", "event.json"], "", {"from": "file"}),
        (["--event", "-"], '{"from": "input"}', {"from": "input"}),
    ],
)
def test_event(folder: Path, arguments: list[str], given: str, event: object) -> None:
    """The event is JSON, a file of it, or standard input; the result is one line on standard output."""
    code, out, err = run(folder, "invoke", "host.returns", *arguments, given=given)

    assert (code, err) == (0, "")
    assert json.loads(out)["event"] == event
    assert out.count("\n") == 1


def test_log_is_apart(folder: Path) -> None:
    """What the handler prints goes to standard error and never into the result."""
    code, out, err = run(folder, "invoke", "host.prints")

    assert (code, out) == (0, '"printed"\n')
    assert err == "to stdout\nto stderr\nno line end"


def test_verbose(folder: Path) -> None:
    """With -v INIT_START, START, END and REPORT frame the log."""
    _, out, err = run(folder, "invoke", "host.returns_null", "-v")

    assert out == "null\n"
    assert [line.split(" ")[0] for line in err.splitlines()] == ["INIT_START", "START", "END", "REPORT"]


@pytest.mark.parametrize(
    ("handler", "arguments", "error_type"),
    [
        ("raises", [], "LookupError"),
        ("exits", ["-e", "3"], "Runtime.ExitError"),
        ("sleeps", ["--timeout", "1", "-e", "30"], "Sandbox.Timedout"),
    ],
)
def test_failure(folder: Path, handler: str, arguments: list[str], error_type: str) -> None:
    """A function that failed is code 1; its error object is the output."""
    if handler == "exits":
        (folder / "three.json").write_text("3")
        arguments = ["-e", "three.json"]
    if handler == "sleeps":
        (folder / "thirty.json").write_text("30")
        arguments = ["--timeout", "1", "-e", "thirty.json"]
    code, out, _ = run(folder, "invoke", f"host.{handler}", *arguments)

    assert code == 1
    assert json.loads(out)["errorType"] == error_type


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["host.returns", "-e", "gone.json"],
            "--event gone.json: it cannot be read (No such file or directory); give a file, - or JSON",
        ),
        (
            ["host.returns", "-e", "bad.json"],
            (
                "--event bad.json: it is not JSON (Expecting property name enclosed in double quotes: "
                "line 1 column 2 (char 1))"
            ),
        ),
        (["host.missing"], "Handler 'missing' missing on module 'host'"),
        (["host.returns", "--env", "AWS_REGION=x"],
         "environment variable AWS_REGION: Lambda reserves this name; choose another one"),
        (["host.returns", "--layer", "gone"], "{folder}/gone does not exist: give a folder or a zip file."),
    ],
)  # fmt: skip
def test_refusals(folder: Path, arguments: list[str], message: str) -> None:
    """What cannot work is one message and code 2."""
    code, out, err = run(folder, "invoke", *arguments)

    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"gateway: error: {message.format(folder=folder)}"


def test_variables_and_layers(folder: Path) -> None:
    """Variables and what a layer brings are the handler's."""
    (folder / "layer" / "python").mkdir(parents=True)
    (folder / "layer" / "python" / "brought.py").write_text("WORD = 'layer'\n")
    (folder / "app.py").write_text(
        "import os, brought\ndef handler(event, context): return [os.environ['AA'], brought.WORD]\n"
    )
    code, out, err = run(folder, "invoke", "app.handler", "--env", "AA=given", "--layer", "layer")

    assert (code, json.loads(out or "null"), err) == (0, ["given", "layer"], "")


def test_trace(folder: Path) -> None:
    """The handler has a trace, like one that is called through a port."""
    (folder / "app.py").write_text("import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']\n")
    code, out, _ = run(folder, "invoke", "app.handler")

    assert code == 0
    assert re.fullmatch(
        '"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0"', out.strip()
    )


def test_node(folder: Path) -> None:
    """A JavaScript file is run by Node.js without being told so."""
    (folder / "app.mjs").write_text("export const handler = async (event) => ({ got: event.a });\n")
    code, out, _ = run(folder, "invoke", "app.handler", "-e", '{"a": 5}')

    assert (code, json.loads(out)) == (0, {"got": 5})
