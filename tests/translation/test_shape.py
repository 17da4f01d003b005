"""Shapes of JSON values."""

import pytest

from gateway.translation.shape import (
    FLAG,
    NULL,
    TEXT,
    WHOLE,
    Anything,
    ListOf,
    MapOf,
    Members,
    OrNull,
    Shape,
    base64_misfits,
    pair_misfits,
)
from gateway.types import Json

PET = Members({"name": TEXT}, {"age": WHOLE})


@pytest.mark.parametrize(
    ("shape", "value", "pointers"),
    [
        (TEXT, "x", []),
        (TEXT, 1, [""]),
        (WHOLE, True, [""]),
        (FLAG, True, []),
        (NULL, None, []),
        (OrNull(TEXT), None, []),
        (OrNull(TEXT), 1, [""]),
        (Anything(), {"a": [None]}, []),
        (ListOf(TEXT), ["a", 1], ["/1"]),
        (ListOf(TEXT), [], [""]),
        (ListOf(TEXT), "a", [""]),
        (MapOf(TEXT), {}, []),
        (MapOf(TEXT, empty=False), {}, [""]),
        (MapOf(TEXT), [], [""]),
        (MapOf(TEXT, lower=True), {"A/b": 1}, ["/A~1b", "/A~1b"]),
        (PET, {"name": "Rex", "age": 7}, []),
        (PET, {"age": None, "tail": 1}, ["/name", "/age", "/tail"]),
        (PET, {"name": "Rex", "age": "7"}, ["/age"]),
        (Members({}, closed=False), {"any": 1}, []),
        (PET, None, [""]),
    ],
)
def test_misfits(shape: Shape, value: Json, pointers: list[str]) -> None:
    """Every difference has the pointer of its place."""
    assert [misfit.pointer for misfit in shape.misfits(value)] == pointers


def test_what_is_never_there_is_told_first() -> None:
    """With what there is to say of it."""
    shape = Members({"name": TEXT}, never={"names": "belongs to the plural"})

    assert [str(misfit) for misfit in shape.misfits({"names": [], "other": 1})] == [
        "/names: belongs to the plural",
        "/name: is missing; it is always there",
        "/other: is never sent by this front door",
    ]


def test_null_is_not_absent() -> None:
    """The message says what to do about it."""
    assert [str(misfit) for misfit in PET.misfits({"name": "Rex", "age": None})] == [
        "/age: is null; without a value it is absent"
    ]
    assert str(next(PET.misfits(1))).startswith("(event): expected an object")


@pytest.mark.parametrize(
    ("event", "count"),
    [
        ({"isBase64Encoded": True, "body": "eA=="}, 0),
        ({"isBase64Encoded": True, "body": "x"}, 1),
        ({"isBase64Encoded": True, "body": "ü"}, 1),
        ({"isBase64Encoded": False, "body": "x"}, 0),
        ([], 0),
    ],
)
def test_base64(event: Json, count: int) -> None:
    """A body that is said to be base64 is."""
    assert len(list(base64_misfits(event))) == count


@pytest.mark.parametrize(
    ("event", "pointers"),
    [
        ({"s": {"a": "2"}, "m": {"a": ["1", "2"]}}, []),
        ({"s": {"a": "1"}, "m": {"a": ["1", "2"]}}, ["/s/a"]),
        ({"s": {}, "m": {"a": ["1"]}}, ["/s/a"]),
        ({"s": None, "m": {}}, ["/s"]),
        ({"s": None, "m": None}, []),
        (None, []),
    ],
)
def test_pairs(event: Json, pointers: list[str]) -> None:
    """Of two maps the single value is the last of the list."""
    assert [misfit.pointer for misfit in pair_misfits(event, "s", "m")] == pointers
