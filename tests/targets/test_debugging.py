"""Whether a debugger is in this process."""

import sys
from types import ModuleType

import pytest

from gateway.targets.debugging import debugger_attached


@pytest.mark.parametrize("name", ["pydevd", "debugpy"])
def test_debuggers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyCharm's and debugpy are known by their modules."""
    monkeypatch.setitem(sys.modules, name, ModuleType(name))

    assert debugger_attached()


def test_no_debugger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them there is none, whoever traces."""
    monkeypatch.delitem(sys.modules, "pydevd", raising=False)
    monkeypatch.delitem(sys.modules, "debugpy", raising=False)
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        assert not debugger_attached()
    finally:
        sys.settrace(before)
