"""What is refused of any request."""

import pytest

from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.request_checks import check_header_values


def test_header_values() -> None:
    """Those of all lines count together, and names do not."""
    check_header_values([(b"a" * 500, b"x" * 10_000), (b"b", b"x" * 240)], Cause.TOO_LARGE)

    with pytest.raises(Refused, match="over 10240 bytes") as caught:
        check_header_values([(b"a", b"x" * 10_000), (b"b", b"x" * 241)], Cause.TOO_LARGE)
    assert caught.value.cause is Cause.TOO_LARGE
