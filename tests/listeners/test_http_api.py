"""An HTTP API on a real port."""

import asyncio

import pytest

from gateway.config import apis
from gateway.config.doors import HttpApiSettings
from gateway.listeners.http_api import http_api
from gateway.types import Json
from tests.listeners.scripted import failing, lines, ok, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

HTTP = HttpApiSettings(0, function="f")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_event_and_answer(version: str) -> None:
    """The event has the configured version; the answer is text unless the function says otherwise."""
    function, target = scripted(ok)
    settings = HttpApiSettings(0, function="f", payload_format_version=version)  # type: ignore[arg-type]
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        answer = await port.ask("/a")

    assert target.events[0]["version"] == version
    assert (answer.status_code, answer.content) == (200, b"fine")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("/no", 404, b'{"message":"Not Found"}'), ("/f", 500, b'{"message":"Internal Server Error"}')],
)
async def test_refusals(path: str, status: int, body: bytes) -> None:
    """Bytes and lines of the API's own answers, which have no error type."""
    function, _ = scripted(lambda _: failing("no"))
    settings = HttpApiSettings(0, routes={"GET /f": apis.HttpRoute("f")})
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        answer = await port.ask(path)

    assert (answer.status_code, answer.content) == (status, body)
    assert lines(answer) == [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive"),
    ]


async def test_a_head_over_the_limit() -> None:
    """Request line and header values have one limit together."""
    function, _ = scripted(ok)
    async with opened(http_api(HTTP, listener_context({"f": function}))) as port:
        answers = [await port.ask("/" + "a" * 11_000), await port.ask("/", headers={"X-A": "a" * 10_240})]

    assert [(answer.status_code, answer.content) for answer in answers] == [
        (431, b'{"message":"Request Header Fields Too Large"}')
    ] * 2


async def test_the_api_gives_up_before_the_function() -> None:
    """After its own time the API answers 503."""
    gate = asyncio.Event()

    async def slow(_: dict[str, Json]) -> Json:
        await gate.wait()
        return {}

    function, _ = scripted(slow, timeout_ms=60_000)
    settings = HttpApiSettings(0, routes={"GET /": apis.HttpRoute("f", timeout_in_millis=50)})
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        answer = await port.ask()
        gate.set()

    assert (answer.status_code, answer.content) == (503, b'{"message":"Service Unavailable"}')


async def test_stages_and_routes() -> None:
    """A named stage begins the path and has its own variables; a route may have its own payload version."""
    function, target = scripted(ok)
    settings = HttpApiSettings(
        0,
        function="f",
        stage_variables={"A": "1"},
        stages={"dev": {"A": "2"}},
        routes={"GET /old": apis.HttpRoute("f", payload_format_version="1.0")},
    )
    async with opened(http_api(settings, listener_context({"f": function}))) as port:
        await port.ask("/dev/x")
        await port.ask("/old")

    assert [(it["version"], it["stageVariables"]) for it in target.events] == [("2.0", {"A": "2"}), ("1.0", {"A": "1"})]
