"""The Runtime API, byte for byte."""

import asyncio
import base64
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

    async def give(self, invocation: Invocation, attempt: str = "a1") -> None:
        """Let the client poll, and give it an invocation."""
        self.client.get(NEXT)
        self.api.give(Offer(invocation, ARN, attempt, 1795405497434))
        await self.client.reply()


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    """Open and close."""
    heard = Heard()
    api = RuntimeApi(heard)
    async with RawClient(await api.listen()) as client:
        yield Served(api, heard, client)
        api.close()


async def test_next_has_every_header() -> None:
    """All headers that the invocation has a value for, and the payload as it is."""
    invocation = Invocation(
        b'{"a":1}',
        ID,
        function_arn=ARN + ":live",
        trace_id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        client_context=b'{"custom":\n{"k":"v"}}',
        cognito_identity=b'{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
    )
    async with serving() as served:
        served.client.get(NEXT)
        served.api.give(Offer(invocation, ARN, "a1", 1795405497434))
        reply = await served.client.reply()

    assert (reply.status, reply.body) == (200, b'{"a":1}')
    assert reply.headers == {
        "content-type": "application/json",
        "content-length": "7",
        "lambda-runtime-aws-request-id": ID,
        "lambda-runtime-deadline-ms": "1795405497434",
        "lambda-runtime-invoked-function-arn": ARN + ":live",
        "lambda-runtime-invocation-id": "a1",
        "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        "lambda-runtime-client-context": '{"custom": {"k":"v"}}',
        "lambda-runtime-cognito-identity": '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
    }


async def test_next_leaves_empty_headers_out() -> None:
    """No trace, no context: no header."""
    async with serving() as served:
        served.client.get(NEXT)
        served.api.give(Offer(Invocation(b"{}", ID), ARN, "a1", 1))
        reply = await served.client.reply()

    assert "lambda-runtime-trace-id" not in reply.headers
    assert "lambda-runtime-client-context" not in reply.headers
    assert reply.headers["lambda-runtime-invoked-function-arn"] == ARN


async def test_response_and_next_in_one_write() -> None:
    """A client may ask for the next invocation before it has read the answer to its result."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.post(RESPONSE, b'"r"', "Content-Type: application/json\r\n")
        served.client.get(NEXT)
        accepted = await served.client.reply()
        served.api.give(Offer(Invocation(b'"second"', ID), ARN, "a2", 2))
        second = await served.client.reply()

    assert (accepted.status, json.loads(accepted.body)) == (202, {"status": "OK"})
    assert ("returned", b'"r"', "application/json") in served.heard.events
    assert second.body == b'"second"'


async def test_answers_keep_the_order_of_the_requests() -> None:
    """What is asked behind a waiting next is answered behind it."""
    async with serving() as served:
        served.client.get(NEXT)
        served.client.get("/2018-06-01/ping")
        served.api.give(Offer(Invocation(b'"first"', ID), ARN, "a1", 1))
        bodies = [(await served.client.reply()).body for _ in range(2)]

    assert bodies == [b'"first"', b"pong"]


async def test_errors_are_handed_on() -> None:
    """The header's type and the body, unchanged."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.post(ERROR, b'{"x":1}', "Lambda-Runtime-Function-Error-Type: Function.Bad\r\n")
        reply = await served.client.reply()

    assert reply.status == 202
    assert served.heard.events[-1] == ("failed", "Function.Bad", b'{"x":1}')


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


async def test_stream() -> None:
    """Chunks are handed on as they come, before the request has ended."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID, streaming=True))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\n{CHUNKED}\r\n".encode())
        served.client.send(b"1\r\na\r\n")
        served.heard.came.clear()
        await served.heard.came.wait()
        stream = served.heard.stream
        assert stream is not None
        first = await anext(stream)
        served.client.send(b"1\r\nb\r\n0\r\n\r\n")
        rest = [piece async for piece in stream]
        reply = await served.client.reply()

    assert (first, rest, reply.status) == (b"a", [b"b"], 202)
    assert served.heard.events[-2:] == [("streaming", "text/x"), ("stream_ended", None)]


async def test_stream_with_error_trailers() -> None:
    """Trailers break the stream behind what has been sent; the error's body is base64."""
    error = base64.b64encode(b'{"errorType":"E"}').decode()
    async with serving() as served:
        await served.give(Invocation(b"{}", ID, streaming=True))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: a\r\n{CHUNKED}\r\n1\r\na\r\n0\r\n".encode())
        served.client.send(
            f"Lambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: {error}\r\n\r\n".encode()
        )
        reply = await served.client.reply()
        assert served.heard.stream is not None
        first = await anext(served.heard.stream)
        with pytest.raises(StreamBroken) as caught:
            await anext(served.heard.stream)

    assert (first, reply.status) == (b"a", 202)
    assert (caught.value.error_type, caught.value.payload) == ("E", b'{"errorType":"E"}')


async def test_stream_cut_off() -> None:
    """A connection that is lost in the middle breaks the stream."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID, streaming=True))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: a\r\n{CHUNKED}\r\n1\r\na\r\n".encode())
        served.heard.came.clear()
        await served.heard.came.wait()
        await served.client.__aexit__(None, None, None)
        assert served.heard.stream is not None
        first = await anext(served.heard.stream)
        with pytest.raises(StreamBroken, match=r"Runtime\.TruncatedResponse"):
            await anext(served.heard.stream)

    assert first == b"a"


async def test_bytes_that_are_no_chunk() -> None:
    """A chunked body that is none is 400, and the end of the connection."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
        reply = await served.client.reply()
        closed = await served.client.is_closed()

    assert reply.status == 400
    assert json.loads(reply.body)["errorType"] == "TruncatedHTTPRequest"
    assert served.heard.events[-1] == ("failed", "Runtime.TruncatedResponse", b"")
    assert closed


async def test_expect_continue() -> None:
    """A client such as curl waits for a 100 before it sends a large body."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n".encode())
        served.client.send(b"Content-Length: 2\r\n\r\n")
        interim = await served.client.reply()
        served.client.send(b"{}")
        reply = await served.client.reply()

    assert (interim.status, reply.status) == (100, 202)


async def test_connection_close() -> None:
    """A client that wants no keep-alive gets none."""
    async with serving() as served:
        served.client.get("/2018-06-01/ping", "Connection: close\r\n")
        reply = await served.client.reply()
        closed = await served.client.is_closed()

    assert (reply.body, closed) == (b"pong", True)


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
