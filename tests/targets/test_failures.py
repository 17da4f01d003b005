"""The platform's own errors, in the words recorded from AWS."""

import pytest

from gateway.invocation import Failed
from gateway.targets.failures import exited, init_problem, reported, result_too_large, timed_out


@pytest.mark.parametrize(
    ("timeout_ms", "seconds"), [(3000, "3.00"), (200, "0.20"), (900_000, "900.00"), (1500, "1.50")]
)
def test_timed_out(timeout_ms: int, seconds: str) -> None:
    """Type first, then the message with the seconds to two places."""
    outcome = timed_out("an-id", timeout_ms)

    message = f"RequestId: an-id Error: Task timed out after {seconds} seconds"
    assert outcome.payload == f'{{"errorType":"Sandbox.Timedout","errorMessage":"{message}"}}'.encode()
    assert outcome.after_ms == timeout_ms


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (127, "Runtime exited with error: exit status 127"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-6, "Runtime exited with error: signal: aborted"),
        (-34, "Runtime exited with error: signal: signal 34"),
    ],
)
def test_exited(code: int, reason: str) -> None:
    """Exit codes and signals in Go's words, since AWS's supervisor is written in Go."""
    outcome = exited("an-id", code)

    assert (outcome.error_type, outcome.message) == ("Runtime.ExitError", reason)
    assert (
        outcome.payload
        == f'{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: an-id Error: {reason}"}}'.encode()
    )


def test_result_too_large() -> None:
    """Here the message comes first, and there is no request id."""
    assert result_too_large().payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"Function.ResponseSizeTooLarge"}'
    )


@pytest.mark.parametrize(
    ("payload", "error_type", "message"),
    [
        (b'{"errorMessage": "m", "errorType": "T"}', "T", "m"),
        (b'{"errorMessage": NaN}', "", "nan"),
        (b"{}", "", ""),
        (b"[1]", "", ""),
        (b"no json", "", ""),
        (b"\xff", "", ""),
        (b"[" * 100_000, "", ""),
    ],
)
def test_reported(payload: bytes, error_type: str, message: str) -> None:
    """What a runtime reports is passed on unchanged, whatever it is."""
    outcome = reported(payload)

    assert (outcome.payload, outcome.error_type, outcome.message) == (payload, error_type, message)


@pytest.mark.parametrize(
    ("error_type", "message", "problem"),
    [
        ("Runtime.HandlerNotFound", "app has no handler", "app has no handler"),
        ("ValueError", "on purpose", "ValueError: on purpose"),
        ("ValueError", "", "ValueError"),
    ],
)
def test_init_problem(error_type: str, message: str, problem: str) -> None:
    """An exception of the handler's own is named."""
    assert init_problem(Failed(b"{}", error_type, message)) == problem
