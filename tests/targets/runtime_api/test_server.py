"""The Runtime API, byte for byte."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from gateway.invocation import Invocation, StreamBroken
from gateway.targets.runtime_api.offer import Offer
from gateway.targets.runtime_api.server import RuntimeApi
from gateway.targets.runtime_api.streaming import ResponseStream
from tests.targets.runtime_api.client import RawClient

pytestmark = pytest.mark.anyio
ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
NEXT = "/2018-06-01/runtime/invocation/next"
RESPONSE = f"/2018-06-01/runtime/invocation/{ID}/response"
ERROR = f"/2018-06-01/runtime/invocation/{ID}/error"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
CHUNKED = "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
LIMIT = 6_291_556


@dataclass
class Heard:
    """An owner that writes down what it hears."""

    events: list[tuple[object, ...]] = field(default_factory=list)
    stream: ResponseStream | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def _note(self, *event: object) -> None:
        self.events.append(event)
        self.came.set()

    async def until(self, name: str, count: int = 1) -> None:
        """Wait until it has heard something so many times."""
        while sum(event[0] == name for event in self.events) < count:
            self.came.clear()
            await asyncio.wait_for(self.came.wait(), 20)

    def ready(self) -> None:
        """As in Owner."""
        self._note("ready")

    def init_failed(self, error_type: str, payload: bytes) -> None:
        """As in Owner."""
        self._note("init_failed", error_type, payload)

    def returned(self, payload: bytes, content_type: str) -> None:
        """As in Owner."""
        self._note("returned", payload, content_type)

    def streaming(self, content_type: str, stream: ResponseStream) -> None:
        """As in Owner."""
        self.stream = stream
        self._note("streaming", content_type)

    def stream_ended(self, broken: StreamBroken | None) -> None:
        """As in Owner."""
        self._note("stream_ended", broken and broken.error_type)

    def failed(self, error_type: str, payload: bytes) -> None:
        """As in Owner."""
        self._note("failed", error_type, payload)

    def too_large(self) -> None:
        """As in Owner."""
        self._note("too_large")


@dataclass
class Served:
    """A Runtime API with one client that is connected."""

    api: RuntimeApi
    heard: Heard
    client: RawClient
    address: str

    async def give(self, invocation: Invocation, attempt: str = "a1") -> None:
        """Let the client poll, and give it an invocation."""
        self.client.get(NEXT)
        self.api.give(Offer(invocation, ARN, attempt, 1795405497434))
        await self.client.reply()


@contextlib.asynccontextmanager
async def serving(heard: Heard | None = None) -> AsyncIterator[Served]:
    """Open and close."""
    heard = heard or Heard()
    api = RuntimeApi(heard)
    address = await api.listen()
    async with RawClient(address) as client:
        yield Served(api, heard, client, address)
        api.close()


async def test_errors_are_handed_on() -> None:
    """The header's type and the body, unchanged."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.post(ERROR, b'{"x":1}', "Lambda-Runtime-Function-Error-Type: Function.Bad\r\n")
        reply = await served.client.reply()

    assert reply.status == 202
    assert served.heard.events[-1] == ("failed", "Function.Bad", b'{"x":1}')


OLDER = "11111111-e9f4-11e8-9739-2dfe598c3fcd"
LATE_POSTS = {
    "a response": (RESPONSE, ""),
    "an error": (ERROR, "Lambda-Runtime-Function-Error-Type: Function.Bad\r\n"),
    "a stream": (RESPONSE, "Lambda-Runtime-Function-Response-Mode: streaming\r\n"),
    "an unknown mode": (RESPONSE, "Lambda-Runtime-Function-Response-Mode: other\r\n"),
}


@pytest.mark.parametrize(("path", "headers"), LATE_POSTS.values(), ids=LATE_POSTS.keys())
async def test_late_posts(path: str, headers: str) -> None:
    """What a forked child or a thread still has to say of a past invocation is refused, and nobody's answer."""
    async with serving() as served, RawClient(served.address) as child:
        await served.give(Invocation(b"{}", OLDER, streaming=True))
        served.client.post(RESPONSE.replace(ID, OLDER), b"1")
        await served.client.reply()
        await served.give(Invocation(b"{}", ID, streaming=True))
        heard = len(served.heard.events)
        child.post(path.replace(ID, OLDER), b"late", headers)
        reply = await child.reply()
        assert served.heard.events[heard:] == []
        served.client.post(RESPONSE, b"2")
        await served.client.reply()

    assert (reply.status, json.loads(reply.body)["errorType"]) == (400, "InvalidRequestID")
    assert served.heard.events[-1] == ("returned", b"2", "application/json")


@pytest.mark.parametrize("headers", ["", CHUNKED], ids=["a response", "a stream"])
async def test_late_posts_that_end_half_way(headers: str) -> None:
    """A past invocation's response that is cut off breaks nobody else's."""
    async with serving() as served, RawClient(served.address) as child:
        await served.give(Invocation(b"{}", ID))
        heard = len(served.heard.events)
        framing = headers or "Content-Length: 9\r\n"
        child.send(f"POST {RESPONSE.replace(ID, OLDER)} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n2\r\nla".encode())
        child.end()
        await child.reply()
        assert served.heard.events[heard:] == []


