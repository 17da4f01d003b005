"""An application behind the gateway and an adapter answers as it does when uvicorn serves it directly.

The adapters are what users put between Lambda and their frameworks, written by others for the real load balancer: when
one of them understands our events and we its results, both are right.  Where an answer differs the difference is in
`KNOWN`, with its reason.
"""

import asyncio
import http.client
import json
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.app import Gateway
from tests.gateways import Front, function, gateway_of
from tests.targets.hosting import FUNCTIONS

ADAPTERS = ("mangum", "wsgi", "powertools")
ADDED = {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"}
"""What a load balancer adds to every request."""


class Sent(NamedTuple):
    """A request."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass
class Answer:
    """An answer: the facts that the application saw are in ``seen``."""

    status: int
    content_type: str
    cookies: list[str]
    body: bytes
    seen: dict[str, Any] = field(default_factory=dict)


def ask(port: int, sent: Sent) -> Answer:
    """Send a request as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
    for name, value in sent.headers:
        connection.putheader(name, value.encode("latin-1"))
    if sent.body:
        connection.putheader("Content-Length", str(len(sent.body)))
    connection.endheaders(sent.body)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status < 500, response.status
    return Answer(
        response.status,
        response.headers["Content-Type"],
        response.headers.get_all("Set-Cookie") or [],
        body,
        json.loads(response.headers["x-seen"]),
    )


# -- what is known to differ -------------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """A change to uvicorn's answer that turns it into the adapter's; ``adapters`` and ``modes`` say where."""

    reason: str
    adapters: tuple[str, ...]
    modes: tuple[bool, ...]
    change: Callable[[Answer, Sent], Answer]


def _saw(answer: Answer, **facts: object) -> Answer:
    return replace(answer, seen={**answer.seen, **facts})


def _last_values(answer: Answer, sent: Sent) -> Answer:
    return _saw(answer, query=sorted([name, value] for name, value in dict(_in_order(sent)).items()))


def _in_order(sent: Sent) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in sent.target.partition("?")[2].split("&") if part]
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def _last_cookie(answer: Answer, _: Sent) -> Answer:
    return replace(answer, cookies=answer.cookies[-1:])


def _encoded_query(answer: Answer, _: Sent) -> Answer:
    return _saw(answer, query=sorted([quote(text, safe="") for text in pair] for pair in answer.seen["query"]))


def _length(answer: Answer, sent: Sent) -> Answer:
    return _saw(answer, headers={"content-length": str(len(sent.body)), **answer.seen["headers"]})


def _reversed_cookies(answer: Answer, _: Sent) -> Answer:
    return replace(answer, cookies=answer.cookies[::-1])


def _encoded_path(answer: Answer, sent: Sent) -> Answer:
    return _saw(answer, path=sent.target.partition("?")[0])


KNOWN = [
    Difference(
        "a target group without multi-value headers passes on a parameter's last value",
        ADAPTERS,
        (False,),
        _last_values,
    ),
    Difference(
        "apig-wsgi and Powertools write one header of a name in the load balancer's default mode",
        ("wsgi", "powertools"),
        (False,),
        _last_cookie,
    ),
    Difference(
        "apig-wsgi tells the application a length when there is no body, too",
        ("wsgi",),
        (False, True),
        _length,
    ),
    Difference(
        "Powertools gives the application the path as it stands in the event: encoded",
        ("powertools",),
        (False, True),
        _encoded_path,
    ),
    Difference(
        "so it gives it the query, unless it is told to decode",
        ("powertools",),
        (False, True),
        _encoded_query,
    ),
    Difference(
        "the load balancer writes the lines of one name in the reverse order",
        ADAPTERS,
        (False, True),
        _reversed_cookies,
    ),
]


def expected(adapter: str, multi: bool, answer: Answer, sent: Sent) -> Answer:
    """Uvicorn's answer with the known differences."""
    for difference in KNOWN:
        if adapter in difference.adapters and multi in difference.modes:
            answer = difference.change(answer, sent)
    return answer


def comparable(answer: Answer, port: int) -> Answer:
    """An answer without what a load balancer adds to every request."""
    headers = {name: value for name, value in answer.seen["headers"].items() if name not in ADDED}
    headers["host"] = headers["host"].removesuffix(f":{port}")
    return _saw(answer, headers=headers)


