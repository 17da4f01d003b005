"""A target group of HTTP servers, with real servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from gateway.config.attributes import TARGET_GROUP, defaults
from gateway.config.settings import HealthCheckSettings, TargetGroupSettings
from gateway.invocation import StreamBroken
from gateway.listeners.alb.http_targets import HttpTargetGroup
from gateway.listeners.server import ListenerServer
from gateway.observe.record import Exchange, Observer
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.flavours.alb import LIMITS
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import Address
from tests.targets.http_server import Peer, Scripted, answering, ok, scripted

pytestmark = pytest.mark.anyio
ARRIVAL = Arrival("6f7f0961-1234-4abc-8def-0123456789ab", 1_700_000_000_000, "1-6553f100-0123456789abcdef01234567")
OFF = HealthCheckSettings(
    enabled=False, path="/", interval=30, timeout=5, healthy_threshold=5, unhealthy_threshold=2, matcher="200"
)
GET = Request("GET", b"/a%20b", b"x=%20", [(b"Host", b"a.com")], b"", ("192.0.2.1", 1), ("127.0.0.1", 80))


@asynccontextmanager
async def group_of(
    *urls: str, idle_timeout_s: float = 5, algorithm: str = "round_robin", sticky: bool = False
) -> AsyncIterator[HttpTargetGroup]:
    """A started group."""
    given: dict[str, bool | int | str] = {"load_balancing.algorithm.type": algorithm, "stickiness.enabled": sticky}
    settings = TargetGroupSettings("legacy", "", urls, {**defaults(TARGET_GROUP), **given}, OFF)
    group = HttpTargetGroup(settings, "arn:x", AlbAttributes(), b"k" * 32, idle_timeout_s=idle_timeout_s)
    await group.start()
    try:
        yield group
    finally:
        await group.aclose()


class Front:
    """A listener that forwards everything to one group."""

    limits = LIMITS
    accepts_streams = True
    group: HttpTargetGroup

    def __init__(self) -> None:
        self.observer: Observer | None = None

    async def respond(self, request: Request, exchange: Exchange | None = None) -> Response:
        """The group's answer."""
        return await self.group.forward(request, ARRIVAL, exchange)

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """Nothing is rejected here."""
        raise AssertionError((status, client, request_line))


async def body_of(response: Response) -> bytes:
    """All of an answer's body."""
    body = response.body
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])


def lines_of(response: Response, name: bytes) -> list[bytes]:
    """The values of one name."""
    return [value for key, value in response.headers if key.lower() == name]


async def test_requests_before_the_start_and_after_the_end() -> None:
    """They get the load balancer's 502, and no server is asked."""
    async with answering(ok(b"hello")) as server:
        async with group_of(server.url) as group:
            pass
        late = await group.forward(GET, ARRIVAL, None)
        settings = TargetGroupSettings("legacy", "", (server.url,), defaults(TARGET_GROUP), OFF)
        early = await HttpTargetGroup(settings, "arn:x", AlbAttributes(), b"k" * 32).forward(GET, ARRIVAL, None)

    assert [early.status, late.status] == [502, 502]
    assert server.heads == []


async def test_a_request_goes_through_and_its_answer_back() -> None:
    """The target of the request is not touched; status, reason and lines are the server's."""
    hello = ok(b"hello", b"Server: old", b"X-A: 1", status=b"203 Odd")
    async with answering(hello) as server, group_of(server.url) as group:
        exchange = Exchange(ARRIVAL)
        response = await group.forward(GET._replace(method="POST", body=b"in"), ARRIVAL, exchange)

    assert server.heads[0].startswith(b"POST /a%20b?x=%20 HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\n")
    assert b"Host: a.com\r\n" in server.heads[0]
    assert server.bodies == [b"in"]
    assert (response.status, response.reason, response.body) == (203, b"Odd", b"hello")
    assert [name for name, _ in response.headers] == [b"Date", b"Content-Length", b"Connection", b"Server", b"X-A"]
    assert exchange.answered_at >= exchange.invoked_at > 0
    assert exchange.fault is None


