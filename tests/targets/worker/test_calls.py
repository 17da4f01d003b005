"""How an invocation in a worker's hands ends."""

import asyncio

import pytest

from gateway.invocation import Failed, Returned
from gateway.targets.worker.calls import Call, outcome_of
from gateway.targets.worker.framing import Frame
from tests.targets.hosting import invocation

pytestmark = pytest.mark.anyio


async def test_first_end_counts() -> None:
    """An answer and a timeout, or a death and an answer, may come at the same time: the first one is the end."""
    call = Call(invocation(), asyncio.get_running_loop().create_future())
    call.end(Returned(b"1"))
    call.end(None)

    assert await call.answer == Returned(b"1")


async def test_end_of_a_call_nobody_waits_for() -> None:
    """A caller that gave up is no reason to fail."""
    call = Call(invocation(), asyncio.get_running_loop().create_future())
    call.answer.cancel()
    call.end(None)

    assert call.answer.cancelled()


LARGE = b'"' + b"x" * (6_291_556 - 1) + b'"'


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


@pytest.mark.parametrize("kind", [b"r", b"b", b"e"])
def test_too_large(kind: bytes) -> None:
    """Over 6 MB and a little, whatever it is, Lambda's own error comes."""
    outcome = outcome_of(Frame(kind, LARGE))

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Function.ResponseSizeTooLarge"
