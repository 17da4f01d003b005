"""Maps that come twice, and header lines out of two members."""

import pytest

from gateway.errors import BadResult
from gateway.translation.payload_v1 import header_maps, multi_value_lines, query_maps
from gateway.translation.proxy_headers import http_v1_name, rest_name


def test_last_value_and_all_values() -> None:
    """A repeated name has its last value in one map and all of them in the other."""
    maps = header_maps([(b"X-A", b"1"), (b"Host", b"h"), (b"X-A", b"2")], rest_name)

    assert maps.single == {"X-A": "2", "Host": "h"}
    assert maps.multi == {"X-A": ["1", "2"], "Host": ["h"]}
    assert (maps.text("X-A"), maps.joined("X-A"), maps.text("X-B"), maps.joined("X-B")) == ("2", "1, 2", "", "")


def test_bytes_outside_utf8_stay() -> None:
    """A value that is no UTF-8 is read as ISO 8859-1, the others are not touched by that."""
    maps = header_maps([(b"X-A", b"\xe9"), (b"X-B", "é".encode())], rest_name)

    assert maps.single == {"X-A": "é", "X-B": "é"}


@pytest.mark.parametrize(
    ("sent", "spelled"),
    [(b"ACCEPT", "accept"), (b"content-type", "Content-Type"), (b"Postman-Token", "Postman-Token"), (b"TE", "")],
)
def test_http_api_spelling(sent: bytes, spelled: str) -> None:
    """Some names are Title-Case, some lower case, the rest as sent."""
    assert http_v1_name(sent) == spelled


@pytest.mark.parametrize("raw_query", [b"", b"&", b"&&"])
def test_empty_query(raw_query: bytes) -> None:
    """A query without a parameter is null in the event."""
    assert query_maps(raw_query) is None


def test_order_of_the_two_members() -> None:
    """REST APIs write the list first, HTTP APIs the single value; the first spelling counts."""
    single = [(b"x-a", b"1"), (b"x-b", b"2")]

    assert multi_value_lines({"X-A": ["3"]}, single, multi_first=True) == [
        (b"X-A", b"3"),
        (b"X-A", b"1"),
        (b"x-b", b"2"),
    ]
    assert multi_value_lines({"X-A": ["3"]}, single, multi_first=False) == [
        (b"x-a", b"1"),
        (b"x-a", b"3"),
        (b"x-b", b"2"),
    ]
    assert multi_value_lines(None, single, multi_first=True) == single


def test_a_pair_in_both_members() -> None:
    """REST APIs send it once, however its name is spelled; what stands twice in the list goes out twice."""
    single = [(b"location", b"/a"), (b"x-b", b"2")]

    assert multi_value_lines({"Location": ["/a"], "X-B": ["1", "1"]}, single, multi_first=True) == [
        (b"Location", b"/a"),
        (b"X-B", b"1"),
        (b"X-B", b"1"),
        (b"X-B", b"2"),
    ]
    assert multi_value_lines({"Location": ["/a"]}, single[:1], multi_first=False) == [(b"location", b"/a")] * 2


@pytest.mark.parametrize(
    "value", [[], "x", {"a": "x"}, {"a": [None]}, {"a": [["b"]]}, {"a b": ["c"]}, {"a": ["b\r\nc"]}]
)
def test_bad_lists(value: list[None] | str | dict[str, list[None]]) -> None:
    """A list of values for each name, and nothing that would break the response apart."""
    with pytest.raises(BadResult):
        multi_value_lines(value, [], multi_first=True)  # type: ignore[arg-type]  # JSON of any shape
