"""The environment variables of functions that run in this process."""

import os
from collections.abc import Iterator

import pytest

from gateway.targets.shared_variables import set_missing_variables, set_variables, unset_variables

ONE, TWO = "one", "two"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of two names the process has one."""
    monkeypatch.setenv("SHARED_A", "own")
    monkeypatch.delenv("SHARED_B", raising=False)
    yield
    unset_variables(ONE)
    unset_variables(TWO)


def found() -> tuple[str | None, str | None]:
    """The two as they are."""
    return os.environ.get("SHARED_A"), os.environ.get("SHARED_B")


def test_the_process_gets_its_own_back() -> None:
    """Also that it had none."""
    set_variables(ONE, {"SHARED_A": "1", "SHARED_B": "1"})
    during = found()
    unset_variables(ONE)

    assert (during, found()) == (("1", "1"), ("own", None))


@pytest.mark.parametrize(("first", "between"), [(ONE, ("2", None)), (TWO, ("1", "1"))])
def test_two_at_once(first: str, between: tuple[str | None, str | None]) -> None:
    """Who stays keeps its values, and what only the other one had is gone with it."""
    set_variables(ONE, {"SHARED_A": "1", "SHARED_B": "1"})
    set_variables(TWO, {"SHARED_A": "2"})
    unset_variables(first)
    kept = found()
    unset_variables(TWO if first == ONE else ONE)

    assert (kept, found()) == (between, ("own", None))


def test_what_the_process_has() -> None:
    """It stays where only missing ones are set; what functions have set is not its own."""
    set_missing_variables(ONE, {"SHARED_A": "1", "SHARED_B": "1"})
    first = found()
    set_missing_variables(TWO, {"SHARED_A": "2", "SHARED_B": "2"})
    unset_variables(ONE)
    second = found()
    unset_variables(TWO)

    assert (first, second, found()) == (("own", "1"), ("own", "2"), ("own", None))


def test_a_handler_removes_a_variable() -> None:
    """It stays removed."""
    set_variables(ONE, {"SHARED_B": "1"})
    del os.environ["SHARED_B"]
    unset_variables(ONE)

    assert found()[1] is None


def test_an_owner_changes_its_value() -> None:
    """It is the last that has come then."""
    for owner, value in ((ONE, "1"), (TWO, "2"), (ONE, "3")):
        set_variables(owner, {"SHARED_A": value})
    unset_variables(TWO)

    assert found()[0] == "3"
