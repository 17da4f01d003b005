"""What one connection's parser makes of bytes, and that nothing a client sends can upset it."""

import asyncio
import random
import re
from collections import Counter
from typing import Any

import pytest

from gateway.listeners.bodies import BodyStream
from gateway.listeners.port_options import PortOptions
from gateway.listeners.protocol import HttpProtocol
from gateway.listeners.reader import RequestReader
from gateway.listeners.wire import Peer, Reading, Refusal
from gateway.translation.flavour import Limits
from gateway.translation.messages import Request
from gateway.translation.raw_head import classify_head
from tests.listeners.doubles import SMALL, EchoListener, RecordingTransport
from tests.listeners.observers import Seen
from tests.translation.test_desync import VECTORS
from tests.translation.test_raw_head import can_be_sent, head_of

PEER = Peer(("127.0.0.1", 9), ("127.0.0.1", 80), "http", None)


class Kept:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.readings: list[Reading | None] = []
        self.continues = 0
        self.flow_changes = 0

    def received(self, request: Request, reading: Reading | None) -> None:
        """Keep it."""
        self.requests.append(request)
        self.readings.append(reading)

    def expects_continue(self) -> None:
        """Count it."""
        self.continues += 1

    def flow_changed(self) -> None:
        """Count it."""
        self.flow_changes += 1


def test_partial_until_complete() -> None:
    """A request is partial from its first byte to its last."""
    sink = Kept()
    reader = RequestReader(PEER, EchoListener(), sink)

    states = [reader.partial]
    for piece in (b"GE", b"T / HTTP/1.1\r\nContent-Length: 1\r\n", b"\r\n", b"x"):
        reader.feed(piece, 1.0)
        states.append(reader.partial)

    assert states == [False, True, True, True, False]
    assert sink.requests[0].body == b"x"