# -- the servers -------------------------------------------------------------------------------------------------------


class Background:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it gives
        """Run something there and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def close(self) -> None:
        """End the loop."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(20)
        self.loop.close()


class Ports(NamedTuple):
    """uvicorn's port, and the gateway's by adapter and mode."""

    direct: int
    gateway: dict[tuple[str, bool], int]


def print_log(chunk: bytes) -> None:
    """What the functions write, for who reads a failure."""
    sys.stderr.write(chunk.decode())


async def _start_gateway() -> tuple[Gateway, dict[tuple[str, bool], int]]:
    functions = [function(adapter, f"adapters.{adapter}_handler") for adapter in ADAPTERS]
    fronts = [Front(adapter, multi) for adapter in ADAPTERS for multi in (False, True)]
    gateway = gateway_of(functions, fronts, print_log)
    await gateway.start()
    return gateway, {(front[0], front[1]): server.port for front, server in zip(fronts, gateway.servers, strict=True)}


async def _start_uvicorn(app: Any) -> tuple[uvicorn.Server, "asyncio.Task[None]", int]:  # noqa: ANN401 - ASGI
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="error", ws="none", interface="asgi3")
    server = uvicorn.Server(config)
    server.config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    task = asyncio.ensure_future(server.main_loop())
    return server, task, server.servers[0].sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def ports(handler_loop: None) -> Iterator[Ports]:  # noqa: ARG001 - Mangum asks for a loop when it is made
    """Uvicorn with the echo application, and the gateway with it behind each adapter in both modes."""
    background = Background()
    sys.path.insert(0, str(FUNCTIONS))
    import adapters  # type: ignore[import-not-found]  # noqa: PLC0415 - a handler's module

    server, task, direct = background.run(_start_uvicorn(adapters.asgi))
    gateway, workers = background.run(_start_gateway())
    yield Ports(direct, workers)
    background.run(gateway.stop(5))
    server.should_exit = True

    async def end() -> None:
        await task
        await server.shutdown()

    background.run(end())
    background.close()
    sys.path.remove(str(FUNCTIONS))


# -- the requests ------------------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
SEGMENTS = WORDS.filter(lambda text: text not in {".", ".."} and "/" not in text)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
NAMES = st.sampled_from(
    ["X-One", "x-two", "X-THREE", "Accept", "Accept-Language", "Referer", "User-Agent", "If-None-Match"]
)
BODIES = st.one_of(
    st.just(((), b"")),
    st.tuples(st.just((("Content-Type", "application/octet-stream"),)), st.binary(min_size=1, max_size=200)),
    st.tuples(st.just((("Content-Type", "text/plain; charset=utf-8"),)), WORDS.map(str.encode)),
    st.tuples(st.just((("Content-Type", "application/json"),)), WORDS.map(lambda text: json.dumps(text).encode())),
)


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    """Requests as clients write them: encoded paths and queries, headers, cookies, binary bodies."""
    path = "/" + "/".join(quote(segment, safe="") for segment in draw(st.lists(SEGMENTS, max_size=4)))
    pairs = draw(st.lists(st.tuples(WORDS, WORDS | st.just("")), max_size=4))
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    headers = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    cookies = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "x=y", '"q"'])), max_size=3))
    content, body = draw(BODIES)
    lines = [("Host", "example.com"), *headers.items(), *content]
    if cookies:
        lines.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies)))
    method = draw(st.sampled_from(["POST", "PUT", "PATCH"] if body else ["GET", "DELETE", "OPTIONS", "POST"]))
    return Sent(method, f"{path}?{query}" if query else path, tuple(lines), body)


@pytest.mark.parametrize("multi", [False, True], ids=["single", "multi"])
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_answers_alike(ports: Ports, adapter: str, multi: bool) -> None:
    """What the application sees and what the client gets is the same, known differences apart."""

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests())
    def check(sent: Sent) -> None:
        direct = comparable(ask(ports.direct, sent), ports.direct)
        port = ports.gateway[adapter, multi]
        assert comparable(ask(port, sent), port) == expected(adapter, multi, direct, sent)

    check()
