"""A REST API on a real port."""

import asyncio

import pytest

from gateway.config import apis
from gateway.config.doors import RestApiSettings
from gateway.listeners.rest_api import rest_api
from gateway.types import Json
from tests.listeners.scripted import context_of, failing, lines, ok, opened, scripted
from tests.services import listener_context

pytestmark = pytest.mark.anyio

REST = RestApiSettings(0, "f")


async def test_event_and_answer() -> None:
    """The function gets the twelve keys, and its answer goes back under the ids of the event."""
    function, target = scripted(ok)
    async with opened(rest_api(REST, listener_context({"f": function}))) as port:
        answer = await port.ask("/a%20b?c=d")

    assert (answer.status_code, answer.content) == (200, b"fine")
    assert len(target.events[0]) == 12
    assert target.events[0]["path"] == "/a%20b"
    assert answer.headers["x-amzn-requestid"] == context_of(target.events[0])["requestId"]


@pytest.mark.parametrize(
    ("path", "kind", "status", "body", "error_type"),
    [
        ("/no", "", 403, b'{"message":"Missing Authentication Token"}', "MissingAuthenticationTokenException"),
        ("/f", "raises", 502, b'{"message": "Internal server error"}', "InternalServerErrorException"),
        ("/f", "result", 502, b'{"message": "Internal server error"}', "InternalServerErrorException"),
    ],
)
async def test_refusals(path: str, kind: str, status: int, body: bytes, error_type: str) -> None:
    """Bytes and header lines of the API's own answers; only those after routing have a space."""
    answers: dict[str, Json] = {"result": {"statusCode": 200, "other": 1}}
    function, _ = scripted(lambda _: failing("no") if kind == "raises" else answers[kind])
    settings = RestApiSettings(0, routes={"GET /f": apis.RestRoute("f")})
    async with opened(rest_api(settings, listener_context({"f": function}))) as port:
        answer = await port.ask(path)

    assert (answer.status_code, answer.content) == (status, body)
    assert lines(answer) == [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive"),
        ("x-amzn-ErrorType", error_type),
    ]


async def test_bytes_that_are_no_request() -> None:
    """The API answers them in its own words and closes."""
    function, _ = scripted(ok)
    async with opened(rest_api(REST, listener_context({"f": function}))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port.number)
        writer.write(b"GET /" + b"a" * 11_000 + b" HTTP/1.1\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 414 ")
    assert answer.endswith(b'\r\n\r\n{"message":"Request URI too long"}')


async def test_the_api_gives_up_before_the_function() -> None:
    """After its own time the API answers 504, and the function runs on."""
    gate, done = asyncio.Event(), asyncio.Event()

    async def slow(_: dict[str, Json]) -> Json:
        await gate.wait()
        done.set()
        return {}

    function, _ = scripted(slow, timeout_ms=60_000)
    settings = RestApiSettings(0, routes={"GET /": apis.RestRoute("f", timeout_in_millis=50)})
    async with opened(rest_api(settings, listener_context({"f": function}))) as port:
        answer = await port.ask()
        gate.set()
        await asyncio.wait_for(done.wait(), 5)

    assert (answer.status_code, answer.content) == (504, b'{"message": "Endpoint request timed out"}')


async def test_routes_choose_functions() -> None:
    """Each method of each resource has its function; the API's own takes the rest."""
    one, _ = scripted(lambda _: {"body": "one"}, "one")
    rest, _ = scripted(lambda _: {"body": "rest"}, "rest")
    settings = RestApiSettings(0, "rest", routes={"GET /a/{id}": apis.RestRoute("one", operation_name="A")})
    async with opened(rest_api(settings, listener_context({"one": one, "rest": rest}))) as port:
        answers = [
            (await port.ask(path, method)).text for path, method in [("/a/1", "GET"), ("/a/1", "PUT"), ("/", "GET")]
        ]

    assert answers == ["one", "rest", "rest"]
