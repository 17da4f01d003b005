"""Shadowing: the copy never shows, the differences do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gateway.listeners.alb.shadow import ShadowedTargetGroup, differences
from gateway.observe.record import Exchange
from gateway.translation.messages import Arrival, Request, Response

pytestmark = pytest.mark.anyio
ARRIVAL = Arrival("6f7f0961-1234-4abc-8def-0123456789ab", 0, "1-00000000-0123456789abcdef01234567")
GET = Request("GET", b"/x", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 80))
Answering = Callable[[Request], Awaitable[Response]]


class Group:
    """A target group that answers as a test says."""

    def __init__(self, name: str, answer: Answering) -> None:
        self.name = name
        self.arn = f"arn:{name}"
        self.accepts_streams = True
        self.requests: list[Request] = []
        self.arrivals: list[Arrival] = []
        self.running = False
        self.asked = asyncio.Event()
        self._answer = answer

    async def start(self) -> None:
        """Note that it runs."""
        self.running = True

    async def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:
        """The answer."""
        del exchange
        self.requests.append(request)
        self.arrivals.append(arrival)
        self.asked.set()
        return await self._answer(request)

    async def aclose(self) -> None:
        """Note that it has stopped."""
        self.running = False


def whole(body: bytes = b"", status: int = 200, *lines: tuple[bytes, bytes]) -> Answering:
    """One answer."""

    async def answer(request: Request) -> Response:
        if request.stream is not None:
            async for _ in request.stream:
                pass
        return Response(status, lines, body)

    return answer


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    for part in parts:
        yield part


def streamed(*parts: bytes) -> Answering:
    """One streamed answer."""

    async def answer(request: Request) -> Response:
        del request
        return Response(200, [], pieces(*parts))

    return answer


async def copied(group: ShadowedTargetGroup) -> None:
    """Wait for the copies that are on their way."""
    async with asyncio.timeout(5):
        await group._copies.wait()


async def test_the_answer_is_there_before_the_copy_is_sent() -> None:
    """The client waits for its own answer only; the copy has an id of its own and the same trace."""
    never = asyncio.Event()

    async def stuck(request: Request) -> Response:
        del request
        await never.wait()
        raise AssertionError

    one, two = Group("one", whole(b"1")), Group("two", stuck)
    group = ShadowedTargetGroup(one, two)
    await group.start()
    response = await group.forward(GET, ARRIVAL, None)
    assert (response.body, two.requests) == (b"1", [])
    await two.asked.wait()
    assert two.requests == one.requests
    assert two.arrivals[0].request_id != ARRIVAL.request_id
    assert two.arrivals[0].trace_id == ARRIVAL.trace_id
    assert two.running
    await group.aclose()
    assert not one.running
    assert not two.running


async def test_a_difference_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Request, groups and everything that differs."""
    group = ShadowedTargetGroup(Group("one", whole(b"abc", 200)), Group("two", whole(b"abd", 500, (b"X-A", b"1"))))
    await group.forward(GET, ARRIVAL, None)
    await copied(group)

    assert [record.getMessage() for record in caplog.records] == [
        "shadow GET /x one -> two: status 200 != 500; x-a (none) != '1'; body differs at byte 2 (3 != 3 bytes)"
    ]


async def test_equal_answers_are_not_worth_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """Only with debugging."""
    group = ShadowedTargetGroup(Group("one", whole(b"abc")), Group("two", streamed(b"a", b"bc")))
    with caplog.at_level(logging.INFO, "gateway.shadow"):
        await group.forward(GET, ARRIVAL, None)
        await copied(group)
    assert caplog.records == []


