"""Adapters that others wrote read our events and write the results that we decode: the cheapest oracle there is."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver,
    APIGatewayRestResolver,
    LambdaFunctionUrlResolver,
    Response,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from mangum import Mangum

from gateway.translation.flavour_options import build_flavour
from tests.translation.flavours.apigw_requests import ARRIVAL, BROWSER, REQUEST

SENT = REQUEST._replace(
    method="POST",
    raw_path=b"/pets/7%20x",
    headers=[*BROWSER, (b"Content-Type", b"application/octet-stream"), (b"X-Twice", b"a")],
    body=bytes(range(256)),
)

pytestmark = pytest.mark.usefixtures("handler_loop")

CONTEXT: Any = LambdaContext()  # Mangum and Powertools describe the same object in different words


async def _echo(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - an ASGI application
    message = await receive()
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "client": scope["client"][0],
    }
    head = [(b"x-seen", json.dumps(seen).encode()), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    await send({"type": "http.response.start", "status": 201, "headers": head})
    await send({"type": "http.response.body", "body": message["body"]})


@pytest.mark.parametrize("name", ["rest", "http", "http-v1", "url"])
def test_mangum(name: str) -> None:
    """An ASGI application behind Mangum sees the request and its answer reaches the client, cookies apart."""
    options: dict[str, Any] = {"binary_media_types": ("*/*",)} if name == "rest" else {}
    flavour = build_flavour(name, options)

    result = Mangum(_echo, lifespan="off")(json.loads(flavour.encode(SENT, ARRIVAL)), CONTEXT)
    response = flavour.decode(json.dumps(result).encode(), SENT, ARRIVAL)

    lines = [(line.lower(), value) for line, value in response.headers]
    seen = json.loads(dict(lines)[b"x-seen"])
    assert (response.status, response.body) == (201, SENT.body)
    assert (seen["method"], seen["path"], seen["client"]) == ("POST", "/pets/7 x", "192.0.2.1")
    assert seen["query"].startswith("page=2&tag=a")
    assert seen["headers"]["x-twice"] == "a"
    assert seen["headers"]["cookie"] == "session=abc123; theme=dark"
    assert [value for line, value in lines if line == b"set-cookie"] == [b"a=1", b"b=2"]


@pytest.mark.parametrize(
    ("name", "resolver"),
    [
        ("rest", APIGatewayRestResolver),
        ("http", APIGatewayHttpResolver),
        ("url", LambdaFunctionUrlResolver),
    ],
)
def test_powertools(name: str, resolver: Any) -> None:  # noqa: ANN401 - one of three classes
    """A Powertools resolver finds its route, its parameters and its repeated query values."""
    app, flavour = resolver(), build_flavour(name)

    @app.post("/pets/<pet>")  # type: ignore[untyped-decorator]  # resolvers are not typed that far
    def pet(pet: str) -> Response[str]:
        event = app.current_event
        return Response(200, "text/plain", f"{pet} {event.get_query_string_value('page')} {len(event.headers) > 5}")

    request = SENT._replace(raw_path=b"/pets/7")
    result = app.resolve(json.loads(flavour.encode(request, ARRIVAL)), LambdaContext())
    response = flavour.decode(json.dumps(result).encode(), request, ARRIVAL)

    assert (response.status, response.body) == (200, b"7 2 True")
