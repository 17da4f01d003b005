"""Tests for gateway.loading."""

from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.loading import is_place, load


def test_a_place_is_imported() -> None:
    """Module and name lead to the thing."""
    assert load("gateway.loading:load") is load


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("no_such_package.at_all:Name", "no_such_package.at_all:Name cannot be imported"),
        ("gateway.loading:nothing", "the module gateway.loading has no 'nothing'"),
    ],
)
def test_what_is_not_there_is_said(place: str, message: str) -> None:
    """A package that is missing and a name that is missing are told apart."""
    with pytest.raises(UsageError, match=message):
        load(place)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "broken_module:X cannot be imported: broken_module raises ZeroDivisionError: division by zero"),
        ("None.x", "broken_module raises AttributeError: 'NoneType' object has no attribute 'x'"),
        ("def", "broken_module raises SyntaxError: "),
        ("from gateway.errors import UsageError\nraise UsageError('install the extra')", "^install the extra$"),
    ],
)
def test_what_a_module_raises_is_said(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own advice as it is."""
    (tmp_path / "broken_module.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(UsageError, match=message):
        load("broken_module:X")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a:B", True),
        ("a.b_c:D1", True),
        ("a", False),
        (":B", False),
        ("a:", False),
        ("a.:B", False),
        ("aws:b-c", False),
    ],
)
def test_places_are_told_from_other_names(name: str, *, expected: bool) -> None:
    """A place has a module, a colon and a name."""
    assert is_place(name) is expected
