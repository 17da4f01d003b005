"""The small types of the file's values: what is refused never quotes the value by itself."""

from dataclasses import make_dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config.keys import Cidr, Name
from gateway.config.regex import RegexText
from tests.config.reading import read


@pytest.mark.parametrize(
    ("kind", "value", "message", "derived"),
    [
        (Name, "a b", "found {found}; allowed: up to 140 letters, digits, - and _", ""),
        (Cidr, "10.0.0.1", "found {found}; allowed: CIDR format{derived}", ", such as 10.0.0.1/32"),
        (Cidr, "x", "found {found}; allowed: an IPv4 or IPv6 block in CIDR format without host bits, such as", ""),
        (Cidr, "255.255.255.255/32", "found {found}; AWS does not allow this block", ""),
        (
            RegexText,
            "(?=x)",
            "found {found}{derived}; allowed: RE2 syntax",
            ": RE2 refuses it, invalid perl operator: (?=",
        ),
    ],
)
def test_refusals(kind: Any, value: str, message: str, derived: str) -> None:  # noqa: ANN401
    """What was found, and what was made of it, have their marks."""
    with pytest.raises(ValidationError) as caught:
        read(make_dataclass("Table", [("key", kind)]), {"key": value})
    (details,) = caught.value.errors()

    assert details["ctx"]["message"].startswith(message)
    assert details["ctx"]["derived"].startswith(derived)
