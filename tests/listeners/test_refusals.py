"""What the log says of bytes that were no acceptable request."""

import pytest

from gateway.listeners.refusals import log_refusal
from gateway.listeners.wire import Refusal

CLIENT = ("192.0.2.1", 4711)


def refusal(status: int, line: bytes = b"", why: str = "", head: bytes = b"") -> Refusal:
    """A refusal as the reader raises it."""
    made = Refusal(status, line, why)
    made.head = head
    return made


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (refusal(400), "what was sent by 192.0.2.1 -> 400: it is no request of HTTP"),
        (
            refusal(408, b"GET / HTTP/1.1"),
            "'GET / HTTP/1.1' by 192.0.2.1 -> 408: the client was silent in the middle of it",
        ),
        (refusal(400, why="Invalid method", head=b"\x16\x03\r\n"), "'\\x16\\x03' by 192.0.2.1 -> 400: Invalid method"),
        (
            refusal(414, b"GET /\xff" + b"a" * 99),
            f"'GET /ÿ{'a' * 74}' by 192.0.2.1 -> 414: its request line is too long",
        ),
        (refusal(418, why="x" * 999), f"what was sent by 192.0.2.1 -> 418: {'x' * 80}"),
    ],
)
def test_one_line_says_what_was_wrong(refused: Refusal, message: str, caplog: pytest.LogCaptureFixture) -> None:
    """Which request, whose, the status, and why; what a client sent is cut and escaped."""
    log_refusal(refused, CLIENT)

    (said,) = caplog.messages
    assert said.removesuffix(" (desync: Severe BadMethod)") == message


def test_the_class_of_a_head_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """What a load balancer would have called it, as its access log has it."""
    found = log_refusal(refusal(400, head=b"POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n"), CLIENT)

    assert found == ("Ambiguous", "SuspiciousHeader")
    assert caplog.messages[0].endswith(" (desync: Ambiguous SuspiciousHeader)")
    assert log_refusal(refusal(400, head=b"GET / HTTP/1.1\r\n\r\n"), CLIENT) == ("-", "-")


def test_a_defect_is_reported_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    """Once."""
    assert log_refusal(refusal(500), CLIENT) == ("-", "-")
    assert caplog.messages == []
