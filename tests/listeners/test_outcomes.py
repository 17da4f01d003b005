"""What becomes of an outcome, and the trace header of an invocation."""

import json
import logging
from collections.abc import AsyncIterator

import pytest

from gateway.errors import Fault, FaultKind
from gateway.functions.lineage import first_dispatch
from gateway.invocation import Failed, FunctionReference, Outcome, Returned, Streamed, Throttled, TimedOut, Unavailable
from gateway.listeners.context import ListenerContext
from gateway.listeners.of_flavour import listener_of
from gateway.listeners.outcomes import payload_of, trace_header
from gateway.observe.record import Exchange
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Arrival
from tests.listeners.alb.doubles import ARN, ScriptedTarget, function, get
from tests.listeners.observers import observed, respond
from tests.services import called

pytestmark = pytest.mark.anyio

ARRIVAL = Arrival("8476a536-e9f4-41e8-9739-2dfe598c3fcd", 1_700_000_000_000, "1-6553f100-0123456789abcdef01234567")


OK = Returned(b'{"statusCode":200,"body":"hi"}')


def in_front_of(target: ScriptedTarget) -> tuple[ListenerContext, FunctionReference]:
    """What the listener of a flavour takes, beside its flavour."""
    service, reference = called(function(target))
    return ListenerContext(service), reference


async def nothing() -> AsyncIterator[bytes]:
    """A stream of nothing."""
    yield b""


OUTCOMES: list[tuple[Outcome, FaultKind, str, int]] = [
    (Failed(b"{}", "ValueError", "no"), FaultKind.FUNCTION_ERROR, "ValueError: no", 502),
    (Failed(b"{}", "ValueError", ""), FaultKind.FUNCTION_ERROR, "ValueError", 502),
    (TimedOut(b"{}", 1500), FaultKind.TIMED_OUT, "no answer within 1.5 s", 502),
    (Throttled("Why"), FaultKind.THROTTLED, "Why", 502),
    (Unavailable("ResourceNotFoundException", "m"), FaultKind.NOT_FOUND, "ResourceNotFoundException: m", 502),
    (Unavailable("AccessDeniedException", "m"), FaultKind.ACCESS_DENIED, "AccessDeniedException: m", 502),
    (
        Unavailable("RequestEntityTooLargeException", "m"),
        FaultKind.REQUEST_TOO_LARGE,
        "RequestEntityTooLargeException: m",
        413,
    ),
    (Unavailable("ConnectionError", "m"), FaultKind.CONNECTION_ERROR, "ConnectionError: m", 502),
    (Unavailable("ConnectionTimeout", "m"), FaultKind.CONNECTION_TIMEOUT, "ConnectionTimeout: m", 504),
    (Unavailable("ServiceException", "m"), FaultKind.SERVICE_ERROR, "ServiceException: m", 502),
]


@pytest.mark.parametrize(("outcome", "kind", "detail", "status"), OUTCOMES)
async def test_outcomes(
    outcome: Outcome, kind: FaultKind, detail: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Every outcome but a result becomes the listener's own answer and one line in the log that says why."""
    listener = listener_of(Alb(ARN), *in_front_of(ScriptedTarget(outcome)))
    with caplog.at_level(logging.WARNING, "gateway"):
        response, exchange = await observed(listener, get(b"/a%20b"))

    assert response.status == status
    assert exchange.fault is not None
    assert (exchange.fault.kind, exchange.fault.detail) == (kind, detail)
    assert exchange.outcome is outcome
    assert [record.getMessage() for record in caplog.records] == [f"GET /a%20b -> {status}: {kind.value}: {detail}"]


async def test_a_result_becomes_the_response() -> None:
    """Observers learn the event, the outcome and the times."""
    target = ScriptedTarget(OK)
    response, exchange = await observed(listener_of(Alb(ARN), *in_front_of(target)), get())

    (invocation,) = target.invocations
    assert (response.status, response.body) == (200, b"hi")
    assert exchange.event == invocation.payload
    assert json.loads(exchange.event)["path"] == "/a"
    assert (exchange.outcome, exchange.fault) == (OK, None)
    assert 0 < exchange.invoked_at <= exchange.answered_at


async def test_invocation() -> None:
    """The function gets the request's id and a trace header whose root is the arrival's."""
    target = ScriptedTarget(OK)
    await respond(listener_of(Alb(ARN), *in_front_of(target)), get(), Exchange(ARRIVAL))

    (invocation,) = target.invocations
    assert invocation.request_id == ARRIVAL.request_id
    assert invocation.trace_id == (
        "Root=1-6553f100-0123456789abcdef01234567;Parent=97392dfe598c3fcd;Sampled=0;"
        + first_dispatch("arn:aws:lambda:us-east-1:123456789012:function:app")
    )


async def test_bad_result_names_its_member(caplog: pytest.LogCaptureFixture) -> None:
    """The log says which member is wrong and what was expected."""
    listener = listener_of(Alb(ARN), *in_front_of(ScriptedTarget(Returned(b'{"statusCode":"OK"}'))))
    with caplog.at_level(logging.WARNING, "gateway"):
        response = await respond(listener, get())

    assert response.status == 502
    (record,) = caplog.records
    assert "/statusCode: expected " in record.getMessage()
    assert record.getMessage().endswith("got 'OK'")


async def test_request_that_cannot_become_an_event() -> None:
    """The function is not invoked, and observers see no event."""
    target = ScriptedTarget(OK)
    response, exchange = await observed(listener_of(Alb(ARN), *in_front_of(target)), get(b"/\xff"))

    assert response.status == 502
    assert target.invocations == []
    assert (exchange.event, exchange.outcome) == (b"", None)
    assert exchange.fault is not None
    assert exchange.fault.kind is FaultKind.NOT_UTF8


def test_result() -> None:
    """A result is what the function returned."""
    assert payload_of(Returned(b"{}")) == b"{}"


def test_stream_is_no_whole_result() -> None:
    """A listener that takes whole results refuses a stream."""
    with pytest.raises(Fault, match="takes whole results"):
        payload_of(Streamed("text/plain", nothing()))


def test_trace_header() -> None:
    """Its root is the arrival's trace id, its parent the request's own span, its end the function's lineage."""
    assert trace_header(ARRIVAL, "Lineage=1:00000000:0") == (
        "Root=1-6553f100-0123456789abcdef01234567;Parent=97392dfe598c3fcd;Sampled=0;Lineage=1:00000000:0"
    )


def test_trace_header_of_two_requests_differ_in_their_parent() -> None:
    """The parent is the request's own span, 16 hex digits."""
    other = ARRIVAL._replace(request_id="00000000-0000-4000-8123-456789abcdef")

    assert trace_header(other, "Lineage=1:00000000:0").split(";")[1] == "Parent=8123456789abcdef"
