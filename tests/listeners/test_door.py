"""The listener around a door: refusals, records and bytes that are no request."""

import logging
import subprocess
import sys

import pytest

from gateway.config.doors import HttpApiSettings
from gateway.errors import Fault, FaultKind
from gateway.listeners.door import DoorListener, Visit
from gateway.listeners.exchange import Exchange
from gateway.listeners.http_api import http_api
from gateway.listeners.wire import Wire
from gateway.translation.flavour import Limits
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from tests.listeners.doors import opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

REQUEST = Request("GET", b"/path", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
ARRIVAL = Arrival("id", 5, "1-0-0")


class Refusing:
    """A door that refuses everything."""

    limits = Limits(1, 1)

    def __init__(self) -> None:
        self.refused: list[tuple[Fault, Request | None, Arrival]] = []

    async def answer(self, visit: Visit) -> Response:
        """No."""
        visit.exchange.event = b"{}"
        raise Fault(FaultKind.TIMED_OUT, "slow")

    def refuse(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """Remember."""
        self.refused.append((fault, request, arrival))
        return Response(599, [])

    async def start(self) -> None:
        """Nothing."""

    async def aclose(self) -> None:
        """Nothing."""


async def test_a_fault_becomes_the_doors_answer(caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log says why; without an observer there is no record."""
    door = Refusing()
    with caplog.at_level(logging.WARNING, "gateway"):
        response = await DoorListener(door, arrive=lambda: ARRIVAL).respond(REQUEST)

    assert (response.status, response.record) == (599, None)
    assert door.refused[0][1:] == (REQUEST, ARRIVAL)
    assert caplog.messages == ["GET /path -> 599: the function timed out: slow"]


async def test_observers_get_the_exchange() -> None:
    """Event and fault are in it."""

    def written(request: Request | None, response: Response, wire: Wire) -> None:
        """The rim calls this."""

    listener = DoorListener(Refusing(), arrive=lambda: ARRIVAL)
    listener.on_written = written
    record = (await listener.respond(REQUEST)).record

    assert isinstance(record, Exchange)
    assert (record.arrival, record.event) == (ARRIVAL, b"{}")
    assert record.fault is not None
    assert record.fault.kind is FaultKind.TIMED_OUT


@pytest.mark.parametrize(
    ("status", "cause"),
    [(400, Cause.BAD_REQUEST), (408, Cause.BAD_REQUEST), (413, Cause.TOO_LARGE), (414, Cause.URI_TOO_LONG)],
)
def test_bytes_that_are_no_request(status: int, cause: Cause) -> None:
    """Each status has its cause."""
    door = Refusing()
    DoorListener(door).reject(status, ("192.0.2.1", 1), b"GET / HTTP/1.1")
    fault, request, _ = door.refused[0]

    assert isinstance(fault, Refused)
    assert (fault.cause, request) == (cause, None)


async def test_a_door_can_be_replaced() -> None:
    """The next request goes to the new functions; the port stays."""
    settings = HttpApiSettings(0, function="f")
    old, _ = scripted(lambda _: "old")
    new, _ = scripted(lambda _: "new")
    listener = http_api(settings, listener_context({"f": old}))
    async with opened(listener) as port:
        before = await port.ask()
        listener.door = http_api(settings, listener_context({"f": new})).door
        after = await port.ask()

    assert (before.content, after.content) == (b"old", b"new")


@pytest.mark.parametrize("door", ["rest_api", "http_api", "function_url"])
def test_extras_are_imported_when_they_are_needed(door: str) -> None:
    """A front door without authorizers and models needs none of them."""
    extras = {"jwt", "jsonschema", "cryptography", "websockets", "pydantic"}
    program = f"import sys, gateway.listeners.{door}; print({extras} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "set()\n"
