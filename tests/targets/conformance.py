"""What every way to run a function has to do, whatever its language: one table, any target.

A test module names its `Subject` and runs `BEHAVIOURS` against it.  The handlers are the same in every language:
``behaviours`` in ``tests/data/functions/<language>``.
"""

import asyncio
import contextlib
import json
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Failed, Invocation, Outcome, Report, Returned, StreamBroken, Streamed, TimedOut

FUNCTIONS = Path(__file__).parents[1] / "data" / "functions"
LIMIT = 6_291_556


class Invokes(Protocol):
    """A target or an environment."""

    def invoke(self, invocation: Invocation) -> Awaitable[Outcome | None]:
        """Run one invocation."""
        ...


class Log(list[bytes]):
    """Collects what a function writes."""

    @property
    def text(self) -> str:
        """All of it."""
        return b"".join(self).decode()


Open = Callable[[FunctionConfiguration, Log], AbstractAsyncContextManager[Invokes]]
"""Starts a function; its log goes to the second argument.  The context ends with everything stopped."""


@dataclass(frozen=True)
class Subject:
    """A way to run functions.

    Attributes:
        open: Starts a function.
        base: The function: runtime and task root are set, the handler is replaced by each behaviour.
        error_keys: The members of a reported error, in the order of the runtime's language.
        raised: ``errorType`` and ``errorMessage`` of the handler that raises.
        not_json: ``errorMessage`` of the handler whose result is not JSON, or its beginning.
        import_error: ``errorType`` of the module that imports badly.
        streams: Whether handlers can stream.
        forks: Whether handlers can make a copy of their process.
        shares_its_connection: Whether such a copy has the connection on which answers go.
        measures: Whether the memory of handlers is known.
    """

    open: Open
    base: FunctionConfiguration
    error_keys: tuple[str, ...]
    raised: tuple[str, str]
    not_json: str
    import_error: str
    streams: bool
    forks: bool = True
    shares_its_connection: bool = False
    measures: bool = True

    @contextlib.asynccontextmanager
    async def function(self, handler: str, timeout_ms: int = 10_000) -> AsyncIterator["Running"]:
        """Run a function with this handler."""
        log = Log()
        module_and_name = handler if "." in handler else f"behaviours.{handler}"
        configuration = replace(self.base, handler=module_and_name, timeout_ms=timeout_ms)
        async with self.open(configuration, log) as target:
            yield Running(target, log)


def python_subject(open_function: Open, base: FunctionConfiguration, *, measures: bool = True) -> Subject:
    """A way to run Python functions with the gateway's own runtime."""
    return Subject(
        open=open_function,
        base=base,
        error_keys=("errorMessage", "errorType", "requestId", "stackTrace"),
        raised=("ValueError", "böse"),
        not_json="Unable to marshal response: Object of type object is not JSON serializable",
        import_error="Runtime.ImportModuleError",
        streams=False,
        measures=measures,
    )


@dataclass
class Running:
    """A function that runs."""

    target: Invokes
    log: Log
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    async def invoke(self, event: object = None, *, streaming: bool = False) -> Outcome:
        """Invoke it with an event."""
        payload = json.dumps(event).encode()
        outcome = await self.target.invoke(Invocation(payload, self.request_id, streaming=streaming))
        assert outcome is not None
        return outcome

    async def report(self, event: object = None) -> Report:
        """Invoke it with an event, and give what is told of that."""
        report = Report()
        await self.target.invoke(Invocation(json.dumps(event).encode(), str(uuid.uuid4()), report=report))
        return report


async def returns(subject: Subject) -> None:
    """The result comes back, and the next invocation meets the same process."""
    async with subject.function("returns") as function:
        first = await function.invoke({"a": "ü"})
        second = await function.invoke({})

    assert isinstance(first, Returned)
    assert json.loads(first.payload) == {"event": {"a": "ü"}, "requestId": function.request_id, "calls": 1}
    assert isinstance(second, Returned)
    assert json.loads(second.payload)["calls"] == 2


async def raises(subject: Subject) -> None:
    """The error has the keys, the type and the message of its language; the process goes on."""
    async with subject.function("raises") as function:
        outcome = await function.invoke({})
        again = await function.invoke({})

    assert isinstance(outcome, Failed)
    error = json.loads(outcome.payload)
    assert tuple(error) == subject.error_keys
    assert (error["errorType"], error["errorMessage"]) == subject.raised
    assert (outcome.error_type, outcome.message) == subject.raised
    assert isinstance(again, Failed)


async def returns_null(subject: Subject) -> None:
    """A handler without a result returns JSON null."""
    async with subject.function("returns_null") as function:
        outcome = await function.invoke({})

    assert outcome == Returned(b"null")


async def returns_6_mb(subject: Subject) -> None:
    """6 MiB and 100 bytes are allowed."""
    async with subject.function("returns_bytes") as function:
        outcome = await function.invoke({"bytes": LIMIT})

    assert isinstance(outcome, Returned)
    assert len(outcome.payload) == LIMIT


