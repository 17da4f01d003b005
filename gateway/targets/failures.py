"""The errors that the platform itself reports for a function, with the texts seen on AWS."""

import json
import logging
import os
from pathlib import Path

import orjson

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, TimedOut, Unavailable, reason_of

log = logging.getLogger("gateway")

RESULT_LIMIT = 6_291_556
"""Bytes of a synchronous result, 6 MiB and 100."""

NOT_READY = Unavailable("ServiceException", "the gateway is starting or stopping")
"""What a target says of an invocation that comes before it was started, or after it was closed."""


def _payload(error_type: str, message: str) -> bytes:
    return orjson.dumps({"errorType": error_type, "errorMessage": message})


def timed_out(request_id: str, timeout_ms: int) -> TimedOut:
    """The function's timeout passed (recorded from AWS in November 2025)."""
    message = f"RequestId: {request_id} Error: Task timed out after {timeout_ms / 1000:.2f} seconds"
    return TimedOut(_payload("Sandbox.Timedout", message), timeout_ms)


def exited(request_id: str, code: int) -> Failed:
    """The process ended; ``code`` is negative for the signal that killed it."""
    if code == 0:
        reason = "Runtime exited without providing a reason"
    elif code > 0:
        reason = f"Runtime exited with error: exit status {code}"
    else:
        reason = f"Runtime exited with error: signal: {_SIGNAL_NAMES.get(-code, f'signal {-code}')}"
    message = f"RequestId: {request_id} Error: {reason}"
    return Failed(_payload("Runtime.ExitError", message), "Runtime.ExitError", reason)


def platform_failure(request_id: str, error_type: str, reason: str) -> Failed:
    """Any other failure that the platform words itself, in its usual form."""
    message = f"RequestId: {request_id} Error: {reason}"
    return Failed(_payload(error_type, message), error_type, reason)


def not_started(request_id: str, program: str, folder: Path, error: OSError) -> Failed:
    """The runtime's program could not be started; worded by Go's ``os/exec``, as in public logs of real functions."""
    reason = os.strerror(error.errno or 0).lower()
    if folder.is_dir():
        return platform_failure(request_id, "Runtime.InvalidEntrypoint", f"fork/exec {program}: {reason}")
    return platform_failure(request_id, "Runtime.InvalidWorkingDir", f"chdir {folder}: {reason}")


def tell_of_a_late_init(configuration: FunctionConfiguration, limit_s: float) -> None:
    """Say why an environment has no process any more, which is no failure: its first invocation starts another one."""
    log.warning(
        "the init phase of the function %s took longer than %g s: it runs again inside the first invocation, whose "
        "timeout is %g s",
        configuration.name,
        limit_s,
        configuration.timeout_ms / 1000,
    )


def result_too_large() -> Failed:
    """The result is over `RESULT_LIMIT`; the environment can be used again."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESULT_LIMIT} bytes)."
    payload = orjson.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"})
    return Failed(payload, "Function.ResponseSizeTooLarge", message)


def reported(payload: bytes) -> Failed:
    """The runtime reported an error; its JSON is passed on unchanged."""
    try:
        error = json.loads(payload)
    except (ValueError, RecursionError):
        error = {}
    error = error if isinstance(error, dict) else {}
    return Failed(payload, str(error.get("errorType", "")), str(error.get("errorMessage", "")))


_SIGNAL_NAMES = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    11: "segmentation fault",
    13: "broken pipe",
    14: "alarm clock",
    15: "terminated",
}


def init_problem(failure: Failed) -> str:
    """Why a handler cannot be loaded, for the user; the message of an error of Lambda's own says its type, too."""
    return failure.message if "." in failure.error_type else reason_of(failure)
