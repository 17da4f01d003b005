"""nginx's pages and phrases."""

import pytest

from gateway.translation.error_page import PAGE_REASONS, STANDARD_REASONS, page


@pytest.mark.parametrize(("status", "length"), [(301, 134), (502, 122), (503, 162)])
def test_a_page_has_its_captured_length(status: int, length: int) -> None:
    """The three lengths that were seen on the wire."""
    assert len(page(status)) == length


def test_every_line_ends_with_crlf() -> None:
    """A page with bare line feeds would be nobody's."""
    assert page(404).count(b"\r\n") == page(404).count(b"\n") == 6


def test_a_status_that_nginx_does_not_know_has_no_page() -> None:
    """No capture of these bodies is known."""
    assert page(463) == b""


def test_functions_get_the_registry_s_phrases() -> None:
    """A function's 503 is no page of the load balancer; phrases do not depend on Python's version."""
    assert STANDARD_REASONS[503] == b"Service Unavailable"
    assert STANDARD_REASONS[413] == b"Request Entity Too Large"
    assert PAGE_REASONS[503] == b"Service Temporarily Unavailable"
