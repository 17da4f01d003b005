"""Which bodies are text; the measured table of content types stands in the cases of the HTTP API."""

import pytest

from gateway.translation.media_types import is_binary_request, is_binary_response, is_text


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ('application/json; charset="UTF-8"', True),
        ("application/json; version=1", True),
        ("application/problem+json", False),
        ("text/plain; format=flowed; charset=us-ascii", False),
    ],
)
def test_not_measured(content_type: str, text: bool) -> None:
    """Chosen where nobody has measured: other parameters change nothing, suffixes are not in the list."""
    assert is_text(content_type) is text


@pytest.mark.parametrize(
    ("content_type", "entries", "binary"),
    [
        ("image/png; q=1", ("image/png",), True),
        ("IMAGE/PNG", ("image/png",), True),
        ("image/png", ("image/*",), True),
        ("image/png", ("*/*",), True),
        ("", ("*/*",), True),
        ("image/png", ("*/png", "image/jpeg"), False),
        ("image/png", (), False),
    ],
)
def test_request(content_type: str, entries: tuple[str, ...], binary: bool) -> None:
    """A request matches an entry, its family, or ``*/*``; other wildcards do not work."""
    assert is_binary_request(content_type, entries) is binary


@pytest.mark.parametrize(
    ("accept", "entries", "binary"),
    [
        ("image/png", ("image/png",), True),
        ("image/png;q=0.5,text/html", ("image/png",), True),
        ("text/html,image/png", ("image/png",), False),
        ("*/*", ("image/png",), False),
        ("image/*", ("image/*",), True),
        ("image/png", ("image/*",), False),
        ("", ("image/png",), False),
        ("", ("*/*",), True),
    ],
)
def test_response(accept: str, entries: tuple[str, ...], binary: bool) -> None:
    """Only the first type of Accept counts, and only exactly."""
    assert is_binary_response(accept, entries) is binary
