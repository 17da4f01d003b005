"""Secrets in any text; each kind of them is in ``tests/data/redaction``."""

import pytest

from gateway.observe.secret_shapes import without_shapes


def told(text: str) -> str:
    """The text with marks."""
    return without_shapes(text, lambda _: "*")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://a.example/?token=a&b=1#id_token=c", "see https://a.example/?token=*&b=1#id_token=*"),
        ("?a=https://b.example/?pwd=c?d", "?a=https://b.example/?pwd=*"),
        ("?next=%2Fa%3Ftoken%3Dabc&b=1", "?next=%2Fa%3Ftoken%3D%2A&b=1"),
        ("?next=%2Fa%3Fb%3Dabc", "?next=%2Fa%3Fb%3Dabc"),
        ("<a href='/?token=a'>", "<a href='/?token=*'>"),
        ("postgres://me:pass@db/x", "postgres://me:*@db/x"),
        ("http://a.example:80/@b", "http://a.example:80/@b"),
        ("Basic authentication is needed", "Basic authentication is needed"),
        ("Bearer authentication", "Bearer authentication"),
        ("bearer abc123", "bearer *"),
        ("Basic dTpw", "Basic dTpw"),
        ("Basic dXNlcjpw", "Basic *"),
        ("token=%3DeyJhbGciOiJub25lIn0.e30.", "token=%3D*"),
        ("monkeyJhbGciOiJub25lIn0.e30.", "monkeyJhbGciOiJub25lIn0.e30."),
        ("-----BEGIN PUBLIC KEY-----\nAAAA", "-----BEGIN PUBLIC KEY-----\nAAAA"),
        ("a -----BEGIN EC PRIVATE KEY-----\nAA\n-----END EC PRIVATE KEY----- b", "a * b"),
        ("AKIAIOSFODNN7EXAMPLEX", "AKIAIOSFODNN7EXAMPLEX"),
        ("plain text, with a=b and c=d", "plain text, with a=b and c=d"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    """A secret goes to its end and no further; what only looks a little like one stays."""
    assert told(text) == expected
