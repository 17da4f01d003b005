"""Exchanges of a running gateway as files."""

import asyncio
import json
import logging
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import Fault, FaultKind, UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import (
    Failed,
    FunctionReference,
    Outcome,
    Returned,
    Streamed,
    Throttled,
    TimedOut,
    Unavailable,
)
from gateway.listeners.context import ListenerContext
from gateway.listeners.of_flavour import listener_of
from gateway.listeners.server import ListenerServer
from gateway.observe.record import Exchange, Kind, Transfer
from gateway.observe.recording import from_text, to_text
from gateway.recordings.recorder import Recorder, number_of, recording_of, slug
from gateway.recordings.replay import replay
from gateway.targets.inprocess import InProcess
from gateway.translation.flavours.alb import Alb
from gateway.translation.messages import Request, Response
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, REQUEST, RESULT

pytestmark = pytest.mark.anyio
TRANSFER = Transfer(100, 200, 1.0, 1.001, 1.002, 1.010, 1.011)


def echo(event: object, context: object) -> object:  # noqa: ARG001 - a handler's signature
    """Answer with the path."""
    assert isinstance(event, dict)
    return {"statusCode": 200, "headers": {"Set-Cookie": "id=abc; Path=/"}, "body": f"{event['path']}"}


def documents(folder: Path) -> list[dict[str, Any]]:
    """The recordings of a folder, in order."""
    return [json.loads(path.read_bytes()) for path in sorted(folder.iterdir())]


def ended(response: Response) -> Exchange:
    """An exchange that has ended with this response."""
    exchange = Exchange(ARRIVAL, REQUEST)
    exchange.response = response
    exchange.transfer = TRANSFER
    return exchange


async def test_a_served_request_becomes_a_file(tmp_path: Path) -> None:
    """Request, event, result and response are there, secrets are not, and the name says what it was."""
    configuration = FunctionConfiguration("echo", "echo.handler")
    function = Function(configuration, InProcess(configuration, {}, echo))
    alb = Alb()
    recorder = Recorder(tmp_path / "recordings")
    listener = listener_of(alb, ListenerContext(LambdaService([function])), FunctionReference("echo"))
    listener.observer = recorder.observer("alb", alb)
    server = ListenerServer(listener)
    await function.start()
    await server.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{server.port}/pets/7?token=opensesame"
        answer = await client.get(url, headers={"Authorization": "Bearer opensesame"})
    await server.stop(1)
    await function.aclose()
    await recorder.aclose()

    assert answer.text == "/pets/7"
    (path,) = (tmp_path / "recordings").iterdir()
    assert path.name == "0001-GET-pets-7.json"
    assert [stat.S_IMODE(it.stat().st_mode) for it in (path, path.parent)] == [0o600, 0o700]
    assert "opensesame" not in path.read_text()
    recording = from_text(path.read_bytes())
    assert recording.request.raw_path == b"/pets/7"
    assert isinstance(recording.event, dict)
    assert recording.event["queryStringParameters"] == {"token": "redacted"}
    assert recording.outcome == {"kind": "returned"}
    assert json.loads(recording.payload or b"")["body"] == "/pets/7"
    assert recording.response is not None
    assert (recording.response.status, recording.response.body) == (200, b"/pets/7")
    assert set(recording.times_ms) == {"request", "until_response", "response", "function"}
    assert await replay(recording, None) == []


async def test_the_target_group_is_read_off_the_event() -> None:
    """A listener forwards to many; what a rule changed stands beside what the client sent."""
    exchange = ended(Response(200, []))
    exchange.transformed = REQUEST._replace(raw_path=b"/changed")
    exchange.event = Alb("arn:2", multi_value_headers=True).encode(exchange.transformed, ARRIVAL)
    exchange.outcome = Returned(RESULT)

    recording = recording_of("alb", {"target_group_arn": "arn:1"}, exchange)

    assert (recording.flavour, recording.options) == ("alb-multi", {"target_group_arn": "arn:2"})
    assert recording.request == REQUEST
    assert recording.transformed == exchange.transformed
    read = from_text(to_text(recording))
    assert [place.pointer for place in await replay(read, None) if place.pointer.startswith("/event")] == []


async def test_numbers_go_on_from_what_is_there(tmp_path: Path) -> None:
    """A second run overwrites nothing."""
    (tmp_path / "0041-GET-root.json").write_text("{}")
    (tmp_path / "notes.json").write_text("{}")
    recorder = Recorder(tmp_path)
    recorder.observer("alb", Alb()).ended(ended(Response(200, [])))
    await recorder.aclose()

    assert (tmp_path / "0042-POST-pets-7.json").exists()


