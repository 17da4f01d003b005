"""What goes into a function and what comes out of it."""

import pytest

from gateway.invocation import (
    LOG_BYTES,
    Failed,
    Report,
    StreamBroken,
    Throttled,
    TimedOut,
    Unavailable,
    reason_of,
)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Failed(b"{}", "KeyError", "'id'"), "KeyError: 'id'"),
        (Failed(b"{}", "Runtime.ExitError", ""), "Runtime.ExitError"),
        (TimedOut(b"{}", 1500), "no answer within 1.5 s"),
        (Throttled("ConcurrentInvocationLimitExceeded"), "ConcurrentInvocationLimitExceeded"),
        (Unavailable("ServiceException", "stopping"), "ServiceException: stopping"),
    ],
)
def test_reason(outcome: Failed | TimedOut | Throttled | Unavailable, reason: str) -> None:
    """Every log says in the same words why there is no result."""
    assert reason_of(outcome) == reason


def test_broken_stream_says_why() -> None:
    """The error has the type for the log and the function's own error for who can show it."""
    error = StreamBroken("Runtime.Unknown", b'{"errorType":"Runtime.Unknown"}')

    assert (str(error), error.error_type, error.payload) == (
        "Runtime.Unknown",
        "Runtime.Unknown",
        b'{"errorType":"Runtime.Unknown"}',
    )


def test_log_is_bounded() -> None:
    """Of a log without end the beginning is kept, in few pieces, and how much is missing."""
    report = Report()
    for _ in range(LOG_BYTES):
        report.add_log(b"ab")
    report.add_log(b"c")

    assert b"".join(report.log) == b"ab" * (LOG_BYTES // 2)
    assert len(report.log) <= LOG_BYTES // 2048
    assert report.log_dropped == LOG_BYTES + 1


def test_log_of_large_pieces() -> None:
    """They are kept as they come, the last one as far as there is room."""
    report = Report()
    report.add_log(b"a" * (LOG_BYTES - 1))
    report.add_log(b"bc")

    assert report.log == [b"a" * (LOG_BYTES - 1), b"b"]
    assert report.log_dropped == 1


def test_warm() -> None:
    """Nothing of an init phase is told of an invocation that met an environment at work."""
    report = Report()
    report.begin(2.0, "stream", "7", None)
    report.end(3.5, 64)

    assert (report.started_at, report.ended_at, report.cold, report.init_s) == (2.0, 3.5, False, 0.0)
    assert (report.environment, report.version, report.memory_mb) == ("stream", "7", 64)


def test_cold() -> None:
    """The first invocation has the init phase of its environment."""
    report = Report()
    report.begin(2.0, "stream", "7", 250.0)

    assert (report.started_at, report.cold, report.init_s) == (2.0, True, 0.25)


def test_init_phase_inside_the_invocation() -> None:
    """The handler's time begins after it."""
    report = Report()
    report.begin(2.0, "stream", "7", None)
    report.wait_for_init(2.5)
    assert report.started_at == 0.0
    report.init_ended(4.0)
    report.end(4.25)

    assert (report.started_at, report.ended_at, report.cold, report.init_s) == (4.0, 4.25, True, 1.5)


def test_init_phase_that_never_ends() -> None:
    """All of the time was its, and the handler did not begin."""
    report = Report()
    report.begin(2.0, "stream", "7", None)
    report.wait_for_init(2.0)
    report.end(5.0)

    assert (report.started_at, report.ended_at, report.init_s) == (0.0, 5.0, 3.0)


def test_end_of_a_stream() -> None:
    """The instant is that of its head, the memory that of its end."""
    report = Report()
    report.begin(1.0, "stream", "7", None)
    report.end(2.0)
    report.end(3.0, 64)

    assert (report.ended_at, report.memory_mb) == (2.0, 64)
