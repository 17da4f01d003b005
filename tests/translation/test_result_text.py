"""Small values out of a result."""

import pytest

from gateway.errors import BadResult
from gateway.translation.result_text import (
    decoded,
    dump,
    flag,
    header_value,
    mapping,
    scalar,
    sequence,
    status_code,
    utf8,
)
from gateway.types import Json


@pytest.mark.parametrize(("value", "status"), [(200, 200), ("201", 201), (599, 599)])
def test_status(value: Json, status: int) -> None:
    """Integers and strings of digits."""
    assert status_code(value) == status


@pytest.mark.parametrize("value", [0, 199, 600, 200.0, 200.5, True, None, "test", "", "2000", "²00", [200]])
def test_no_status(value: Json) -> None:
    """Everything else is refused, and the pointer says where."""
    with pytest.raises(BadResult) as raised:
        status_code(value)

    assert raised.value.pointer == "/statusCode"


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (True, "true"), (False, "false"), (7, "7"), (1.5, "1.5")])
def test_scalar(value: Json, text: str) -> None:
    """Scalars are written as JSON writes them."""
    assert scalar(value, "/headers/a") == text


@pytest.mark.parametrize("value", [None, [], {}])
def test_no_scalar(value: Json) -> None:
    """Nothing else can be a header's value."""
    with pytest.raises(BadResult):
        scalar(value, "/headers/a")


def test_null_counts_as_empty() -> None:
    """Null is an absent member."""
    assert (mapping(None, ""), sequence(None, ""), flag(None, "")) == ({}, [], False)


def test_wrong_shapes() -> None:
    """A member of another shape is refused."""
    with pytest.raises(BadResult):
        mapping([], "/headers")
    with pytest.raises(BadResult):
        sequence({}, "/cookies")
    with pytest.raises(BadResult):
        flag("true", "/isBase64Encoded")
    with pytest.raises(BadResult):
        decoded("%%%")
    with pytest.raises(BadResult):
        header_value("a\r\nb", "/headers/a")


def test_text_that_only_python_can_hold() -> None:
    """Integers over 64 bits and lone surrogates, which AWS's Python runtime writes, do not stop an answer."""
    assert dump([2**70]) == b"[1180591620717411303424]"
    assert dump(["\ud800"]) == b'["?"]'
    assert utf8("\ud800") == b"?"
