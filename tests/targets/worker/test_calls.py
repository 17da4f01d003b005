"""How the init phase of a worker ends, and how an invocation in its hands does."""

import asyncio

import pytest

from gateway.invocation import Failed, Returned
from gateway.targets.worker.calls import Loaded, NotLoaded, WorkerCall, init_of, outcome_of
from gateway.targets.worker.framing import Frame
from tests.targets.hosting import invocation

pytestmark = pytest.mark.anyio


async def test_first_end_counts() -> None:
    """An answer and a timeout, or a death and an answer, may come at the same time: the first one is the end."""
    call = WorkerCall(invocation(), asyncio.get_running_loop().create_future())
    call.end(Returned(b"1"))
    call.end(None)

    assert await call.answer == Returned(b"1")


async def test_end_of_a_call_nobody_waits_for() -> None:
    """A caller that gave up is no reason to fail."""
    call = WorkerCall(invocation(), asyncio.get_running_loop().create_future())
    call.answer.cancel()
    call.end(None)

    assert call.answer.cancelled()


@pytest.mark.parametrize(
    ("kind", "body", "outcome"),
    [
        (b"r", b'{"a":1}', Returned(b'{"a":1}')),
        (b"b", b"\x00\xff", Returned(b"\x00\xff", content_type="application/unknown")),
        (
            b"e",
            b'{"errorMessage":"no","errorType":"KeyError"}',
            Failed(b'{"errorMessage":"no","errorType":"KeyError"}', "KeyError", "no"),
        ),
    ],
)
def test_outcomes(kind: bytes, body: bytes, outcome: Returned | Failed) -> None:
    """A result, bytes that the handler gave as they are, an error."""
    assert outcome_of(Frame(kind, body)) == outcome


def test_too_large() -> None:
    """What the worker has not sent, since it is over 6 MB and a little, is Lambda's own error."""
    outcome = outcome_of(Frame(b"t", b""))

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Function.ResponseSizeTooLarge"


def test_init_phase_that_went_well() -> None:
    """It has led to a handler."""
    frame = Frame(b"R", b'{"callable":false,"type":"int","file":"/app.py"}')

    assert init_of(frame) == Loaded(callable=False, type="int", file="/app.py")


def test_init_phase_that_failed() -> None:
    """It has led to an error, and to the place where it is."""
    error = b'{"errorMessage":"no","errorType":"ValueError"}'

    assert init_of(Frame(b"X", b"\0\0\0\6app.py" + error)) == NotLoaded(Failed(error, "ValueError", "no"), "app.py")


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"R", b""),
        Frame(b"R", b"[]"),
        Frame(b"R", b'{"callable":1,"type":"int","file":""}'),
        Frame(b"R", b'{"callable":true}'),
        Frame(b"X", b"\0\0\0\1\xff{}"),
    ],
)
def test_init_phase_of_somebody_else(frame: Frame) -> None:
    """A module can write to the socket while it is loaded."""
    with pytest.raises(ValueError, match=r"."):
        init_of(frame)
