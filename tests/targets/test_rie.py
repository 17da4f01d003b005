"""Runtime Interface Emulators, played by a scripted server that notices two calls at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.invocation import Failed, Invocation, Outcome, Report, Returned, Throttled, TimedOut, Unavailable
from gateway.targets.failures import NOT_READY
from gateway.targets.rie import RieTarget
from tests.targets.http_server import Peer, Scripted, answering, ok, scripted

pytestmark = pytest.mark.anyio
ID = "6f7f0961-1234-4abc-8def-0123456789ab"
CALL = Invocation(b'{"x":1}', ID, trace_id="Root=1", client_context=b"{}")


@asynccontextmanager
async def pool(*servers: str) -> AsyncIterator[RieTarget]:
    """A started target."""
    target = RieTarget(*servers)
    await target.start()
    try:
        yield target
    finally:
        await target.aclose()


async def test_a_call_has_the_one_path_of_the_emulator() -> None:
    """And the client context as the SDKs encode it."""
    async with answering(ok(b'{"a":1}')) as server, pool(f"rie:{server.url}") as target:
        assert await target.invoke(CALL) == Returned(b'{"a":1}')

    assert server.heads[0].startswith(b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\n")
    assert b"X-Amz-Client-Context: e30=\r\n" in server.heads[0]
    assert b"X-Amzn-Trace-Id: Root=1\r\n" in server.heads[0]
    assert server.bodies == [b'{"x":1}']


async def test_report() -> None:
    """The instants are all that an emulator tells, those of the one that answered."""
    report = Report()
    async with answering(ok()) as down:
        pass
    async with answering(ok(b"1")) as up, pool(down.url, up.url) as target:
        await target.invoke(CALL._replace(report=report))

    assert 0 < report.queued_at < report.started_at < report.ended_at
    assert (report.version, report.environment, report.cold, report.log) == ("", "", False, [])


async def test_calls_before_the_start_and_after_the_end() -> None:
    """Nothing is called then."""
    async with answering(ok(b"{}")) as server:
        target = RieTarget(f"rie:{server.url}")
        assert await target.invoke(CALL) == NOT_READY
        await target.start()
        await target.aclose()
        assert await target.invoke(CALL) == NOT_READY

    assert server.heads == []


PYTHON = b'{"errorMessage": "no", "errorType": "ValueError", "requestId": "1", "stackTrace": []}'
NODE = b'{"errorType":"Error","errorMessage":"no","trace":[]}'
RESULT = b'{"errorType":"mine","errorMessage":"no","statusCode":200}'


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(PYTHON), Failed(PYTHON, "ValueError", "no")),
        (ok(NODE), Failed(NODE, "Error", "no")),
        (ok(RESULT), Returned(RESULT)),
        (ok(b'["errorType"]'), Returned(b'["errorType"]')),
        (ok(b'"errorType" is no JSON'), Returned(b'"errorType" is no JSON')),
        (ok(NODE, status=b"502 Bad Gateway"), Failed(NODE, "Error", "no")),
        (ok(b"", status=b"502 Bad Gateway"), Failed(b"", "", "")),
        (ok(b'{"a":1}', b"Error-Type: Odd"), Failed(b'{"a":1}', "", "")),
        (ok(b"busy", status=b"400 Bad Request"), Unavailable("ServiceException", "status 400 without a message")),
        (ok(b"", status=b"429 Too Many Requests"), Throttled("TooManyRequestsException")),
        (
            ok(b"", status=b"504 Gateway Timeout"),
            Unavailable("ConnectionTimeout", "the emulator could not begin the invocation in time"),
        ),
    ],
)
async def test_what_answers_mean(answer: bytes, expected: Outcome) -> None:
    """The emulator tells no failure; the error object has to."""
    async with answering(answer) as server, pool(server.url) as target:
        assert await target.invoke(CALL) == expected


async def test_a_timeout_is_a_plain_text() -> None:
    """It becomes the error object that AWS gives."""
    async with answering(ok(b"Task timed out after 3.00 seconds")) as server, pool(server.url) as target:
        outcome = await target.invoke(CALL)

    assert isinstance(outcome, TimedOut)
    assert outcome.after_ms == 3000
    assert json.loads(outcome.payload)["errorType"] == "Sandbox.Timedout"


class Emulator:
    """Counts the calls that it serves at once; each ends when the test lets it."""

    def __init__(self) -> None:
        self.busy = 0
        self.most = 0
        self.calls = 0
        self.began = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)

    async def script(self, state: Scripted, peer: Peer) -> None:
        """One connection."""
        del state
        while True:
            head = await peer.head()
            await peer.body(head)
            self.busy += 1
            self.calls += 1
            self.most = max(self.most, self.busy)
            self.began.release()
            await self.may_end.acquire()
            self.busy -= 1
            await peer.send(ok(b"1"))


async def test_an_emulator_never_gets_two_calls_at_once() -> None:
    """Further ones wait, and spread over the pool."""
    one, two = Emulator(), Emulator()
    async with (
        scripted(one.script) as first,
        scripted(two.script) as second,
        pool(f"rie:{first.url},{second.url}") as target,
        asyncio.timeout(5),
    ):
        calls = [asyncio.create_task(target.invoke(CALL)) for _ in range(10)]
        await one.began.acquire()
        await two.began.acquire()
        for _ in range(10):
            one.may_end.release()
            two.may_end.release()
        await asyncio.gather(*calls)

    assert (one.most, two.most) == (1, 1)
    assert one.calls + two.calls == 10
    assert min(one.calls, two.calls) >= 4


async def test_a_caller_that_goes_away_does_not_free_the_emulator() -> None:
    """The next call waits until the forgotten one has ended."""
    emulator = Emulator()
    async with scripted(emulator.script) as server, pool(server.url) as target:
        forgotten = asyncio.create_task(target.invoke(CALL))
        async with asyncio.timeout(5):
            await emulator.began.acquire()
            forgotten.cancel()
            with pytest.raises(asyncio.CancelledError):
                await forgotten
            following = asyncio.create_task(target.invoke(CALL))
            for _ in range(5):
                await asyncio.sleep(0)
            assert emulator.calls == 1
            emulator.may_end.release()
            emulator.may_end.release()
            assert await following == Returned(b"1")

    assert emulator.most == 1


async def test_an_emulator_that_is_down_is_passed_over() -> None:
    """Nothing was sent, so another one may have it; with none left the service was not reached."""
    async with answering(ok()) as down:
        pass
    async with answering(ok(b"1")) as up, pool(down.url, up.url) as target:
        assert [await target.invoke(CALL) for _ in range(4)] == [Returned(b"1")] * 4
    async with pool(down.url) as target:
        outcome = await target.invoke(CALL)
    assert isinstance(outcome, Unavailable)
    assert outcome.error == "ConnectionError"


async def test_an_emulator_that_dies_fails_one_call() -> None:
    """The call may have run, so it is not sent again."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())

    async with scripted(script) as server, pool(server.url) as target:
        outcome = await target.invoke(CALL)
    assert isinstance(outcome, Unavailable)
    assert len(server.heads) == 1
