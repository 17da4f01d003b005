"""Request → event → somebody else's adapter → request: nothing is lost on the way but what is listed here.

What front doors themselves lose:

- A load balancer without multi-value headers keeps the last value of a repeated query key or header.
- HTTP APIs and Function URLs join repeated headers with a comma; an HTTP API cuts the path at an encoded question mark.
- A query key without ``=`` and one with an empty value are one and the same to every adapter.

What the adapters lose:

- Mangum decodes the path of an HTTP API a second time: the event has it decoded already.
- Mangum joins the repeated headers of REST APIs and of payload 1.0 with a comma and a space.
- Mangum decodes the query of REST APIs and load balancers and encodes it anew: only decoded pairs can be compared.
"""

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

import pytest
from aws_lambda_powertools.utilities.data_classes import (
    ALBEvent,
    APIGatewayProxyEvent,
    APIGatewayProxyEventV2,
    LambdaFunctionUrlEvent,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from hypothesis import given, settings
from hypothesis import strategies as st
from mangum import Mangum

from gateway.listener_types import named_flavour
from gateway.testing import each_flavour
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Request
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request

HTTP_FLAVOURS: Final = ("alb", "alb-multi", "rest", "http", "http-v1", "url")
pytestmark = pytest.mark.usefixtures("handler_loop")

CONTEXT: Any = LambdaContext()  # Mangum and Powertools describe the same object in different words

_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
_segments = st.lists(_text.filter(lambda it: it not in {".", ".."}), max_size=3)
_pairs = st.lists(st.tuples(_text, st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)), max_size=4)
_names = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8).map(lambda it: f"x-own-{it}")
_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
_headers = st.lists(st.tuples(_names, _values), max_size=4)


class Sent:
    """A request and what is in it, decoded."""

    def __init__(self, method: str, segments: list[str], pairs: list[tuple[str, str]], lines: Any, body: bytes) -> None:  # noqa: ANN401
        self.method, self.pairs, self.lines, self.body = method, pairs, lines, body
        self.path = "/" + "/".join(segments)
        self.raw_path = "/" + "/".join(quote(segment, safe="") for segment in segments)
        self.raw_query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)

    def request(self, scheme: str) -> Request:
        """What goes over the wire."""
        url = self.raw_path + (f"?{self.raw_query}" if self.raw_query else "")
        headers = [*self.lines, ("Content-Type", "application/octet-stream")]
        return sample_request(self.method, url, headers, self.body, scheme=scheme)

    def __repr__(self) -> str:
        return f"{self.method} {self.raw_path}?{self.raw_query} {self.lines} {self.body!r}"


requests = st.builds(
    Sent, st.sampled_from(["GET", "POST", "DELETE"]), _segments, _pairs, _headers, st.binary(max_size=20)
)


def event_of(as_: str, sent: Sent) -> dict[str, Any]:
    """The event of a request."""
    options: dict[str, Any] = {"binary_media_types": ("*/*",)} if as_ == "rest" else {}
    event: dict[str, Any] = json.loads(
        build_flavour(as_, options).encode(sent.request(named_flavour(as_).scheme), SAMPLE_ARRIVAL)
    )
    return event


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Values by name; the order of names is not kept by every map."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def kept(as_: str, pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """The query that is left: all of it, or the last values."""
    values = grouped(pairs)
    return {name: them[-1:] for name, them in values.items()} if as_ == "alb" else values


def kept_lines(as_: str, lines: list[tuple[str, str]], comma: str = ",") -> dict[str, str]:
    """The headers that are left, each as one text."""
    values = grouped(lines)
    return {name: them[-1] if as_ == "alb" else comma.join(them) for name, them in values.items()}


def kept_path(as_: str, path: str) -> str:
    """The decoded path that is left, for adapters that decode what they get."""
    return unquote(path.partition("?")[0] or "/") if as_ == "http" else path


def seen_by_mangum(event: dict[str, Any]) -> dict[str, Any]:
    """The scope and the body that an ASGI application behind Mangum gets."""
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        seen.update(scope, body=(await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    Mangum(app, lifespan="off")(event, CONTEXT)
    return seen


@each_flavour(*HTTP_FLAVOURS)
@settings(max_examples=60, deadline=None)
@given(sent=requests)
def test_mangum(as_: str, sent: Sent) -> None:
    """An ASGI application gets the request that the client sent."""
    seen = seen_by_mangum(event_of(as_, sent))

    lines: dict[str, list[str]] = grouped((name.decode(), value.decode()) for name, value in seen["headers"])
    assert seen["method"] == sent.method
    assert seen["path"] == kept_path(as_, sent.path)
    assert grouped(parse_qsl(seen["query_string"].decode(), keep_blank_values=True)) == kept(as_, sent.pairs)
    assert {name: ",".join(them) for name, them in lines.items() if name.startswith("x-own")} == kept_lines(
        as_, sent.lines, ", " if as_ in {"rest", "http-v1"} else ","
    )
    assert seen["body"] == sent.body
    assert seen["scheme"] == named_flavour(as_).scheme


_POWERTOOLS: Final = {
    "alb": ALBEvent,
    "alb-multi": ALBEvent,
    "rest": APIGatewayProxyEvent,
    "http": APIGatewayProxyEventV2,
    "http-v1": APIGatewayProxyEvent,
    "url": LambdaFunctionUrlEvent,
}


@each_flavour(*HTTP_FLAVOURS)
@settings(max_examples=60, deadline=None)
@given(sent=requests, text=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_powertools(as_: str, sent: Sent, text: str) -> None:
    """The data classes of Powertools show the request that the client sent."""
    sent.body = text.encode()
    event: Any = _POWERTOOLS[as_](event_of(as_, sent))

    own = {
        name.lower(): value for name, value in event.resolved_headers_field.items() if name.lower().startswith("x-own")
    }
    joined = {name: value if isinstance(value, str) else ",".join(value) for name, value in own.items()}
    assert event.http_method == sent.method
    assert unquote(event.path) == kept_path(as_, sent.path)
    assert joined == kept_lines(as_, sent.lines)
    assert (event.decoded_body or "") == text
