"""A handler in this process, called without threads around it."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.invocation import Failed, Outcome, Report, Returned
from gateway.targets.failures import exited
from gateway.targets.local_handler import LocalHandler, exit_code
from tests.targets.hosting import REQUEST_ID, configuration, invocation


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    """The handler's modules and folders leave this process after the test."""
    path = sys.path[:]
    yield
    sys.path[:] = path
    for name in ("local_app", "local_layer"):
        sys.modules.pop(name, None)


def handler_in(folder: Path, source: str) -> LocalHandler:
    """The handler of a module with this source."""
    (folder / "local_app.py").write_text(source)
    return LocalHandler(configuration("local_app.handler", folder))


def loaded_anew(folder: Path, source: str) -> tuple[Outcome, Report]:
    """What a call gives, and tells, whose handler has got another source since it was loaded."""
    handler = handler_in(folder, "def handler(*_):\n    return 'first'\n")
    handler.load()
    handler_in(folder, source)
    handler.forget(configuration("local_app.handler", folder))
    report = Report()
    report.begin(1.0, "stream", "$LATEST", None)
    return handler.run(invocation()._replace(report=report)), report


def test_loaded_once(tmp_path: Path) -> None:
    """The module is imported when it is asked for, and not again by a call."""
    handler = handler_in(tmp_path, "calls = []\ndef handler(event, _):\n    calls.append(event)\n    return calls\n")
    before = handler.loaded
    handler.load()

    assert (before, handler.loaded) == (False, True)
    assert [handler.run(invocation(event)) for event in (1, 2)] == [Returned(b"[1]"), Returned(b"[1, 2]")]


def test_trace(tmp_path: Path) -> None:
    """Each call has its own in the variable, and none stays when the function has ended."""
    source = "import os\ndef handler(event, context):\n    return os.environ.get('_X_AMZN_TRACE_ID')\n"
    handler = handler_in(tmp_path, source)
    handler.load()
    found = [handler.run(invocation()._replace(trace_id=trace)) for trace in ("Root=1", "", "Root=2")]
    handler.leave()

    assert found == [Returned(b'"Root=1"'), Returned(b"null"), Returned(b'"Root=2"')]
    assert "_X_AMZN_TRACE_ID" not in os.environ


def test_cannot_be_loaded(tmp_path: Path) -> None:
    """The message has the fault and its place."""
    with pytest.raises(UsageError, match=r"ZeroDivisionError: division by zero \(.*local_app\.py, line 1\)"):
        handler_in(tmp_path, "1 / 0\n").load()


def test_module_that_leaves(tmp_path: Path) -> None:
    """This process goes on; where it is loaded inside a call, that has the platform's error."""
    with pytest.raises(UsageError, match=r"the process would end while it loads the handler: .* exit status 3"):
        handler_in(tmp_path, "raise SystemExit(3)\n").load()
    outcome, _ = loaded_anew(tmp_path, "raise SystemExit(3)\n")

    assert outcome == exited(REQUEST_ID, 3)


def test_layers(tmp_path: Path) -> None:
    """Their packages are found; those of the function come first, and other layers bring other ones."""
    for layer in ("one", "two"):
        packages = tmp_path / layer / "python"
        packages.mkdir(parents=True)
        (packages / "local_layer.py").write_text(f"NAME = {layer!r}\n")
        (packages / "local_app.py").write_text("raise AssertionError('not the function')\n")
    (tmp_path / "local_app.py").write_text("import local_layer\ndef handler(*_):\n    return local_layer.NAME\n")
    function = replace(configuration("local_app.handler", tmp_path), opt=tmp_path / "one")
    handler = LocalHandler(function)
    handler.load()
    first = handler.run(invocation())
    handler.forget(replace(function, opt=tmp_path / "two"))

    assert [first, handler.run(invocation())] == [Returned(b'"one"'), Returned(b'"two"')]


def test_loaded_anew_inside_a_call(tmp_path: Path) -> None:
    """A call after `forget` imports what is there now, and tells how long that took."""
    outcome, report = loaded_anew(tmp_path, "def handler(*_):\n    return 'and second'\n")

    assert outcome == Returned(b'"and second"')
    assert report.cold
    assert report.init_s > 0


def test_cannot_be_loaded_inside_a_call(tmp_path: Path) -> None:
    """The failure is the answer, and the invocation never began."""
    outcome, report = loaded_anew(tmp_path, "1 / 0  # no handler any more\n")

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "ZeroDivisionError"
    assert report.started_at == 0.0


@pytest.mark.parametrize(
    ("error", "code"),
    [(SystemExit(), 0), (SystemExit(3), 3), (SystemExit(259), 3), (SystemExit("why"), 1), (KeyboardInterrupt(), 1)],
    ids=repr,
)
def test_exit_codes(error: BaseException, code: int) -> None:
    """As the system has them of a process that ends so."""
    assert exit_code(error) == code
