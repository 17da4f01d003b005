"""The body behind a head that asks for another protocol."""

import pytest

from gateway.listeners.upgrade import body_parser


@pytest.mark.parametrize(("length", "data"), [(5, b"hello"), (None, b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")])
def test_reads_a_body_and_its_end(length: int | None, data: bytes) -> None:
    """Both framings are read, in whatever pieces, and the end is told once."""
    parts: list[bytes] = []
    ends: list[bool] = []
    parser = body_parser(length, parts.append, lambda: ends.append(True))

    for index in range(len(data)):
        assert not ends
        parser.feed_data(data[index : index + 1])

    assert (b"".join(parts), ends) == (b"hello", [True])