async def returns_too_much(subject: Subject) -> None:
    """One byte more is refused in AWS's words, and the next invocation works (recorded from AWS, 2025)."""
    async with subject.function("returns_bytes") as function:
        outcome = await function.invoke({"bytes": LIMIT + 1})
        again = await function.invoke({"bytes": 10})

    assert isinstance(outcome, Failed)
    assert outcome.payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"Function.ResponseSizeTooLarge"}'
    )
    assert again == Returned(b'"xxxxxxxx"')


async def times_out(subject: Subject) -> None:
    """The timeout ends the invocation with AWS's words (recorded in 2025)."""
    async with subject.function("sleeps", timeout_ms=300) as function:
        outcome = await function.invoke({"seconds": 60})

    message = f"RequestId: {function.request_id} Error: Task timed out after 0.30 seconds"
    assert isinstance(outcome, TimedOut)
    assert outcome.payload == f'{{"errorType":"Sandbox.Timedout","errorMessage":"{message}"}}'.encode()


async def exits_0(subject: Subject) -> None:
    """An exit without an error is one all the same (recorded from AWS, 2025)."""
    await _expect_exit(subject, "exits", {"status": 0}, "Runtime exited without providing a reason")


async def exits_3(subject: Subject) -> None:
    """The exit status is in the message."""
    await _expect_exit(subject, "exits", {"status": 3}, "Runtime exited with error: exit status 3")


async def is_killed(subject: Subject) -> None:
    """The signal is in the message, by Go's name."""
    await _expect_exit(subject, "kills_itself", {}, "Runtime exited with error: signal: killed")


async def _expect_exit(subject: Subject, handler: str, event: object, reason: str) -> None:
    async with subject.function(handler) as function:
        outcome = await function.invoke(event)

    message = f"RequestId: {function.request_id} Error: {reason}"
    assert isinstance(outcome, Failed)
    assert outcome.payload == f'{{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}'.encode()


async def prints(subject: Subject) -> None:
    """Standard output and error are the log, never the answer."""
    async with subject.function("prints") as function:
        outcome = await function.invoke({})

    assert outcome == Returned(b'"printed"')
    assert "to stdout\n" in function.log.text
    assert "to stderr\n" in function.log.text


async def imports_badly(subject: Subject) -> None:
    """A module that cannot be loaded is told to the caller in the runtime's own words."""
    async with subject.function("bad_import.handler") as function:
        outcome = await function.invoke({})

    assert isinstance(outcome, Failed)
    assert tuple(json.loads(outcome.payload)) == subject.error_keys
    assert outcome.error_type == subject.import_error
    assert "no_such_module" in outcome.message


async def has_no_handler(subject: Subject) -> None:
    """A missing function is ``Runtime.HandlerNotFound``."""
    async with subject.function("behaviours.missing") as function:
        outcome = await function.invoke({})

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.HandlerNotFound"


async def returns_no_json(subject: Subject) -> None:
    """A result that is not JSON is the function's error; the process goes on."""
    async with subject.function("returns_no_json") as function:
        outcome = await function.invoke({})
        again = await function.invoke({})

    assert isinstance(outcome, Failed)
    assert outcome.message.startswith(subject.not_json)
    assert isinstance(again, Failed)


async def streams(subject: Subject) -> None:
    """Pieces arrive in order, behind the prelude and eight NUL bytes; then the process is free again."""
    async with subject.function("streams") as function:
        outcome = await function.invoke({"pieces": ["a", "b"]}, streaming=True)
        assert isinstance(outcome, Streamed)
        body = b"".join([piece async for piece in outcome.chunks])
        again = await function.invoke({"pieces": ["c"]}, streaming=True)

    assert outcome.content_type == "application/vnd.awslambda.http-integration-response"
    assert body == b'{"statusCode":201}' + bytes(8) + b"ab"
    assert isinstance(again, Streamed)


async def streams_to_nobody(subject: Subject) -> None:
    """A caller that cannot take a stream gets it in one piece."""
    async with subject.function("streams") as function:
        outcome = await function.invoke({"pieces": ["a", "b"]})

    assert isinstance(outcome, Returned)
    assert outcome.payload == b'{"statusCode":201}' + bytes(8) + b"ab"


async def breaks_a_stream(subject: Subject) -> None:
    """What was sent arrives, then the error does."""
    received: list[bytes] = []
    broken: StreamBroken | None = None
    async with subject.function("streams") as function:
        outcome = await function.invoke({"pieces": ["a"], "breaks": True}, streaming=True)
        assert isinstance(outcome, Streamed)
        try:
            received.extend([piece async for piece in outcome.chunks])
        except StreamBroken as error:
            broken = error

    assert broken is not None
    assert json.loads(broken.payload)["errorMessage"] == "half-way"


