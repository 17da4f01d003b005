"""What answers of the Invoke API mean."""

from datetime import UTC, datetime

import pybase64
import pytest

from gateway.invocation import Failed, Outcome, Report, Returned, Throttled, TimedOut, Unavailable
from gateway.targets.http_transport import (
    AnswerTimeout,
    BadAnswer,
    ConnectFailed,
    ConnectionLost,
    HttpResponse,
    TransportError,
)
from gateway.targets.logs import PlatformReport, platform_record, report_lines, report_record
from gateway.targets.remote_answers import fill_in, function_error, outcome_of, unreachable

FAILED = [(b"X-Amz-Function-Error", b"Unhandled")]


def outcome(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> Outcome:
    """The outcome of an answer."""
    return outcome_of(HttpResponse(status, b"", headers, body), body)


def error(name: str) -> list[tuple[bytes, bytes]]:
    """The header that names an exception."""
    return [(b"x-amzn-ErrorType", name.encode())]


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ([], b'{"a":1}', Returned(b'{"a":1}')),
        ([(b"X-Amz-Log-Result", pybase64.b64encode(b"log"))], b"null", Returned(b"null", b"log")),
        ([(b"X-Amz-Log-Result", b"%")], b"null", Returned(b"null")),
        (
            [*FAILED, (b"x-amz-log-result", pybase64.b64encode(b"log"))],
            b'{"errorType":"ValueError","errorMessage":"no"}',
            Failed(b'{"errorType":"ValueError","errorMessage":"no"}', "ValueError", "no", b"log"),
        ),
        (FAILED, b"not JSON", Failed(b"not JSON", "", "")),
        (
            FAILED,
            b'{"errorMessage":"2025-11-02T10:00:00.000Z 1-2 Task timed out after 3.00 seconds"}',
            TimedOut(b'{"errorMessage":"2025-11-02T10:00:00.000Z 1-2 Task timed out after 3.00 seconds"}', 3000),
        ),
    ],
    ids=["returned", "log", "bad log", "failed", "failed without object", "timed out"],
)
def test_what_ran(headers: list[tuple[bytes, bytes]], body: bytes, expected: Outcome) -> None:
    """A status of 200 tells of the function."""
    assert outcome(200, headers, body) == expected


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (
            429,
            error("TooManyRequestsException"),
            b'{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
            Throttled("ConcurrentInvocationLimitExceeded"),
        ),
        (429, [], b"slow down", Throttled("TooManyRequestsException")),
        (
            404,
            error("ResourceNotFoundException:http://internal.amazon.com/coral/com.amazonaws.awsgirapi/"),
            b'{"Message":"Function not found: x","Type":"User"}',
            Unavailable("ResourceNotFoundException", "Function not found: x"),
        ),
        (404, [], b"<html>", Unavailable("ResourceNotFoundException", "status 404 without a message")),
        (
            403,
            error("AccessDeniedException"),
            b'{"Message":"User: x is not authorized"}',
            Unavailable("AccessDeniedException", "User: x is not authorized"),
        ),
        (
            403,
            error("InvalidSignatureException"),
            b'{"message":"does not match"}',
            Unavailable("AccessDeniedException", "InvalidSignatureException: does not match"),
        ),
        (
            413,
            error("RequestTooLargeException"),
            b'{"message":"too large"}',
            Unavailable("RequestEntityTooLargeException", "too large"),
        ),
        (
            502,
            error("KMSDisabledException"),
            b'{"Message":"key"}',
            Unavailable("KMSDisabledException", "key"),
        ),
        (
            500,
            [],
            b'{"__type":"com.amazonaws#ServiceException","message":"sorry"}',
            Unavailable("ServiceException", "sorry"),
        ),
        (503, [], b"[]", Unavailable("ServiceException", "status 503 without a message")),
        (302, [], b"", Unavailable("ServiceException", "status 302 without a message")),
    ],
)
def test_what_did_not_run(status: int, headers: list[tuple[bytes, bytes]], body: bytes, expected: Outcome) -> None:
    """Exceptions keep their names, but for those that stand for one cause."""
    assert outcome(status, headers, body) == expected


@pytest.mark.parametrize(
    ("raised", "name"),
    [
        (ConnectFailed("refused"), "ConnectionError"),
        (ConnectFailed("slow", timed_out=True), "ConnectionTimeout"),
        (ConnectionLost("reset"), "ConnectionError"),
        (AnswerTimeout("silent"), "ConnectionTimeout"),
        (BadAnswer("ssh"), "ConnectionError"),
    ],
)
def test_no_answer(raised: TransportError, name: str) -> None:
    """Late and never are told apart."""
    assert unreachable(raised) == Unavailable(name, str(raised))


def test_a_timeout_is_known_by_its_message() -> None:
    """Fractions of a second are kept."""
    payload = b'{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out after 1.50 seconds"}'
    assert function_error(payload, b"tail") == TimedOut(payload, 1500, b"tail")


@pytest.mark.parametrize("version", ["7", "$LATEST", "$LATEST.PUBLISHED"])
def test_version_that_ran(version: str) -> None:
    """It stands in a header."""
    report = Report()
    fill_in(report, HttpResponse(200, b"", [(b"X-Amz-Executed-Version", version.encode())], b""), b"")

    assert (report.version, report.log) == (version, [])


@pytest.mark.parametrize("version", [b"", b"live", b"7\xff", b"1" * 21])
def test_version_that_is_none(version: bytes) -> None:
    """What AWS never says is not taken over."""
    report = Report()
    fill_in(report, HttpResponse(200, b"", [(b"X-Amz-Executed-Version", version)], b""), b"")

    assert report.version == ""


FORGED = "REPORT RequestId: x\tMax Memory Used: 999999 MB\tInit Duration: 1.00 ms\n"
COLD = PlatformReport(2.371, 128, 45, 250.5)
WARM = PlatformReport(2.371, 128, 45)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tail", "memory_mb", "init_s"),
    [
        (FORGED + report_lines("id", COLD), 45, 0.2505),
        (FORGED + report_lines("id", WARM), 45, 0.0),
        (platform_record("platform.report", report_record("id", COLD), NOW), 45, 0.2505),
        (FORGED + platform_record("platform.report", report_record("id", WARM), NOW), 45, 0.0),
        ("no line of the platform: Max Memory Used: 5 MB\n", 0, 0.0),
        ("", 0, 0.0),
    ],
    ids=["text, cold", "text, warm", "JSON, cold", "JSON, warm", "no report", "empty"],
)
def test_tail_of_the_log(tail: str, memory_mb: int, init_s: float) -> None:
    """Its last report has memory and init phase, in both formats; one that the function printed is passed over."""
    report = Report()
    fill_in(report, HttpResponse(200, b"", [], b""), tail.encode())

    assert b"".join(report.log) == tail.encode()
    assert (report.memory_mb, report.init_s, report.cold) == (memory_mb, init_s, init_s > 0)
