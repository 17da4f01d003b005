"""What the load balancer refuses, and what it makes of the client's headers."""

import pytest

from gateway.errors import Fault, FaultKind
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_request import added_headers, admitted_lines, multi_headers, refuse_early, refuse_websocket
from gateway.translation.flavour import Limits
from gateway.translation.messages import Arrival, Request

LIMITS = Limits(request_body=4, result=4)
REQUEST = Request("GET", b"/", b"", [], b"", ("203.0.113.7", 1), ("10.0.0.1", 80))
ARRIVAL = Arrival("", 0, "1-65a0f5c0-0123456789abcdef01234567")


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (REQUEST._replace(body=b"12345"), FaultKind.REQUEST_TOO_LARGE),
        (REQUEST._replace(method="TRACE"), FaultKind.METHOD_NOT_ALLOWED),
        (REQUEST._replace(raw_path=b"/.."), FaultKind.MALFORMED),
        (REQUEST._replace(raw_path=b"/a/../../b"), FaultKind.MALFORMED),
        (REQUEST._replace(raw_path=b"/./../b"), FaultKind.MALFORMED),
    ],
)
def test_some_requests_are_refused_before_their_headers_are_read(request_: Request, kind: FaultKind) -> None:
    """Nothing is invoked for them."""
    with pytest.raises(Fault) as caught:
        refuse_early(request_, LIMITS)

    assert caught.value.kind is kind


@pytest.mark.parametrize("path", [b"/a/..", b"/a/../b", b"/..a", b"/a..", b"/...", b"/a/b/../../c", b"/%2e%2e/"])
def test_dots_that_stay_below_the_root_are_fine(path: bytes) -> None:
    """Such a path is passed on as it is."""
    refuse_early(REQUEST._replace(raw_path=path), LIMITS)


@pytest.mark.parametrize("last", [{"upgrade": "websocket"}, {"upgrade": "h2c", "connection": "upgrade"}, {}])
def test_only_a_whole_websocket_upgrade_is_refused(last: dict[str, str]) -> None:
    """Both headers have to ask for it."""
    refuse_websocket(last)

    with pytest.raises(Fault, match="WebSocket"):
        refuse_websocket({"upgrade": "WebSocket", "connection": "keep-alive, Upgrade"})


def test_invalid_names_are_dropped_only_when_asked_for() -> None:
    """Letters, digits and hyphens are valid."""
    lines = [(b"X_A", b"1"), (b"X-A", b"2")]

    request_ = REQUEST._replace(headers=lines)

    assert admitted_lines(request_, AlbAttributes()) == lines
    assert admitted_lines(request_, AlbAttributes(drop_invalid_header_fields=True)) == [(b"X-A", b"2")]


def test_four_headers_are_added_to_every_request() -> None:
    """X-Forwarded-Host is not among them."""
    assert added_headers([], {}, REQUEST, ARRIVAL, AlbAttributes()) == {
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "80",
        "x-forwarded-proto": "http",
        "x-amzn-trace-id": "Root=1-65a0f5c0-0123456789abcdef01234567",
    }


def test_every_host_line_is_normalised_in_multi_mode() -> None:
    """Two lines stay two values."""
    headers = multi_headers({"host": ["A", "B:1"]}, {}, REQUEST, AlbAttributes())

    assert headers == {"host": ["A", "B"]}
