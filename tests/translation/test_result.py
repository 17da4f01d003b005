"""Reading what a function returned."""

import math

import pytest

from gateway.errors import BadResult
from gateway.translation.result import load_result


def test_what_only_python_writes_is_read_too() -> None:
    """NaN, lone surrogates and long integers come from AWS's own runtime."""
    result = load_result(b'{"a": NaN, "b": "\\ud800", "c": 123456789012345678901234567890}')

    assert isinstance(result, dict)
    assert isinstance(result["a"], float)
    assert math.isnan(result["a"])
    assert result["b"] == "\ud800"
    assert result["c"] == 123456789012345678901234567890


@pytest.mark.parametrize("payload", [b"", b"<html>", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_what_is_not_json_is_a_bad_result(payload: bytes) -> None:
    """Whatever the bytes are, the error says that JSON was expected."""
    with pytest.raises(BadResult, match="expected JSON, got <not JSON: ") as caught:
        load_result(payload)

    assert caught.value.pointer == ""
