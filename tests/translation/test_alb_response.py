"""The load balancer's own header lines."""

from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_response import finished, head, page_response
from gateway.translation.messages import Request

REQUEST = Request("GET", b"/", b"", [], b"", ("203.0.113.7", 1), ("10.0.0.1", 80))


def test_date_length_and_server_can_be_left_out() -> None:
    """The function's Date, a 204 and the server attribute ask for it."""
    lines = head(AlbAttributes(server_header=False), b"", b"text/html", None, keep_alive=False)

    assert lines == [(b"Content-Type", b"text/html"), (b"Connection", b"close")]


def test_inserted_lines_replace_those_of_the_function() -> None:
    """Whatever the spelling."""
    attributes = AlbAttributes(response_headers=[(b"X-Frame-Options", b"DENY")])

    assert finished([(b"x-frame-OPTIONS", b"a"), (b"X-B", b"b")], attributes, REQUEST) == [
        (b"X-B", b"b"),
        (b"X-Frame-Options", b"DENY"),
    ]


def test_http2_has_lower_case_names_and_no_connection() -> None:
    """RFC 9113, 8.2."""
    lines = [(b"Server", b"x"), (b"Connection", b"close")]

    assert finished(lines, AlbAttributes(), REQUEST._replace(http_version="2")) == [(b"server", b"x")]


def test_a_page_tells_its_length() -> None:
    """Content-Length is that of the body."""
    response = page_response(502, AlbAttributes(), b"now", keep_alive=True)

    assert isinstance(response.body, bytes)
    assert dict(response.headers)[b"Content-Length"] == str(len(response.body)).encode()