@pytest.mark.parametrize(
    ("head", "ambiguous"),
    [
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", False),
        (b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", True),
        (b"FREE / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", False),
    ],
)
def test_what_servers_may_read_in_different_ways(head: bytes, ambiguous: bool) -> None:
    """The request says so, and nothing behind it is read."""
    sink = Kept()
    RequestReader(PEER, EchoListener(), sink).feed(head + b"\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n", 1.0)

    assert [request.ambiguous for request in sink.requests] == ([True] if ambiguous else [False, False])


@pytest.mark.parametrize(
    ("data", "status", "why", "head"),
    [
        (b"GET / HTTP/1.1\r\nX Y: b\r\n\r\n", 400, "Invalid header token", True),
        (b"GET / HTTP/1.1\r\n\r\nnonsense", 400, "Invalid method encountered", False),
        (b"GET / HTTP/2.7\r\n\r\n", 505, "Invalid HTTP version", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: identity, gzip\r\n\r\n", 501, "", True),
        (b"FOO / HTTP/1.1\r\nX Y: b\r\n\r\n", 400, "Invalid method encountered", True),
        (b"GET * HTTP/1.1\r\n\r\n", 400, "b'*' is no target of GET", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz", 400, "Invalid character in chunk size", False),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 200 + b"\r\n\r\n", 400, "its head, or a line of it, is too long", True),
        (b"GET /" + b"a" * 200 + b" HTTP/1.1\r\n\r\n", 414, "", True),
    ],
)
def test_a_refusal_says_what_was_wrong(data: bytes, status: int, why: str, head: bool) -> None:
    """And has the head, unless it is another request's or was complete."""
    with pytest.raises(Refusal) as caught:
        RequestReader(PEER, EchoListener(SMALL), Kept()).feed(data, 0.0)

    refusal = caught.value
    assert (refusal.status, refusal.why) == (status, why)
    assert refusal.head == (data if head else b"")


STAYS_REFUSED = {
    # What the parser does not take: blanks, colons, control characters and bytes over 0x7F in names, control characters
    # in values and targets, blanks in targets and behind the version.
    ("Acceptable", 400): 10,
    ("Ambiguous", 400): 31,
    ("Compliant", 400): 1,
    # Documented for load balancers: "HTTP 501", "HTTP 505" (AWS ELB user guide, troubleshooting).
    ("Compliant", 501): 7,
    ("Ambiguous", 501): 4,
    ("Acceptable", 505): 3,
    ("Ambiguous", 505): 4,
}
"""How many of the requests that AWS's library does not call severe are refused here, by level and status."""


def test_what_aws_would_forward_and_the_parser_does_not_take() -> None:
    """Stays refused, with its class known where its head can be told; what is severe never passes."""
    refused = Counter[tuple[str, int]]()
    for vector in VECTORS:
        level, reason = vector[5:]
        try:
            RequestReader(PEER, EchoListener(Limits(1 << 23, 1000)), Kept()).feed(head_of(vector), 0.0)
        except Refusal as refusal:
            refused[level, refusal.status] += level != "Severe"
            found = classify_head(refusal.head)
            if can_be_sent(vector):
                assert (found.level.name.capitalize(), found.reason or "Compliant") == (level, reason)
        else:
            assert level != "Severe", vector

    assert +refused == STAYS_REFUSED


def test_instants() -> None:
    """With an observer, a request carries when its first byte, its head and its last byte came, and its size."""
    sink, listener = Kept(), EchoListener()
    listener.observer = Seen()
    reader = RequestReader(PEER, listener, sink)
    pieces = [b"POST / HT", b"TP/1.1\r\nContent-Length: 2\r\n\r\n", b"ab"]

    for at, piece in enumerate(pieces):
        reader.feed(piece, float(at))

    assert sink.readings == [Reading(sum(map(len, pieces)), 0.0, 1.0, 2.0)]


def test_stopping_server_keeps_no_connection() -> None:
    """When the server stops, later requests learn that no other one can follow."""
    sink = Kept()
    reader = RequestReader(PEER, EchoListener(), sink)
    reader.keep_alive = False

    reader.feed(b"GET / HTTP/1.1\r\n\r\n", 0.0)

    assert not sink.requests[0].keep_alive


def test_stream_breaks_with_the_connection() -> None:
    """A body that is being handed over breaks when the client goes."""
    sink, listener = Kept(), EchoListener(SMALL)
    listener.accepts_streams = True
    reader = RequestReader(PEER, listener, sink)
    reader.feed(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc", 0.0)
    reader.break_off()

    stream = sink.requests[0].stream
    assert isinstance(stream, BodyStream)

    async def read() -> bytes:
        assert await anext(stream) == b"abc"
        return await anext(stream)

    with pytest.raises(ConnectionResetError, match="went away"):
        asyncio.run(read())


def test_head_that_begins_in_another_requests_piece() -> None:
    """What came before a head in the same piece does not count against the head's limits."""
    sink = Kept()
    reader = RequestReader(PEER, EchoListener(SMALL), sink)
    body = b"POST / HTTP/1.1\r\nContent-Length: 90\r\n\r\n" + b"x" * 90

    reader.feed(body + body + body + b"GET / HTTP/1.1\r\nA: ", 0.0)
    reader.feed(b"1\r\n\r\n", 0.0)

    assert [request.method for request in sink.requests] == ["POST", "POST", "POST", "GET"]


def test_a_header_line_without_an_end() -> None:
    """It has the status that the listener has for lines that are too long, as whole ones have."""
    reader = RequestReader(PEER, EchoListener(SMALL._replace(header_status=431)), Kept())

    reader.feed(b"GET / HTTP/1.1\r\n", 0.0)
    with pytest.raises(Refusal, match="431"):
        reader.feed(b"A: " + b"x" * 200, 0.0)


def test_refusal_comes_after_complete_requests() -> None:
    """Requests before a bad one in the same piece still count."""
    sink = Kept()
    reader = RequestReader(PEER, EchoListener(), sink)

    with pytest.raises(Refusal, match="400"):
        reader.feed(b"GET / HTTP/1.1\r\n\r\nGET /\x00 HTTP/1.1\r\n\r\n", 0.0)

    assert len(sink.requests) == 1


PIECES = [
    *(
        b"FOO",
        b"GETX",
        b"GET",
        b"POST",
        b"HEAD",
        b"OPTIONS",
        b"PRI",
        b"CONNECT",
        b"get",
        b"DESCRIBE",
        b"\x16\x03\x01",
        b"",
    ),
    *(b" ", b"  ", b"\t", b"/", b"*", b"/a?b#c", b"http://h/x", b"http://", b"://", b"/%zz", b"/\x00", b"/\xff"),
    *(b" HTTP/1.1", b" HTTP/1.0", b" HTTP/2.0", b" HTTP/0.9", b" HTTP/1.", b" RTSP/1.0"),
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\r\n ", b":", b": ", b"\x00", b"\x7f", b"\xe9", b"a" * 70),
    *(b"Host: h\r\n", b"A: b\r\n", b"Connection: close\r\n", b"Connection: keep-alive, Upgrade\r\n"),
    *(b"Upgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n", b"Expect: x\r\n"),
    *(b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999\r\n"),
    *(b"Content-Length: 3 \r\n", b"Content-Length:\r\n", b"Content-Length: 3, 3\r\n", b"Content-Length: 3\t\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding: x\r\n"),
    *(b"3\r\nabc\r\n", b"0\r\n\r\n", b"0\r\nT: x\r\n\r\n", b"-3\r\n", b"ffffffffffffffff\r\n", b"3;e=f\r\nabc\r\n"),
]
SKELETONS = [
    [b"GET", b" ", b"/", b" HTTP/1.1", b"\r\n", b"Host: h\r\n", b"\r\n"],
    [b"POST", b" ", b"/", b" HTTP/1.1", b"\r\n", b"Content-Length: 3\r\n", b"\r\n", b"abc"],
    [
        b"POST",
        b" ",
        b"/",
        b" HTTP/1.1",
        b"\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
    ],
]


def malformed(chance: random.Random) -> bytes:
    """A few requests with some of their parts replaced, removed, doubled, inserted or cut."""
    parts: list[bytes] = []
    for _ in range(chance.randint(1, 3)):
        one = list(chance.choice(SKELETONS))
        for _ in range(chance.randint(0, 3)):
            at = chance.randrange(len(one))
            one[at : at + chance.randint(0, 1)] = chance.choices(PIECES, k=chance.randint(0, 2))
            one = one or [b"\r\n"]
        parts += one
    data = b"".join(parts)
    return data[: chance.randint(1, len(data))] if data and chance.random() < 0.2 else data


@pytest.mark.anyio
@pytest.mark.parametrize("streams", [False, True])
async def test_no_bytes_upset_a_connection(*, streams: bool) -> None:
    """Whatever arrives, in whatever pieces: answers or a refusal, never an exception, never silence after a refusal."""
    problems: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: problems.append(context))
    listener = EchoListener(SMALL)
    listener.accepts_streams = streams
    tasks: set[asyncio.Task[None]] = set()
    chance = random.Random(20260)
    for _ in range(2000):
        data = malformed(chance)
        transport = RecordingTransport()
        protocol = HttpProtocol(PortOptions(listener, 60, tasks=tasks), loop)
        protocol.connection_made(transport)
        while data:
            size = chance.randint(1, len(data))
            protocol.data_received(data[:size])
            data = data[size:]
        protocol.eof_received()
        for _ in range(8):
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        answers = b"".join(transport.writes)
        statuses = re.findall(rb"HTTP/1\.1 (200 Fine|[45]\d\d [A-Z])", answers)
        assert len(statuses) == len(listener.requests) + len(listener.rejected)
        assert b"500 I" not in statuses
        listener.requests.clear()
        listener.rejected.clear()
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)

    assert problems == []
