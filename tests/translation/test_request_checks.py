"""What is refused of any request."""

import pytest

from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.request_checks import check_header_values, check_query


def test_header_values() -> None:
    """Those of all lines count together, and names do not."""
    check_header_values([(b"a" * 500, b"x" * 10_000), (b"b", b"x" * 240)], Cause.TOO_LARGE)

    with pytest.raises(Refused, match="over 10240 bytes") as caught:
        check_header_values([(b"a", b"x" * 10_000), (b"b", b"x" * 241)], Cause.TOO_LARGE)
    assert caught.value.cause is Cause.TOO_LARGE


@pytest.mark.parametrize("query", [b"{", b"a=}", b"a=b|c&d"])
def test_plain_characters_of_a_query(query: bytes) -> None:
    """One is enough; encoded they pass."""
    check_query(b"a=%7B%7D%7C[]", b"{}|")

    with pytest.raises(Refused, match=r"must be percent-encoded: one of { } \|$") as caught:
        check_query(query, b"{}|")
    assert caught.value.cause is Cause.QUERY
