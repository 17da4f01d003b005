"""Preludes that arrive in any pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadResult
from gateway.translation.stream_prelude import DELIMITER, LIMIT, Prelude, PreludeParser, plain_prelude

METADATA = b'{"statusCode":201,"headers":{"Content-Type":"text/html"},"cookies":["a=1"]}'
STREAM = METADATA + DELIMITER + b"<p>\0\0\0\0\0\0\0\0</p>"


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_any_pieces(cuts: list[int]) -> None:
    """However the bytes are cut, the head is the same and no byte of the body is lost."""
    edges = [0, *sorted(cuts), len(STREAM)]
    parser, prelude, rest = PreludeParser(), None, b""
    for start, end in pairwise(edges):
        piece = STREAM[start:end]
        if prelude is None:
            prelude = parser.feed(piece)
        else:
            rest += piece

    assert prelude is not None
    assert prelude[:3] == (201, [(b"Content-Type", b"text/html")], [b"a=1"])
    assert prelude.body + rest == b"<p>\0\0\0\0\0\0\0\0</p>"


def test_everything_is_optional() -> None:
    """Empty metadata is a 200 without headers."""
    assert PreludeParser().feed(b"{}" + DELIMITER) == Prelude(200, [], [], b"")


def test_multi_value_headers() -> None:
    """Behind a REST API lists of values join the single ones."""
    prelude = PreludeParser().feed(b'{"headers":{"x-a":"1"},"multiValueHeaders":{"X-A":["2","3"]}}' + DELIMITER)

    assert prelude is not None
    assert prelude.headers == [(b"X-A", b"2"), (b"X-A", b"3"), (b"X-A", b"1")]


@pytest.mark.parametrize("metadata", [b"[]", b"{", b'{"statusCode":"x"}', b'{"headers":[]}', b'{"cookies":"a"}'])
def test_bad_metadata(metadata: bytes) -> None:
    """Metadata that is no response object is an error."""
    with pytest.raises(BadResult):
        PreludeParser().feed(metadata + DELIMITER)


def test_delimiter_too_late() -> None:
    """The delimiter has to stand in the first 16 KB, at once or in pieces."""
    padded = b'{"headers":{"x":"' + b"a" * LIMIT
    parser = PreludeParser()

    with pytest.raises(BadResult):
        parser.feed(padded + b'"}}' + DELIMITER)

    in_pieces = PreludeParser()
    assert in_pieces.feed(b"a" * (LIMIT - 1)) is None
    with pytest.raises(BadResult):
        in_pieces.feed(b"a")


def test_end_before_the_delimiter() -> None:
    """A stream that ends inside its metadata is an error that says how long it was."""
    parser = PreludeParser()
    parser.feed(b"{}")

    with pytest.raises(BadResult, match="after 2 bytes"):
        parser.finish()


def test_without_metadata() -> None:
    """Another content type makes the whole stream the body of a 200."""
    assert plain_prelude("text/event-stream")[:2] == (200, [(b"Content-Type", b"text/event-stream")])
