"""Recordings sent again: does the same request still make the same event, result and response?"""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from gateway.configuration import FunctionConfiguration
from gateway.errors import BadResult, FaultKind, UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import (
    Failed,
    FunctionReference,
    Invocation,
    Outcome,
    Returned,
    Streamed,
    Throttled,
    TimedOut,
    Unavailable,
)
from gateway.listeners.arrivals import arrive
from gateway.listeners.context import ListenerContext
from gateway.listeners.listener import Upgraded
from gateway.listeners.of_flavour import listener_of
from gateway.observe.cases import authorizer_of
from gateway.observe.differences import Difference, differences
from gateway.observe.flavour_options import make_flavour
from gateway.observe.record import Exchange
from gateway.observe.recording import NOT_INVOKED, Recording, body_members, from_text
from gateway.observe.redaction import REDACTED
from gateway.targets.inprocess import InProcess
from gateway.translation.gateway_response import Cause
from gateway.translation.messages import Response
from gateway.translation.result import load_result
from gateway.types import HeaderList, Json

Handler: TypeAlias = Callable[[Any, Any], object]
"""``handler(event, context)``."""

REPLAYED: Final = FunctionReference("replayed")
"""The function that recordings are sent to when nobody names one."""

VOLATILE: Final = (
    "apigw-requestid",
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
    "x-amz-apigw-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
)
"""Response headers that are another's each time, or that a connection decides about."""

_BEFORE_ANY_FUNCTION: Final = (*(cause.value for cause in Cause), FaultKind.ACCESS_DENIED.value)
"""How faults begin that no function had to do with; the last one is in recordings of earlier versions."""


class ReplayCase(NamedTuple):
    """A recording and the file that it was read from; ``str`` of it is the file's name."""

    path: Path
    recording: Recording

    def __str__(self) -> str:
        """A name for a test."""
        return self.path.stem

    def differences(self, handler: Handler | None = None, ignore: Sequence[str] = ()) -> list[Difference]:
        """What this handler does otherwise; without a handler the recorded result stands for it.

        Args:
            handler: ``handler(event, context)``, called in this process.
            ignore: Pointers of what may differ, such as ``/result/body/now`` or ``/response/headers/etag``.
        """
        return asyncio.run(_with_handler(self.recording, handler, ignore))

    def check(self, handler: Handler | None = None, ignore: Sequence[str] = ()) -> None:
        """Raise AssertionError with a readable list when anything differs."""
        found = self.differences(handler, ignore)
        if found:
            raise AssertionError("\n".join([f"{self.path.name} is not as recorded:", *map(str, found)]))


def replay_cases(folder: str | Path) -> list[ReplayCase]:
    """The recordings of a folder, to parametrise a test with:
    ``@pytest.mark.parametrize("case", replay_cases("recordings"), ids=str)``.

    Raises:
        UsageError: The folder has none, or a file is not a recording.
    """  # noqa: D205 - one sentence with its example
    return read_cases([Path(folder)])


