"""The one way of every request: steps in their order, faults, records and bytes that are no request."""

import logging
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from gateway.config.doors import HttpApiSettings
from gateway.errors import Fault, FaultKind
from gateway.listener_types import LISTENER_TYPES, ListenerType
from gateway.listeners.dev_headers import Knobs
from gateway.listeners.http_api import http_api
from gateway.listeners.listener import Answer
from gateway.listeners.pipeline import PipelineListener, PortNeeds, RequestState
from gateway.loading import load
from gateway.observe.record import Exchange
from gateway.translation.flavour import Flavour, Limits
from gateway.translation.flavours.function_url import FunctionUrl
from gateway.translation.messages import Arrival, Request, Response
from tests.listeners.observers import observed, respond
from tests.listeners.scripted import ok, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

REQUEST = Request("GET", b"/path", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
ARRIVAL = Arrival("id", 5, "1-0-0")
NAMES = ("first", "second", "last")


class Stepping:
    """Steps that note that they were run; implements `gateway.listeners.pipeline.Steps`.

    Attributes:
        answers: What becomes of a request in a step; a step that is not there goes on.
        ran: The steps that were run, with what they were given.
        refused: The faults that were answered.
        rejected: The bytes that were.
    """

    accepts_streams = True
    limits = Limits(7, 8)
    port = PortNeeds()
    flavour: Flavour = FunctionUrl()

    def __init__(self, answers: dict[str, Callable[[], Answer]], idle: Sequence[str] = ()) -> None:
        self.answers = answers
        self.ran: list[tuple[str, RequestState]] = []
        self.refused: list[tuple[Fault, RequestState]] = []
        self.rejected: list[tuple[int, str, Arrival]] = []
        self.calls: list[str] = []
        self._idle = idle

    def needs(self, step: str) -> bool:
        """As the test says."""
        return step not in self._idle

    def first(self, state: RequestState) -> Answer | None:
        """The first step."""
        return self._run("first", state)

    async def second(self, state: RequestState) -> Answer | None:
        """The second one."""
        return self._run("second", state)

    async def last(self, state: RequestState) -> Answer | None:
        """The one that answers."""
        return self._run("last", state)

    def _run(self, name: str, state: RequestState) -> Answer | None:
        self.ran.append((name, state))
        return self.answers[name]() if name in self.answers else None

    def refuse(self, fault: Fault, state: RequestState) -> Response:
        """Remember."""
        self.refused.append((fault, state))
        return Response(599, [])

    def reject(self, status: int, detail: str, arrival: Arrival) -> Response:
        """Remember."""
        self.rejected.append((status, detail, arrival))
        return Response(status, [])

    async def start(self) -> None:
        """Remember."""
        self.calls.append("start")

    async def aclose(self) -> None:
        """Remember."""
        self.calls.append("aclose")


def answering(body: bytes = b"", *idle: str) -> Stepping:
    """Steps whose last one answers."""
    return Stepping({"last": lambda: Response(200, [], body)}, idle)


def too_slow() -> Response:
    """A function that took too long."""
    raise Fault(FaultKind.TIMED_OUT, "slow")


def with_headers(*lines: tuple[bytes, bytes]) -> Request:
    """The request with these lines."""
    return REQUEST._replace(headers=list(lines))


async def test_steps_run_in_the_order_of_their_names() -> None:
    """One state goes through all of them, and the last one answers."""
    steps = answering(b"done")
    response = await respond(PipelineListener(steps, NAMES, arrive=lambda: ARRIVAL), REQUEST)

    assert response.body == b"done"
    assert [name for name, _ in steps.ran] == ["first", "second", "last"]
    state = steps.ran[0][1]
    assert all(it is state for _, it in steps.ran)
    assert (state.request, state.arrival, state.exchange, state.knobs) == (REQUEST, ARRIVAL, None, None)


async def test_the_names_decide_about_the_order() -> None:
    """The steps themselves do not know it."""
    steps = answering()
    await respond(PipelineListener(steps, ("second", "first", "last")), REQUEST)

    assert [name for name, _ in steps.ran] == ["second", "first", "last"]


async def test_a_step_that_answers_is_the_last_one() -> None:
    """Later steps do not run."""
    steps = Stepping({"second": lambda: Response(204, []), "last": lambda: Response(200, [])})
    response = await respond(PipelineListener(steps, NAMES), REQUEST)

    assert (response.status, [name for name, _ in steps.ran]) == (204, ["first", "second"])


async def test_steps_that_are_not_needed_are_left_out() -> None:
    """They cost nothing: the steps are asked when the listener is made, not for each request."""
    steps = answering(b"", "first", "second")
    listener = PipelineListener(steps, NAMES)
    steps._idle = ()
    await respond(listener, REQUEST)

    assert [name for name, _ in steps.ran] == ["last"]


async def test_steps_can_be_replaced() -> None:
    """Requests that come from now on have the new ones, and those that they need; the old ones are given back."""
    old, new = answering(b"old", "first"), answering(b"new", "second")
    listener = PipelineListener(old, NAMES)
    before = await respond(listener, REQUEST)
    given = listener.replace(new)
    after = await respond(listener, REQUEST)

    assert (before.body, after.body) == (b"old", b"new")
    assert given is old
    assert listener.steps is new
    assert [name for name, _ in old.ran] == ["second", "last"]
    assert [name for name, _ in new.ran] == ["first", "last"]


async def test_a_request_on_its_way_keeps_its_steps() -> None:
    """Steps that are replaced meanwhile answer it to its end."""
    old, new = answering(b"old"), answering(b"new")
    listener = PipelineListener(old, NAMES)

    def replace() -> Response:
        listener.replace(new)
        return Response(200, [], b"old")

    old.answers = {"last": replace}

    assert (await respond(listener, REQUEST)).body == b"old"
    assert (await respond(listener, REQUEST)).body == b"new"


async def test_a_fault_becomes_the_listeners_answer(caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log says why; no later step runs."""
    steps = Stepping({"first": too_slow})
    with caplog.at_level(logging.WARNING, "gateway"):
        response = await respond(PipelineListener(steps, NAMES, arrive=lambda: ARRIVAL), REQUEST)

    ((fault, state),) = steps.refused
    assert response.status == 599
    assert (fault.kind, state.request, state.arrival) == (FaultKind.TIMED_OUT, REQUEST, ARRIVAL)
    assert [name for name, _ in steps.ran] == ["first"]
    assert caplog.messages == ["GET /path -> 599: the function timed out: slow"]


async def test_a_defect_is_not_answered() -> None:
    """It is for the edge, as it is when no step answers."""
    with pytest.raises(AssertionError, match="no step has answered"):
        await PipelineListener(Stepping({}), NAMES).respond(REQUEST)


async def test_observers_get_the_exchange() -> None:
    """Its arrival is the request's, and the steps fill it in; a fault is in it."""
    steps = Stepping({"last": too_slow})
    response, exchange = await observed(PipelineListener(steps, NAMES, arrive=lambda: ARRIVAL), REQUEST)

    state = steps.ran[0][1]
    assert response.status == 599
    assert state.exchange is exchange
    assert state.arrival is exchange.arrival
    assert exchange.arrival != ARRIVAL
    assert exchange.fault is steps.refused[0][0]


@pytest.mark.parametrize("dev_headers", [True, False])
async def test_developer_headers(*, dev_headers: bool) -> None:
    """They leave the request before any step when they are on, and are headers as any other when they are off."""
    steps = answering()
    request = with_headers((b"X-Gateway-Time", b"7"), (b"X-Gateway-Throttle", b"api"), (b"A", b"1"))
    exchange = Exchange(ARRIVAL, request)
    await respond(PipelineListener(steps, NAMES, dev_headers=dev_headers), request, exchange)

    state = steps.ran[0][1]
    if dev_headers:
        assert state.request.headers == [(b"A", b"1")]
        assert (state.knobs, state.arrival.epoch_ms) == (Knobs(throttle="api"), 7)
    else:
        assert (state.request, state.knobs, state.arrival) == (request, None, ARRIVAL)
    assert exchange.arrival == state.arrival
    assert exchange.request is request


async def test_a_developer_header_that_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    """It is refused as the listener refuses, and no step runs."""
    steps = answering()
    with caplog.at_level(logging.WARNING, "gateway"):
        response, exchange = await observed(
            PipelineListener(steps, NAMES, dev_headers=True), with_headers((b"X-Gateway-Time", b"soon"))
        )

    assert (response.status, steps.ran) == (599, [])
    assert exchange.fault is steps.refused[0][0]
    assert caplog.messages[0].startswith("GET /path -> 599: ")


def test_bytes_that_are_no_request() -> None:
    """The steps answer them; what they are told for the log has their begin and the client."""
    steps = answering()
    listener = PipelineListener(steps, NAMES, arrive=lambda: ARRIVAL)
    response = listener.reject(414, ("192.0.2.1", 1), b"GET /\xff" + b"a" * 100)

    assert response.status == 414
    assert steps.rejected == [(414, f"414 for {'GET /ÿ' + 'a' * 74!r} of 192.0.2.1", ARRIVAL)]


async def test_what_the_steps_say_of_the_port() -> None:
    """Limits and streams are theirs, also when they are replaced; they are started and closed with the listener."""
    old, new = answering(), answering()
    new.limits, new.accepts_streams = Limits(1, 2), False
    listener = PipelineListener(old, NAMES)
    before = listener.limits, listener.accepts_streams
    await listener.start()
    listener.replace(new)
    await listener.aclose()

    assert (before, listener.limits, listener.accepts_streams) == ((Limits(7, 8), True), Limits(1, 2), False)
    assert (old.calls, new.calls) == (["start"], ["aclose"])


async def test_replacing_behind_a_port() -> None:
    """The next request goes to the new functions; the port stays."""
    settings = HttpApiSettings(0, function="f")
    old, _ = scripted(lambda _: "old")
    new, _ = scripted(lambda _: "new")
    listener = http_api(settings, listener_context({"f": old}))
    async with opened(listener) as port:
        before = await port.ask()
        listener.replace(http_api(settings, listener_context({"f": new})).steps)
        after = await port.ask()

    assert (before.content, after.content) == (b"old", b"new")


@pytest.mark.parametrize("row", [row for row in LISTENER_TYPES if not row.target_groups], ids=lambda row: row.type)
def test_every_step_of_a_listener_type_is_there(row: ListenerType) -> None:
    """A step that a row names is a method of its steps, whether they need it or not."""
    settings = load(row.settings)(0, function="f")
    listener = load(row.listener)(settings, listener_context({"f": scripted(ok)[0]}))

    assert all(callable(getattr(listener.steps, name)) for name in row.steps)


@pytest.mark.parametrize("module", ["rest_api", "http_api", "function_url"])
def test_extras_are_imported_when_they_are_needed(module: str) -> None:
    """A listener without authorizers and models needs none of them."""
    extras = {"jwt", "jsonschema", "cryptography", "websockets", "pydantic"}
    program = f"import sys, gateway.listeners.{module}; print({extras} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "set()\n"