async def test_a_shadow_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody else hears of it."""

    async def wrong(request: Request) -> Response:
        raise ValueError(request.method)

    group = ShadowedTargetGroup(Group("one", whole(b"1")), Group("two", wrong))
    assert (await group.forward(GET, ARRIVAL, None)).body == b"1"
    await copied(group)
    assert caplog.records[0].getMessage() == "shadow GET /x one -> two failed"


async def test_streams_are_copied_when_they_have_passed() -> None:
    """The client gets each chunk as it comes; the copy has the whole body."""
    one, two = Group("one", streamed(b"a", b"b")), Group("two", whole(b"ab"))
    group = ShadowedTargetGroup(one, two)
    response = await group.forward(GET, ARRIVAL, None)
    assert not isinstance(response.body, bytes)
    assert await anext(response.body) == b"a"
    await asyncio.sleep(0)
    assert two.requests == []
    assert [chunk async for chunk in response.body] == [b"b"]
    await copied(group)
    assert len(two.requests) == 1


async def test_a_streamed_request_is_kept_for_the_copy() -> None:
    """It can be read only once."""
    one, two = Group("one", whole()), Group("two", whole())
    group = ShadowedTargetGroup(one, two)
    await group.forward(GET._replace(stream=pieces(b"a", b"b")), ARRIVAL, None)
    await copied(group)
    assert (two.requests[0].body, two.requests[0].stream) == (b"ab", None)


async def test_what_is_too_long_or_cut_short_has_no_copy() -> None:
    """Memory is not spent on it, and half an answer says nothing."""
    one, two = Group("one", whole()), Group("two", whole())
    group = ShadowedTargetGroup(one, two)
    await group.forward(GET._replace(stream=pieces(*[bytes(500_000)] * 3)), ARRIVAL, None)
    left = ShadowedTargetGroup(Group("one", streamed(b"a", b"b")), two)
    response = await left.forward(GET, ARRIVAL, None)
    close = getattr(response.body, "aclose")  # noqa: B009 - bytes have none
    await close()
    await copied(group)
    await copied(left)
    assert two.requests == []


async def test_copies_do_not_pile_up(caplog: pytest.LogCaptureFixture) -> None:
    """With 64 on their way the next one is left out, and the log says so."""
    never = asyncio.Event()

    async def stuck(request: Request) -> Response:
        del request
        await never.wait()
        raise AssertionError

    two = Group("two", stuck)
    group = ShadowedTargetGroup(Group("one", whole()), two)
    for _ in range(70):
        await group.forward(GET, ARRIVAL, None)
    await asyncio.sleep(0)
    assert len(two.requests) == 64
    assert "one was left out" in caplog.text
    await group.aclose()


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([(b"Date", b"1"), (b"Connection", b"close")], [(b"date", b"2")], []),
        ([(b"Set-Cookie", b"AWSALB=1")], [(b"Set-Cookie", b"AWSALB=2")], []),
        ([(b"X-A", b"1"), (b"X-B", b"2")], [(b"x-b", b"2"), (b"x-a", b"1")], []),
        ([(b"A", b"1"), (b"A", b"2")], [(b"A", b"2"), (b"A", b"1")], ["a '1, 2' != '2, 1'"]),
        ([(b"A", b"x" * 100)], [], [f"a '{'x' * 80}…' != (none)"]),
    ],
)
def test_lines_are_compared_by_name(
    one: list[tuple[bytes, bytes]], two: list[tuple[bytes, bytes]], expected: list[str]
) -> None:
    """Times, framing and the load balancer's cookies say nothing."""
    assert differences(Response(200, one), b"", Response(200, two), b"") == expected


@pytest.mark.parametrize(
    ("one", "two", "at"),
    [
        (b"a", b"b", 0),
        (b"abc", b"ab", 2),
        (b"", b"x", 0),
        (b"x" * 9000 + b"a", b"x" * 9000 + b"b", 9000),
        (b"x" * 4096, b"x" * 4097, 4096),
    ],
)
def test_bodies_are_compared_byte_by_byte(one: bytes, two: bytes, at: int) -> None:
    """The place of the first difference is told."""
    (found,) = differences(Response(200, []), one, Response(200, []), two)
    assert found == f"body differs at byte {at} ({len(one)} != {len(two)} bytes)"