def read_cases(paths: Iterable[Path]) -> list[ReplayCase]:
    """The recordings of files and folders, in the order of their names.

    Raises:
        UsageError: There is none, or a file is not a recording.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not found:
            raise UsageError(f"{path} holds no recording; make some with gateway record")
        files += found
    return [ReplayCase(file, _read(file)) for file in files]


def _read(file: Path) -> Recording:
    try:
        return from_text(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


async def replay(
    recording: Recording,
    service: LambdaService | None,
    ignore: Sequence[str] = (),
    function: FunctionReference = REPLAYED,
) -> list[Difference]:
    """What differs in event, result and response.

    Args:
        recording: What is sent again.
        service: Runs the function; None lets the recorded outcome stand for it.
        ignore: Pointers of what may differ.
        function: What the service is asked for.

    Raises:
        UsageError: The recording names a front door or an option that does not exist.
    """
    flavour = make_flavour(recording.flavour, recording.options)
    request = recording.transformed or recording.request
    exchange = Exchange(recording.arrival or arrive(), request)
    if service is None:
        recorded = FunctionConfiguration(function.name, "-")
        service = LambdaService([Function(recorded, _Recorded(outcome_of(recording)))])
    authorizer = authorizer_of(recording.event)
    granted = authorizer if isinstance(authorizer, dict) else None
    answer = await listener_of(flavour, ListenerContext(service), function, granted).respond(request, exchange)
    # The connection is never opened, so that no function is told of its end: that was not recorded.
    response = answer.response if isinstance(answer, Upgraded) else answer
    masked = (*recording.mask, *ignore)
    found = []
    if recording.event is not None:
        now: Json = json.loads(exchange.event) if exchange.event else None
        found += differences(recording.event, now, "/event", masked)
    if recording.outcome.get("kind") == "streamed":
        return found  # what a stream brought was not kept
    if exchange.outcome is not None:
        found += _compare_outcome(recording, exchange.outcome, masked)
    if recording.arrival is None:
        masked += tuple(f"/response/headers/{name}" for name in VOLATILE)
    return found + compare_response(recording, response, masked)


def is_replayable(recording: Recording) -> bool:
    """Whether a function had to do with it; what the front door answered by itself can only be sent to a URL."""
    if recording.outcome.get("kind") != NOT_INVOKED:
        return True
    # An authorizer, a usage plan or a proxied server stood before any function; a flavour knows none of them.
    fault = recording.outcome.get("fault")
    return fault is not None and not str(fault).startswith(_BEFORE_ANY_FUNCTION)


def compare_response(recording: Recording, now: Response, ignore: Sequence[str] = ()) -> list[Difference]:
    """What differs between the recorded response and this one, none when there is no recorded one.

    Names of headers are compared without case and without their order; the values of one name in order.
    """
    recorded = recording.response
    if recorded is None:
        return []
    old, new = _members(recorded), _members(now)
    if isinstance(recorded.body, bytes) and REDACTED.encode() in recorded.body:
        ignore = (*ignore, "/response/headers/content-length")  # it counts what was there before
    if recording.streamed:
        old.pop("body", None)
        new.pop("body", None)
    return differences(old, new, "/response", ignore)


def outcome_of(recording: Recording) -> Outcome:
    """The recorded outcome, for a function that is not there."""
    told = {name: value for name, value in recording.outcome.items() if isinstance(value, str)}
    match told.get("kind"):
        case "failed":
            return Failed(b"", told.get("error_type", ""), told.get("message", ""))
        case "timed out":
            after_ms = recording.outcome.get("after_ms")
            return TimedOut(b"", after_ms if isinstance(after_ms, int) else 0)
        case "throttled":
            return Throttled(told.get("reason", ""))
        case "unavailable":
            return Unavailable(told.get("error", ""), told.get("message", ""))
        case _:
            return Returned(recording.payload or b"null")


def _compare_outcome(recording: Recording, now: Outcome, ignore: Sequence[str]) -> list[Difference]:
    if recording.payload is not None and isinstance(now, Returned):
        return differences(_result(recording.payload), _result(now.payload), "/result", ignore)
    kind = recording.outcome.get("kind")
    if kind is None or kind == _KINDS[type(now)]:
        return []
    return differences(kind, f"{_KINDS[type(now)]}: {_words(now)}", "/outcome/kind", ignore)


def _result(payload: bytes) -> Json:
    """A result as JSON, as text when it is none."""
    try:
        return load_result(payload)
    except BadResult:
        return payload.decode(errors="backslashreplace")


_KINDS: Final[dict[type, str]] = {
    Returned: "returned",
    Streamed: "streamed",
    Failed: "failed",
    TimedOut: "timed out",
    Throttled: "throttled",
    Unavailable: "unavailable",
}


def _words(outcome: Outcome) -> str:
    if isinstance(outcome, Failed):
        return f"{outcome.error_type}: {outcome.message}"
    return outcome.payload.decode(errors="replace") if isinstance(outcome, Returned) else ""


def _members(response: Response) -> dict[str, Json]:
    body = response.body if isinstance(response.body, bytes) else b""
    return {"status": response.status, "headers": _by_name(response.headers), **body_members(body)}


def _by_name(lines: HeaderList) -> dict[str, Json]:
    named: dict[str, list[Json]] = {}
    for name, value in lines:
        named.setdefault(name.decode("latin-1").lower(), []).append(value.decode("utf-8", "backslashreplace"))
    return dict(named)


async def _with_handler(recording: Recording, handler: Handler | None, ignore: Sequence[str]) -> list[Difference]:
    if handler is None:
        return await replay(recording, None, ignore)
    configuration = FunctionConfiguration(REPLAYED.name, "-", capacity=1)
    function = Function(configuration, InProcess(configuration, {}, handler))
    await function.start()
    service = LambdaService([function])
    try:
        return await replay(recording, service, ignore)
    finally:
        await service.aclose()


class _Recorded:
    """A target that answers with what was recorded."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    async def start(self) -> None:
        """Nothing to do."""

    async def invoke(self, invocation: Invocation) -> Outcome:  # noqa: ARG002 - a target's signature
        """The recorded outcome, whatever is asked."""
        return self._outcome

    def renew(self) -> None:
        """Nothing to do."""

    async def aclose(self) -> None:
        """Nothing to do."""
