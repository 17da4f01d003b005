"""Text and base64 bodies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation.body import from_base64, is_text, to_base64


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text/html; charset=utf-8", True),
        ("TEXT/CSV", True),
        (" application/json ;x", True),
        ("application/javascript", True),
        ("application/xml", True),
        ("application/jsonx", False),
        ("application/ld+json", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=text/", False),
        ("image/svg+xml", False),
        ("texts/plain", False),
        ("", False),
    ],
)
def test_the_media_type_decides(content_type: str, text: bool) -> None:
    """Parameters, blanks and case do not."""
    assert is_text(content_type) is text


@given(st.binary())
def test_base64_gives_the_same_bytes_back(body: bytes) -> None:
    """Standard alphabet and padding, both ways."""
    assert from_base64(to_base64(body).decode()) == body


@pytest.mark.parametrize("text", ["aGk", "aGk=\r\n", "-_8=", "a b=", "aGk=aGk=", "é===", "="])
def test_anything_but_strict_base64_is_an_error(text: str) -> None:
    """No repair of padding, line breaks or alphabets."""
    with pytest.raises(ValueError, match=r".+"):
        from_base64(text)