async def is_cancelled(subject: Subject) -> None:
    """A cancelled call leaves nothing behind that the end of the context would have to wait for."""
    async with subject.function("sleeps", timeout_ms=60_000) as function:
        call = asyncio.ensure_future(function.invoke({"seconds": 60}))
        await asyncio.sleep(0)
        call.cancel()
        (result,) = await asyncio.gather(call, return_exceptions=True)

    assert isinstance(result, asyncio.CancelledError)


async def forks(subject: Subject) -> None:
    """A child that comes back from the handler too never gives one invocation the answer of another one.

    AWS's own client shares its connection to the Runtime API with the child, and what both send gets mixed up: there,
    as on AWS, the invocation that forked may get a text that is no answer at all, and those behind it may fail.
    """
    names = "abcdef"
    timeout_ms = 300 if subject.shares_its_connection else 5000  # there nearly every invocation ends by its time
    async with subject.function("forks", timeout_ms=timeout_ms) as function:
        first = await function.invoke({"name": "first", "forks": True})
        outcomes = []
        for name in names:
            function.request_id = str(uuid.uuid4())
            outcomes.append(await function.invoke({"name": name}))

    answers = [Returned(f'"{name}"'.encode()) for name in ("first", *names)]
    if subject.shares_its_connection:
        wrong = [got for got, own in zip([first, *outcomes], answers, strict=True) if got != own and got in answers]
        assert wrong == []
    else:
        assert [first, *outcomes] == answers


async def answers_late(subject: Subject) -> None:
    """What a past invocation still has to say is not the answer of the one that runs."""
    with tempfile.TemporaryDirectory() as folder:
        pipe = f"{folder}/pipe"
        os.mkfifo(pipe)
        async with subject.function("answers_late") as function:
            first = await function.invoke({"name": "first", "pipe": pipe})
            function.request_id = str(uuid.uuid4())
            second = await function.invoke({"name": "second", "pipe": pipe})
            third = await function.invoke({"name": "third", "pipe": pipe})

    assert [first, second, third] == [Returned(b'"first"'), Returned(b'"second"'), Returned(b'"third"')]


async def reports_cold_and_warm(subject: Subject) -> None:
    """The first invocation has the init phase; each has its own instants and its own lines."""
    async with subject.function("says") as function:
        cold = await function.report({"name": "first"})
        warm = await function.report({"name": "second"})

    assert 0 < cold.started_at < cold.ended_at < warm.started_at < warm.ended_at
    assert (cold.cold, warm.cold) == (True, False)
    assert cold.init_s > 0 == warm.init_s
    assert cold.environment == warm.environment != ""
    assert (cold.version, warm.version) == ("$LATEST", "$LATEST")
    assert (b"".join(cold.log), b"".join(warm.log)) == (b"first\n", b"second\n")
    assert (warm.memory_mb >= cold.memory_mb > 0) == subject.measures


async def reports_a_timeout(subject: Subject) -> None:
    """The end is when the time was over, and what was printed until then is there."""
    async with subject.function("sleeps", timeout_ms=200) as function:
        report = await function.report({"seconds": 1, "name": "sleeping"})

    assert 0.19 <= report.ended_at - report.started_at < 0.9
    assert b"".join(report.log) == b"sleeping\n"
    assert (report.memory_mb > 0) == subject.measures


async def reports_a_crash(subject: Subject) -> None:
    """What was printed before the end of the process is there, and so are the instants."""
    async with subject.function("exits") as function:
        report = await function.report({"status": 3, "name": "leaving"})

    assert 0 < report.started_at < report.ended_at
    assert report.cold
    assert b"".join(report.log) == b"leaving\n"


class Behaviour(NamedTuple):
    """One row of the table."""

    name: str
    check: Callable[[Subject], Awaitable[None]]
    needs_streams: bool = False
    needs_forks: bool = False


ISOLATION = (
    Behaviour(forks.__name__, forks, needs_forks=True),
    Behaviour(answers_late.__name__, answers_late),
)
"""The rows about answers that must not reach another client."""


REPORTS = (
    Behaviour(reports_cold_and_warm.__name__, reports_cold_and_warm),
    Behaviour(reports_a_timeout.__name__, reports_a_timeout),
)
"""The rows about what is told of an invocation."""

CRASH_REPORT = Behaviour(reports_a_crash.__name__, reports_a_crash)


BEHAVIOURS = (
    *(
        Behaviour(check.__name__, check)
        for check in (
            returns,
            raises,
            returns_null,
            returns_6_mb,
            returns_too_much,
            times_out,
            exits_0,
            exits_3,
            is_killed,
            prints,
            imports_badly,
            has_no_handler,
            returns_no_json,
            is_cancelled,
        )
    ),
    *(Behaviour(check.__name__, check, needs_streams=True) for check in (streams, streams_to_nobody, breaks_a_stream)),
    *ISOLATION,
    *REPORTS,
    CRASH_REPORT,
)


def behaviours_of(subject: Subject) -> list[Behaviour]:
    """The rows that apply."""
    return [
        row
        for row in BEHAVIOURS
        if (subject.streams or not row.needs_streams) and (subject.forks or not row.needs_forks)
    ]
