"""Answers of the Invoke API, and of what speaks like it, as outcomes.

Facts, from the AWS Lambda API reference, botocore's Lambda model and recordings of the real service (LocalStack's
snapshot tests, 2025)

- A function that failed gives 200 and ``X-Amz-Function-Error``; its error object is the body.
- The exception's name stands in ``x-amzn-ErrorType``, perhaps with ``:`` and a URL behind it; the text is the member
  ``message`` or ``Message``; a throttle has a ``Reason``.
- A timeout is a function error whose message ends with ``Task timed out after 3.00 seconds``.
- ``X-Amz-Executed-Version`` has the version that ran: a number, ``$LATEST`` or ``$LATEST.PUBLISHED``.  The log's tail
  ends with the REPORT line of `gateway.targets.logs`, or with its JSON.
"""

import binascii
import json
import re
from collections.abc import Mapping
from typing import Final

import pybase64

from gateway.invocation import Failed, Outcome, Report, Returned, Throttled, TimedOut, Unavailable
from gateway.targets.failures import reported
from gateway.targets.http_transport import AnswerTimeout, ConnectFailed, HttpResponse, TransportError

_timed_out: Final = re.compile(r"Task timed out after (\d+(?:\.\d+)?) seconds").search
_version: Final = re.compile(rb"\d{1,20}|\$LATEST(?:\.PUBLISHED)?").fullmatch
_memory: Final = re.compile(rb'(?:Max Memory Used: |"maxMemoryUsedMB": ?)(\d{1,6})\b').search
_init: Final = re.compile(rb'(?:Init Duration: |"initDurationMs": ?)(\d{1,9}(?:\.\d{1,9})?)\b').search

ACCESS_DENIED: Final = "AccessDeniedException"
TOO_LARGE: Final = "RequestEntityTooLargeException"
_BY_STATUS: Final = {404: "ResourceNotFoundException"}


def header_values(answer: HttpResponse) -> dict[bytes, bytes]:
    """Lower-case name → last value."""
    return {name.lower(): value for name, value in answer.headers}


def outcome_of(answer: HttpResponse, body: bytes) -> Outcome:
    """The outcome that an answer of Invoke tells of."""
    headers = header_values(answer)
    if answer.status != 200:
        return refusal(answer, body)
    tail = _log_tail(headers)
    if b"x-amz-function-error" in headers:
        return function_error(body, tail)
    return Returned(body, tail)


def fill_in(report: Report, answer: HttpResponse, log_tail: bytes) -> None:
    """Take the version from an answer, and log, memory and init phase from the tail of its log, where there is one."""
    version = header_values(answer).get(b"x-amz-executed-version", b"")
    if _version(version):
        report.version = version.decode()
    report.add_log(log_tail)
    last = next((line for line in reversed(log_tail.splitlines()) if _is_report(line)), b"")
    if memory := _memory(last):
        report.memory_mb = int(memory[1])
    if init := _init(last):
        report.cold = True
        report.init_s = float(init[1]) / 1000


def _is_report(line: bytes) -> bool:
    return line.startswith(b"REPORT RequestId: ") or b'"platform.report"' in line


def function_error(payload: bytes, log_tail: bytes = b"") -> Failed | TimedOut:
    """A function that failed, or ran out of time, by its error object."""
    failed = reported(payload)
    timed_out = _timed_out(failed.message)
    if timed_out:
        return TimedOut(payload, round(float(timed_out[1]) * 1000), log_tail)
    return failed._replace(log_tail=log_tail)


def refusal(answer: HttpResponse, body: bytes) -> Throttled | Unavailable:
    """A call that the service did not carry out."""
    error = _object(body)
    code = header_values(answer).get(b"x-amzn-errortype", b"").decode("latin-1") or str(error.get("__type", ""))
    code = code.partition(":")[0].rpartition("#")[2]
    message = str(error.get("message") or error.get("Message") or f"status {answer.status} without a message")
    if answer.status == 429:
        return Throttled(str(error.get("Reason") or code or "TooManyRequestsException"))
    if answer.status == 403:
        # Bad signatures and unknown keys come under names of their own.
        return Unavailable(ACCESS_DENIED, f"{code}: {message}" if code not in {"", ACCESS_DENIED} else message)
    if answer.status == 413:
        return Unavailable(TOO_LARGE, message)
    return Unavailable(code or _BY_STATUS.get(answer.status, "ServiceException"), message)


def unreachable(error: TransportError) -> Unavailable:
    """No answer: the service was not reached, or not in time."""
    late = isinstance(error, AnswerTimeout) or (isinstance(error, ConnectFailed) and error.timed_out)
    return Unavailable("ConnectionTimeout" if late else "ConnectionError", str(error))


def _log_tail(headers: Mapping[bytes, bytes]) -> bytes:
    try:
        return pybase64.b64decode(headers.get(b"x-amz-log-result", b""), validate=True)
    except binascii.Error:
        return b""


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
