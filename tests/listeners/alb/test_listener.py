"""The load balancer's front door as the rims see it."""

import pytest

from gateway.invocation import Returned
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.listener import AlbListener, Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import LambdaTargetGroup
from gateway.listeners.exchange import Exchange
from gateway.listeners.wire import Wire
from gateway.translation.desync import Mode
from gateway.translation.flavours.alb import LIMITS, Alb
from gateway.translation.messages import Request, Response
from gateway.types import Json
from tests.listeners.alb.doubles import ARN, ScriptedTarget, function, get
from tests.listeners.alb.stacks import alb

pytestmark = pytest.mark.anyio


def listener(payload: bytes = b'{"statusCode":200,"body":"hi"}') -> AlbListener:
    """A load balancer in front of a function that always returns this."""
    forward: Json = [{"type": "forward", "target_groups": [{"target_group": "group"}]}]
    settings = alb(groups=["group"], default_actions=forward)
    group = LambdaTargetGroup("group", Alb(ARN), function(ScriptedTarget(Returned(payload))))
    routing = Routing(compile_rules(settings), {"group": group}, alb_attributes(settings), Mode.DEFENSIVE, b"key")
    return AlbListener(routing)


async def test_answers() -> None:
    """The function's result is the answer; without an observer no record is made."""
    response = await listener().respond(get())

    assert (response.status, response.body, response.record) == (200, b"hi", None)


async def test_record_for_observers() -> None:
    """With an observer the answer carries the exchange."""
    seen: list[Response] = []

    def observe(_request: Request | None, response: Response, _wire: Wire) -> None:
        seen.append(response)

    subject = listener()
    subject.on_written = observe
    response = await subject.respond(get())

    assert isinstance(response.record, Exchange)
    assert response.record.outcome == Returned(b'{"statusCode":200,"body":"hi"}')


async def test_never_raises() -> None:
    """A result that is no JSON is the client's 502."""
    assert (await listener(b"nonsense").respond(get())).status == 502


@pytest.mark.parametrize("status", [400, 408, 413, 414, 431, 501, 505])
def test_rejects(status: int) -> None:
    """Bytes that are no request get the load balancer's page, and the connection ends."""
    response = listener().reject(status, ("127.0.0.1", 4711), b"")

    assert response.status == status
    assert response.close
    assert dict(response.headers)[b"Server"] == b"awselb/2.0"


def test_limits() -> None:
    """The rims enforce the load balancer's limits; it takes no streams."""
    assert listener().limits == LIMITS
    assert not listener().accepts_streams