async def test_first_response_counts() -> None:
    """A child and its parent both answer: the second one is refused, as on AWS, and breaks no stream."""
    async with serving() as served, RawClient(served.address) as child:
        await served.give(Invocation(b"{}", ID, streaming=True))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: localhost\r\n{CHUNKED}\r\n1\r\na\r\n".encode())
        await served.heard.until("streaming")
        child.post(RESPONSE, b"2")
        reply = await child.reply()
        served.client.send(b"0\r\n\r\n")
        accepted = await served.client.reply()

    assert (reply.status, json.loads(reply.body)["errorType"]) == (403, "InvalidStateTransition")
    assert accepted.status == 202
    assert served.heard.events[-1] == ("stream_ended", None)


async def test_two_that_wait_on_one_connection() -> None:
    """Answers on a connection keep the order of the requests: the call that came first gets the invocation."""
    async with serving() as served:
        served.client.get(NEXT)
        served.client.get(NEXT)
        await served.heard.until("ready", 2)
        served.api.give(Offer(Invocation(b'"event"', ID), ARN, "a1", 1))
        reply = await asyncio.wait_for(served.client.reply(), 10)

    assert reply.body == b'"event"'


async def test_init_error() -> None:
    """An init error needs no id."""
    async with serving() as served:
        served.client.post(
            "/2018-06-01/runtime/init/error", b"{}", "Lambda-Runtime-Function-Error-Type: Runtime.ImportModuleError\r\n"
        )
        reply = await served.client.reply()

    assert reply.status == 202
    assert served.heard.events == [("init_failed", "Runtime.ImportModuleError", b"{}")]


@pytest.mark.parametrize(
    ("path", "headers", "status", "error_type", "message"),
    [
        (RESPONSE.replace(ID, "other"), "", 400, "InvalidRequestID", "Invalid request ID"),
        (RESPONSE, "Lambda-Runtime-Invocation-Id: a0\r\n", 410, "InvokeTimeout", "Invoke timeout"),
        (
            RESPONSE,
            "Lambda-Runtime-Function-Response-Mode: other\r\n",
            400,
            "InvalidFunctionResponseMode",
            "Invalid function response mode",
        ),
        (
            "/2018-06-01/runtime/init/error",
            "",
            403,
            "InvalidStateTransition",
            "State transition from Running to InitError failed for runtime. Error: State transition is not allowed",
        ),
    ],
)
async def test_refusals(path: str, headers: str, status: int, error_type: str, message: str) -> None:
    """Each refusal has AWS's status, type and message."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.post(path, b"{}", headers)
        reply = await served.client.reply()

    assert reply.status == status
    assert json.loads(reply.body) == {"errorMessage": message, "errorType": error_type}


async def test_late_answer() -> None:
    """After the timeout an answer is gone, however well it is formed."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.api.time_out()
        served.client.post(RESPONSE, b"{}")
        reply = await served.client.reply()

    assert reply.status == 410
    assert reply.body == b'{"errorMessage":"Invoke timeout","errorType":"InvokeTimeout"}'


@pytest.mark.parametrize("path", [RESPONSE, ERROR])
async def test_too_large(path: str) -> None:
    """One byte over the limit is 413, and the connection stays."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.post(path, b"x" * (LIMIT + 1))
        reply = await served.client.reply()
        served.client.get("/2018-06-01/ping")
        ping = await served.client.reply()

    assert reply.status == 413
    assert json.loads(reply.body) == {
        "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "RequestEntityTooLarge",
    }
    assert served.heard.events[-1] == ("too_large",)
    assert ping.body == b"pong"


async def test_unknown_path() -> None:
    """Anything else is not found."""
    async with serving() as served:
        served.client.get("/2018-06-01/runtime/other")
        reply = await served.client.reply()

    assert reply.status == 404


async def test_close_ends_a_waiting_next() -> None:
    """A client that waits is dropped at the end."""
    async with serving() as served:
        served.client.get(NEXT)
        served.heard.came.clear()
        await served.heard.came.wait()
        served.api.close()

        assert await served.client.is_closed()


async def test_a_lost_client_is_not_given_anything() -> None:
    """The invocation waits for the client that comes next."""
    async with serving() as served:
        address = "{}:{}".format(*served.client._writer.get_extra_info("peername")[:2])
        served.client.get(NEXT)
        served.heard.came.clear()
        await served.heard.came.wait()
        await served.client.__aexit__(None, None, None)
        async with RawClient(address) as second:
            second.get("/2018-06-01/ping")
            await second.reply()
            second.get(NEXT)
            served.heard.came.clear()
            await served.heard.came.wait()
            served.api.give(Offer(Invocation(b'"here"', ID), ARN, "a1", 1))
            reply = await second.reply()

    assert reply.body == b'"here"'