@pytest.mark.parametrize(
    ("method", "answer", "length", "chunked", "body"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", [b"9"], [], b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", [], [], b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", [], [], b""),
        ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", [], [], b""),
        ("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", [], [], b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", [b"5"], [], b""),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            [],
            [b"chunked"],
            b"hi",
        ),
        ("GET", b"HTTP/1.1 200 OK\r\n\r\nuntil the end", [], [b"chunked"], b"until the end"),
        ("GET", ok(b""), [b"0"], [], b""),
    ],
    ids=["HEAD", "HEAD chunked", "204", "204 with a length", "204 chunked", "304", "chunked", "until the end", "empty"],
)
async def test_the_framing_of_answers(
    method: str, answer: bytes, length: list[bytes], chunked: list[bytes], body: bytes
) -> None:
    """What the server chose stays, where the client can take it."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(answer)
        if b"until" not in answer:
            await peer.head()

    async with scripted(script) as server, group_of(server.url) as group:
        response = await group.forward(GET._replace(method=method), ARRIVAL, None)
        got = await body_of(response)

    assert (lines_of(response, b"content-length"), lines_of(response, b"transfer-encoding")) == (length, chunked)
    assert got == body


async def test_an_answer_whose_length_is_not_clear_is_a_bad_gateway() -> None:
    """The client might read another length than the load balancer."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"
    async with answering(answer) as server, group_of(server.url) as group:
        assert (await group.forward(GET, ARRIVAL, None)).status == 502