async def test_too_many_at_once_are_dropped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The request is never held up; the end of the run says how many are missing."""
    recorder = Recorder(tmp_path, waiting=0)
    with caplog.at_level(logging.WARNING, "gateway"):
        recorder.observer("alb", Alb()).ended(ended(Response(200, [])))
        await recorder.aclose()

    assert documents(tmp_path) == []
    assert caplog.messages == ["1 exchanges were not recorded: the disk was slower than the requests"]


async def test_a_disk_that_fails_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The gateway goes on, and so does the recorder."""
    folder = tmp_path / "gone"
    recorder = Recorder(folder)
    folder.rmdir()
    observer = recorder.observer("alb", Alb())
    with caplog.at_level(logging.WARNING, "gateway"):
        observer.ended(ended(Response(200, [])))
        observer.ended(ended(Response(200, [])))
        await recorder.aclose()

    assert [message for message in caplog.messages if "could not be recorded" in message] == [
        next(message for message in caplog.messages if message.startswith("an exchange could not be recorded"))
    ]


@pytest.mark.parametrize(
    ("request_", "response", "kind"),
    [
        (None, Response(400, []), "request"),
        (None, None, "message"),
        (REQUEST, Response(200, []), "health check"),
        (REQUEST, None, "request"),
    ],
    ids=["bytes", "message", "health check", "unanswered"],
)
async def test_what_cannot_be_sent_again_is_not_recorded(
    tmp_path: Path, request_: Request | None, response: Response | None, kind: Kind
) -> None:
    """Bytes that were no request, messages of WebSocket connections, health checks, requests without an answer."""
    exchange = Exchange(ARRIVAL, request_, kind)
    exchange.response = response
    recorder = Recorder(tmp_path)
    observer = recorder.observer("alb", Alb())
    observer.began(exchange)
    observer.ended(exchange)
    await recorder.aclose()
    await recorder.aclose()

    assert documents(tmp_path) == []


async def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """At start, with what to do."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="name a folder to write to"):
        Recorder(tmp_path / "file")


async def chunks() -> AsyncIterator[bytes]:
    """A stream of one piece."""
    yield b"a"


@pytest.mark.parametrize(
    ("outcome", "members"),
    [
        (Returned(b"{}"), {"kind": "returned"}),
        (Streamed("text/plain", chunks()), {"kind": "streamed", "content_type": "text/plain"}),
        (Failed(b"{}", "ValueError", "no"), {"kind": "failed", "error_type": "ValueError", "message": "no"}),
        (TimedOut(b"{}", 3000), {"kind": "timed out", "after_ms": 3000}),
        (Throttled("limit"), {"kind": "throttled", "reason": "limit"}),
        (Unavailable("ServiceException", "x"), {"kind": "unavailable", "error": "ServiceException", "message": "x"}),
    ],
)
async def test_each_outcome_is_told(outcome: Outcome, members: dict[str, Json]) -> None:
    """How the invocation ended stands beside the result."""
    exchange = ended(Response(200, []))
    exchange.outcome = outcome

    recording = recording_of("alb", {}, exchange)

    assert recording.outcome == members
    assert recording.payload == (b"{}" if isinstance(outcome, Returned) else None)


async def test_a_fault_and_a_stream_are_told() -> None:
    """A stream's bytes went by; why the answer is not the function's is in words."""
    exchange = ended(Response(400, [], chunks()))
    exchange.fault = Fault(FaultKind.WEBSOCKET)

    recording = recording_of("alb", {}, exchange)

    assert recording.outcome == {
        "kind": "not invoked",
        "fault": "a WebSocket upgrade cannot be forwarded to a function",
    }
    assert recording.streamed
    assert recording.event is None


async def test_spans_are_milliseconds_of_the_exchange() -> None:
    """What the port measured and what the function took; what did not happen is left out."""
    exchange = ended(Response(200, []))
    exchange.outcome, exchange.invoked_at, exchange.answered_at = Returned(b"{}"), 1.003, 1.009
    times = recording_of("alb", {}, exchange).times_ms
    exchange.outcome = exchange.transfer = None

    assert times == {"request": 2.0, "until_response": 8.0, "response": 1.0, "function": 6.0}
    assert recording_of("alb", {}, exchange).times_ms == {}


async def test_a_refusal_of_the_load_balancer_is_no_fault_of_the_invocation() -> None:
    """It can be sent to a URL only, so nothing says that it could be replayed without one."""
    exchange = ended(Response(400, []))
    exchange.fault = Fault(FaultKind.REFUSED)

    assert recording_of("alb", {}, exchange).outcome == {"kind": "not invoked"}


@pytest.mark.parametrize(
    ("text", "part"), [("/pets/7", "pets-7"), ("/", ""), ("/..%2f/ä", "2f"), ("/" + "a" * 99, "a" * 60)]
)
async def test_names_of_files_are_harmless(text: str, part: str) -> None:
    """No path leads out of the folder."""
    await asyncio.sleep(0)

    assert slug(text) == part
    assert number_of(Path("x/12-GET.json")) == 12
    assert number_of(Path("x/a-12.json")) == 0
