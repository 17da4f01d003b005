"""HTTP/1.1 as runtimes speak it."""

import json

import pytest

from gateway.invocation import Invocation
from gateway.targets.runtime_api.offer import Offer
from tests.targets.runtime_api.test_server import ARN, ID, NEXT, RESPONSE, Heard, serving

pytestmark = pytest.mark.anyio


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


async def test_requests_of_the_same_bytes() -> None:
    """A runtime polls with the same bytes again and again, and may put others between or behind them."""
    async with serving() as served:
        answers: list[int | bytes] = []
        for number in range(3):
            await served.give(Invocation(b"%d" % number, ID))
            served.client.post(RESPONSE, b'"r"', "Content-Type: application/json\r\n")
            answers.append((await served.client.reply()).status)
            served.client.get("/2018-06-01/ping")
            answers.append((await served.client.reply()).body)
            served.client.get("/2018-06-01/ping")
            served.client.get("/2018-06-01/ping")
            answers += [(await served.client.reply()).body for _ in range(2)]

    assert answers == [202, b"pong", b"pong", b"pong"] * 3
    assert [event for event in served.heard.events if event[0] == "returned"] == [
        ("returned", b'"r"', "application/json")
    ] * 3


class Defective(Heard):
    """An owner with defects."""

    polls = 0

    def ready(self) -> None:
        """A defect at the third poll, which is of the same bytes as those before."""
        self.polls += 1
        if self.polls == 3:
            raise LookupError

    def returned(self, payload: bytes, content_type: str) -> None:
        """A defect."""
        raise LookupError(payload, content_type)


async def test_a_defect_at_a_call(caplog: pytest.LogCaptureFixture) -> None:
    """The runtime is told that it should exit, and the log has one traceback."""
    async with serving(Defective()) as served:
        await served.give(Invocation(b"{}", ID))
        served.client.post(RESPONSE, b'"r"', "Content-Type: application/json\r\n")
        reply = await served.client.reply()

    assert (reply.status, json.loads(reply.body)["errorMessage"]) == (500, "Container error")
    assert [record.getMessage().partition(" met ")[0] for record in caplog.records] == ["a call of the Runtime API"]


async def test_a_defect_at_a_repeated_call(caplog: pytest.LogCaptureFixture) -> None:
    """The quick way for a poll is no other."""
    async with serving(Defective()) as served:
        for number in range(2):
            await served.give(Invocation(b"%d" % number, ID))
            served.client.post(f"{RESPONSE[:-9]}/error", b"{}")
            await served.client.reply()
        served.client.get(NEXT)
        reply = await served.client.reply()

    assert reply.status == 500
    assert len(caplog.records) == 1


async def test_same_bytes_that_are_the_middle_of_a_body() -> None:
    """What looks like a poll is none while a body is on its way."""
    poll = f"GET {NEXT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    async with serving() as served:
        served.client.send(poll)
        served.api.give(Offer(Invocation(b"{}", ID), ARN, "a1", 1))
        await served.client.reply()
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n".encode())
        served.client.send(f"Content-Type: text/plain\r\nContent-Length: {len(poll)}\r\n\r\n".encode())
        interim = await served.client.reply()
        served.client.send(poll)
        reply = await served.client.reply()

    assert (interim.status, reply.status) == (100, 202)
    assert ("returned", poll, "text/plain") in served.heard.events


async def test_bytes_that_are_no_chunk(caplog: pytest.LogCaptureFixture) -> None:
    """A chunked body that is none is 400, and the end of the connection; the log says what was wrong."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.send(
            f"POST {RESPONSE} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode()
        )
        reply = await served.client.reply()
        closed = await served.client.is_closed()

    assert reply.status == 400
    assert json.loads(reply.body)["errorType"] == "TruncatedHTTPRequest"
    assert served.heard.events[-1] == ("failed", "Runtime.TruncatedResponse", b"")
    assert closed
    assert "a client of the Runtime API is refused: Invalid character in chunk size" in caplog.messages


async def test_expect_continue() -> None:
    """A client such as curl waits for a 100 before it sends a large body."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n".encode())
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


ENDLESS = {
    "a line": (f"POST {RESPONSE} HTTP/1.1\r\nHost: ".encode(), b"x" * 1000),
    "lines": (f"POST {RESPONSE} HTTP/1.1\r\n".encode(), b"a: b\r\n" * 170),
    "a target": (b"POST /", b"x" * 1000),
    "trailers": (
        f"POST {RESPONSE} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n".encode(),
        b"a: b\r\n" * 170,
    ),
    "a chunk extension": (
        f"POST {RESPONSE} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;".encode(),
        b"x" * 1000,
    ),
}


@pytest.mark.parametrize(("begin", "more"), ENDLESS.values(), ids=ENDLESS.keys())
async def test_head_without_end(begin: bytes, more: bytes) -> None:
    """Neither a head nor trailers may go on beyond a little more than 1 MiB."""
    async with serving() as served:
        served.client.send(begin)
        for _ in range(1200):
            served.client.send(more)
        reply = await served.client.reply()

    assert reply.status == 431


async def test_largest_header_of_awss_clients() -> None:
    """The trace of an error may have 1 MiB."""
    async with serving() as served:
        await served.give(Invocation(b"{}", ID))
        served.client.post(
            RESPONSE.replace("/response", "/error"),
            b"{}",
            f"Lambda-Runtime-Function-XRay-Error-Cause: {'x' * 1_048_576}\r\n",
        )
        reply = await served.client.reply()

    assert reply.status == 202


async def test_requests_without_end_behind_one_that_waits() -> None:
    """A client that asks on and on, and whose first call waits, is dropped."""
    poll = f"GET {NEXT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    async with serving() as served:
        served.client.send(poll)
        await served.heard.until("ready")
        for number in range(2, 67):
            served.client.send(poll)
            await served.heard.until("ready", number) if number < 66 else None
        reply = await served.client.reply()

    assert reply.status == 400