async def test_nothing_comes_behind_an_unclear_request() -> None:
    """Its connection is closed, and what the client said of the length does not go on."""
    said = [(b"Host", b"a.com"), (b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked")]
    body = b"abcGET /smuggled HTTP/1.1\r\n\r\n"
    unclear = GET._replace(method="POST", headers=said, body=body, ambiguous=True)
    async with answering(ok()) as server, group_of(server.url) as group:
        for request in (GET, unclear, GET, GET):
            await group.forward(request, ARRIVAL, None)

    assert [head.split(b" ", 1)[0] for head in server.heads] == [b"GET", b"POST", b"GET", b"GET"]
    assert server.bodies[1] == body
    assert b"\r\nConnection: close\r\n" in server.heads[1]
    assert server.heads[1].lower().count(b"content-length") == 1
    assert server.connections == 2


async def test_a_request_that_no_line_can_hold_is_refused() -> None:
    """HTTP/2 carries bytes that would end a line of HTTP/1.1."""
    split = GET._replace(headers=[(b"X", b"a\r\nTransfer-Encoding: chunked")])
    async with answering(ok()) as server, group_of(server.url) as group:
        assert (await group.forward(split, ARRIVAL, None)).status == 400
        assert (await group.forward(GET._replace(method="CONNECT"), ARRIVAL, None)).status == 400
    assert server.heads == []


@pytest.mark.parametrize("parts", [(b"abc",), (b"abc", b"GET /smuggled HTTP/1.1\r\n\r\n")])
async def test_a_streamed_body_is_as_long_as_the_client_said(parts: tuple[bytes, ...]) -> None:
    """Not a byte more goes on."""

    async def upload() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    lines = [(b"Host", b"a.com"), (b"Content-Length", b"3")]
    request = GET._replace(method="PUT", headers=lines, stream=upload())
    async with answering(ok()) as server, group_of(server.url) as group:
        response = await group.forward(request, ARRIVAL, None)

    if len(parts) == 1:
        assert (response.status, server.bodies) == (200, [b"abc"])
    else:
        assert response.status == 400
        assert server.bodies in ([], [b"abc"])
    assert len(server.heads) <= 1
    assert b"transfer-encoding" not in b"".join(server.heads).lower()


async def test_a_1_0_client_sees_the_end_of_the_connection() -> None:
    """It knows no chunks."""
    begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"
    async with answering(begun) as server, group_of(server.url) as group:
        response = await group.forward(GET._replace(http_version="1.0"), ARRIVAL, None)
        close = getattr(response.body, "aclose")  # noqa: B009 - bytes have none
        await close()

    assert lines_of(response, b"connection") == [b"close"]
    assert lines_of(response, b"transfer-encoding") == []
    assert response.close


async def test_a_load_balancer_in_front_of_a_server() -> None:
    """A client of the listener's port gets the server's chunks, and its keep-alive connection goes on."""

    async def script(state: Scripted, peer: Peer) -> None:
        while True:
            state.heads.append(await peer.head())
            state.bodies.append(await peer.body(state.heads[-1]))
            await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nServer: old\r\n\r\n")
            await peer.send(b"3\r\nabc\r\n")
            await peer.send(b"0\r\n\r\n")

    listener = Front()
    async with scripted(script) as server, group_of(server.url) as group:
        listener.group = group
        front = ListenerServer(listener)
        await front.start()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{front.port}", trust_env=False) as client:
            answers = [await client.put("/x?y", content=bytes(3_000_000)) for _ in range(2)]
        await front.stop(1)

    assert [answer.content for answer in answers] == [b"abc"] * 2
    assert [name for name, _ in answers[0].headers.raw] == [b"Date", b"Transfer-Encoding", b"Connection", b"Server"]
    assert [len(body) for body in server.bodies] == [3_000_000] * 2
    assert server.connections == 1


async def test_streams_go_both_ways() -> None:
    """The server answers with what it gets while it gets it."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while size := int(await peer.reader.readuntil(b"\r\n"), 16):
            chunk = await peer.reader.readexactly(size)
            await peer.reader.readuntil(b"\r\n")
            await peer.send(b"%x\r\n%b\r\n" % (len(chunk), chunk.upper()))
        await peer.send(b"0\r\n\r\n")

    given: asyncio.Queue[bytes] = asyncio.Queue()

    async def upload() -> AsyncIterator[bytes]:
        while chunk := await given.get():
            yield chunk

    async with scripted(script) as server, group_of(server.url) as group, asyncio.timeout(5):
        response = await group.forward(GET._replace(method="PUT", stream=upload()), ARRIVAL, None)
        assert not isinstance(response.body, bytes)
        got = []
        for piece in (b"one", b"two"):
            given.put_nowait(piece)
            got.append(await anext(response.body))
        given.put_nowait(b"")
        rest = [chunk async for chunk in response.body]

    assert (got, rest) == ([b"ONE", b"TWO"], [])


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"", 502),
        (b"HTTP/1.1 200", 502),
        (b"nonsense\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 33_000 + b"\r\nContent-Length: 0\r\n\r\n", 502),
    ],
    ids=["reset", "half", "no HTTP", "long headers"],
)
async def test_what_is_no_answer_is_a_bad_gateway(answer: bytes, status: int) -> None:
    """The page is the load balancer's own; the request is sent once only."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(answer)

    async with scripted(script) as one, scripted(script) as two, group_of(one.url, two.url) as group:
        response = await group.forward(GET, ARRIVAL, None)

    assert response.status == status
    assert lines_of(response, b"server") == [b"awselb/2.0"]
    assert len(one.heads + two.heads) == 1


async def test_a_silent_server_is_a_gateway_timeout() -> None:
    """After the idle timeout."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.head()

    async with scripted(script) as server, group_of(server.url, idle_timeout_s=0.1) as group:
        assert (await group.forward(GET, ARRIVAL, None)).status == 504


async def test_a_target_that_is_down_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing was sent, so the next one gets it; with none left it is a bad gateway, and the log names the last one."""
    async with answering(ok()) as down:
        pass
    async with answering(ok(b"up")) as up, group_of(down.url, up.url) as group:
        assert [(await group.forward(GET, ARRIVAL, None)).body for _ in range(4)] == [b"up"] * 4
    async with group_of(down.url) as group:
        assert (await group.forward(GET, ARRIVAL, None)).status == 502

    (line,) = [record.message for record in caplog.records if record.name == "gateway"]
    assert line.startswith(f"GET /a%20b -> 502: the target could not be reached: cannot connect to {down.url}: ")


async def test_a_stream_that_breaks_breaks_for_the_client() -> None:
    """The client must not take it for complete."""

    async def script(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    async with scripted(script) as server, group_of(server.url) as group:
        response = await group.forward(GET, ARRIVAL, None)
        assert not isinstance(response.body, bytes)
        assert await anext(response.body) == b"abc"
        with pytest.raises(StreamBroken) as raised:
            await anext(response.body)

    assert raised.value.payload.startswith(f"{server.url}: ".encode())


async def test_a_client_that_goes_away_leaves_no_half_request() -> None:
    """The server sees the end of the connection, not a short body."""

    async def upload() -> AsyncIterator[bytes]:
        yield b"x"
        raise ConnectionResetError("gone")

    async with answering(ok()) as server, group_of(server.url) as group:
        response = await group.forward(GET._replace(method="PUT", stream=upload()), ARRIVAL, None)

    assert response.status == 400
    assert response.close
    assert server.bodies == []


@pytest.mark.parametrize(("change", "status"), [({"method": "TRACE"}, 405), ({"raw_path": b"/../x"}, 400)])
async def test_what_no_target_gets(change: dict[str, str], status: int) -> None:
    """The load balancer answers by itself."""
    async with answering(ok()) as server, group_of(server.url) as group:
        assert (await group.forward(GET._replace(**change), ARRIVAL, None)).status == status  # type: ignore[arg-type]
    assert server.heads == []


async def test_requests_go_round() -> None:
    """Each server has its turn."""
    async with answering(ok(b"1")) as one, answering(ok(b"2")) as two, group_of(one.url, two.url) as group:
        bodies = [(await group.forward(GET, ARRIVAL, None)).body for _ in range(6)]
    assert bodies in ([b"1", b"2"] * 3, [b"2", b"1"] * 3)


async def test_the_least_busy_server_is_chosen() -> None:
    """A stream that is still read counts as a request on its way."""

    async def endless(state: Scripted, peer: Peer) -> None:
        state.heads.append(await peer.head())
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        await peer.head()

    async with (
        scripted(endless) as one,
        scripted(endless) as two,
        group_of(one.url, two.url, algorithm="least_outstanding_requests") as group,
    ):
        open_streams = [await group.forward(GET, ARRIVAL, None) for _ in range(4)]
        assert (len(one.heads), len(two.heads)) == (2, 2)
        for response in open_streams:
            close = getattr(response.body, "aclose")  # noqa: B009 - bytes have none
            await close()
        assert [target.in_flight for target in group._targets.values()] == [0, 0]


async def test_random_choice_uses_all_servers() -> None:
    """Each of them, in no order."""
    async with (
        answering(ok(b"1")) as one,
        answering(ok(b"2")) as two,
        group_of(one.url, two.url, algorithm="weighted_random") as group,
    ):
        assert {(await group.forward(GET, ARRIVAL, None)).body for _ in range(50)} == {b"1", b"2"}


async def test_a_sticky_client_stays() -> None:
    """Its cookie leads to the server that answered first, while others go round."""
    async with (
        answering(ok(b"1")) as one,
        answering(ok(b"2")) as two,
        group_of(one.url, two.url, sticky=True) as group,
    ):
        first = await group.forward(GET, ARRIVAL, None)
        cookie = lines_of(first, b"set-cookie")[0].split(b";")[0]
        sticky = GET._replace(headers=[*GET.headers, (b"Cookie", cookie)])
        stayed = [(await group.forward(sticky, ARRIVAL, None)).body for _ in range(5)]
        others = {(await group.forward(GET, ARRIVAL, None)).body for _ in range(4)}

    assert set(stayed) == {first.body}
    assert others == {b"1", b"2"}


async def test_only_fit_targets_get_requests() -> None:
    """What health checks say is heeded at once, for sticky clients too."""
    fit: list[str] = []
    async with answering(ok(b"1")) as one, answering(ok(b"2")) as two:
        attributes = {**defaults(TARGET_GROUP), "stickiness.enabled": True}
        settings = TargetGroupSettings("g", "", (one.url, two.url), attributes, OFF)
        group = HttpTargetGroup(settings, "arn:x", AlbAttributes(), b"k" * 32, lambda: fit)
        await group.start()
        fit[:] = [two.url]
        first = await group.forward(GET, ARRIVAL, None)
        cookie = lines_of(first, b"set-cookie")[0].split(b";")[0]
        fit[:] = [one.url]
        again = await group.forward(GET._replace(headers=[(b"Cookie", cookie)]), ARRIVAL, None)
        await group.aclose()

    assert (first.body, again.body) == (b"2", b"1")
