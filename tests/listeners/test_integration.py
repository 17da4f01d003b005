"""A listener's call of a function."""

import asyncio

import pytest

from gateway.errors import Fault, FaultKind
from gateway.invocation import FunctionReference, Invocation, Outcome
from gateway.listeners.dev_headers import Knobs
from gateway.listeners.integration import LambdaIntegration, invoke_within
from gateway.listeners.pipeline import RequestState
from gateway.observe.record import Exchange
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request
from gateway.types import Json
from tests.listeners.observers import Seen
from tests.listeners.scripted import ScriptedStream, ok, scripted, streamed
from tests.services import called

pytestmark = pytest.mark.anyio

INVOCATION = Invocation(b"{}", "id")


def asking(*headers: tuple[bytes, bytes], observed: bool = True) -> RequestState:
    """A request with these lines."""
    request = Request("GET", b"/", b"", list(headers), b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
    arrival = Arrival("12345678-1234-4234-8234-123456789012", 0, "1-00000000-0")
    return RequestState(request, arrival, Exchange(arrival, request) if observed else None)


async def test_the_exchange_is_filled_in() -> None:
    """Function, event, outcome and the two instants."""
    function, target = scripted(ok)
    state = asking()
    outcome = await LambdaIntegration(*called(function), 1000).invoke(b'{"a":1}', state)

    exchange = state.exchange
    assert exchange
    assert (exchange.function, exchange.event, exchange.outcome) == (FunctionReference("f"), b'{"a":1}', outcome)
    assert 0 < exchange.invoked_at <= exchange.answered_at
    assert target.invocations[0].trace_id.startswith("Root=1-00000000-0;Parent=")


async def test_nobody_looks_on() -> None:
    """Without an exchange the function is asked just so, and no report is asked for."""
    function, target = scripted(ok)
    outcome = await LambdaIntegration(*called(function)).invoke(b'{"a":1}', asking(observed=False))

    assert (target.events, outcome[0]) == ([{"a": 1}], b'{"statusCode":200,"body":"fine"}')
    assert target.invocations[0].report is None


@pytest.mark.parametrize("details", [True, False])
async def test_the_report_is_the_exchanges(*, details: bool) -> None:
    """What runs the function fills it in, as fully as the observer wants it."""
    function, target = scripted(ok)
    state = asking()
    assert state.exchange
    state.exchange.observer = Seen(details=details)
    await LambdaIntegration(*called(function)).invoke(b"{}", state)

    report = state.exchange.report
    assert report
    assert report is target.invocations[0].report
    assert report.details is details


async def test_what_goes_wrong_stays_in_the_exchange() -> None:
    """A function that is too slow was asked, and has not answered."""
    gate = asyncio.Event()

    async def slow(_: dict[str, Json]) -> Json:
        await gate.wait()
        return {}

    function, _ = scripted(slow, timeout_ms=60_000)
    state = asking()
    with pytest.raises(Refused):
        await LambdaIntegration(*called(function), 20).invoke(b"{}", state)
    gate.set()

    assert state.exchange
    assert (state.exchange.event, state.exchange.outcome) == (b"{}", None)
    assert state.exchange.invoked_at > state.exchange.answered_at == 0.0


async def test_knobs() -> None:
    """A developer header throttles the function, which is not asked then, or renews its environments first."""
    function, target = scripted(ok)
    integration = LambdaIntegration(*called(function))
    throttled, cold = asking(), asking()
    throttled.knobs, cold.knobs = Knobs(throttle="function"), Knobs(cold_start=True)
    with pytest.raises(Fault) as caught:
        await integration.invoke(b"{}", throttled)
    await integration.invoke(b"{}", cold)

    assert caught.value.kind is FaultKind.THROTTLED
    assert (target.renewed, len(target.events)) == (1, 1)


@pytest.mark.parametrize(
    ("sent", "begin"), [(b"Root=1-a-b;Sampled=1", "Root=1-a-b;Sampled=1"), (b"Self=1", "Root=1-00000000-0;")]
)
async def test_the_clients_trace(sent: bytes, begin: str) -> None:
    """A Root that the client sent is the function's."""
    function, target = scripted(ok)
    await LambdaIntegration(*called(function)).invoke(b"{}", asking((b"x-amzn-trace-id", sent)))

    assert target.invocations[0].trace_id.startswith(begin)


async def test_a_stream_that_comes_too_late_is_closed() -> None:
    """Nobody would read it."""
    gate = asyncio.Event()
    stream = ScriptedStream()

    async def slow(_: dict[str, Json]) -> "Json | Outcome":
        await gate.wait()
        return streamed(stream)

    function, _ = scripted(slow, timeout_ms=60_000)
    with pytest.raises(Refused) as caught:
        await invoke_within(*called(function), INVOCATION, 20)
    gate.set()
    await asyncio.wait_for(stream.closed.wait(), 5)

    assert caught.value.cause is Cause.INTEGRATION_TIMEOUT


async def test_a_defect_that_comes_too_late(caplog: pytest.LogCaptureFixture) -> None:
    """The client has its 504; the traceback is in the log."""
    gate, over = asyncio.Event(), asyncio.Event()

    async def slow(_: dict[str, Json]) -> Json:
        await gate.wait()
        asyncio.get_running_loop().call_soon(over.set)
        raise LookupError

    function, _ = scripted(slow, timeout_ms=60_000)
    with pytest.raises(Refused):
        await invoke_within(*called(function), INVOCATION, 20)
    gate.set()
    await asyncio.wait_for(over.wait(), 5)
    await asyncio.sleep(0)

    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == [
        "an invocation that its client no longer waits for"
    ]


async def test_cancelling_cancels_the_invocation() -> None:
    """When the server drops a request, its invocation ends too."""
    entered, ended = asyncio.Event(), asyncio.Event()

    async def slow(_: dict[str, Json]) -> Json:
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return {}

    function, _ = scripted(slow, timeout_ms=60_000)
    running = asyncio.ensure_future(invoke_within(*called(function), INVOCATION, 50_000))
    await entered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(ended.wait(), 5)


async def test_an_answer_in_time() -> None:
    """A function that may take longer than the listener waits, and does not, is answered."""
    function, _ = scripted(ok, timeout_ms=60_000)
    outcome = await invoke_within(*called(function), INVOCATION, 5000)

    assert outcome[0] == b'{"statusCode":200,"body":"fine"}'
