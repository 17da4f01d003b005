"""One request through a listener and a handler."""

import asyncio
import threading
from collections.abc import Mapping

import pytest

from gateway.errors import FaultKind, UsageError
from gateway.listener_types import FLAVOURS
from gateway.testing import Exchange
from gateway.testing.call import Handler, HandlerCall, build_configuration, load_handler
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Request
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request
from gateway.types import Json
from tests.testing.handlers import echo, fail, talk

HTTP_FLAVOURS = [name for name, named in FLAVOURS.items() if named.plain_requests]
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def run(name: str, handler: Handler, request: Request, authorizer: Mapping[str, Json] | None = None) -> Exchange:
    """One request through a listener that has this name to a handler."""
    call = HandlerCall(build_flavour(name), handler, build_configuration(3, {}), authorizer)
    return call.run(request, SAMPLE_ARRIVAL)


def test_the_context_names_the_function() -> None:
    """A handler reads name, version and memory where Lambda has them."""
    seen: list[object] = []

    def handler(_event: object, context: object) -> dict[str, int]:
        names = "aws_request_id function_name function_version memory_limit_in_mb invoked_function_arn"
        seen.extend(getattr(context, name) for name in names.split())
        return {"statusCode": 200}

    HandlerCall(build_flavour("alb"), handler, build_configuration(3, {})).run(
        sample_request("GET", "/"), SAMPLE_ARRIVAL
    )

    arn = "arn:aws:lambda:us-east-1:123456789012:function:test"
    assert seen == [SAMPLE_ARRIVAL.request_id, "test", "$LATEST", "128", arn]


def test_variables_are_set_for_the_call_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process gets its own values back."""
    monkeypatch.setenv("TABLE", "before")
    call = HandlerCall(build_flavour("alb"), talk, build_configuration(3, {"TABLE": "during", "OTHER": "x"}))

    assert call.run(sample_request("GET", "/"), SAMPLE_ARRIVAL).response.body == b"test during"
    assert talk({}, type("Context", (), {"function_name": "test"}))["body"] == "test before"


def test_a_result_over_lambdas_limit() -> None:
    """Six megabytes are too much for Lambda itself, before any listener looks at them."""
    call = HandlerCall(build_flavour("http"), lambda _event, _context: "x" * 6_291_600, build_configuration(3, {}))

    exchange = call.run(sample_request("GET", "/"), SAMPLE_ARRIVAL)

    assert "Function.ResponseSizeTooLarge" in str(exchange.fault)
    assert exchange.error is None


@pytest.mark.parametrize("name", HTTP_FLAVOURS)
def test_the_handler_runs_in_this_thread(name: str) -> None:
    """No event loop runs around it, so that it may run its own, as handlers that wrap ASGI applications do."""
    threads: list[int] = []

    async def work() -> dict[str, int]:
        threads.append(threading.get_ident())
        return {"statusCode": 201}

    exchange = run(name, lambda _event, _context: asyncio.run(work()), sample_request("GET", "/"))

    assert threads == [threading.get_ident()]
    assert exchange.fault is None
    assert exchange.response.status == (200 if name == "url-stream" else 201)


def test_a_handler_may_call_another() -> None:
    """What the inner one does stays in its own exchange."""
    inner: list[Exchange] = []

    def outer(_event: object, _context: object) -> dict[str, int]:
        inner.append(run("http", fail, sample_request("GET", "/inner")))
        return {"statusCode": 200}

    exchange = run("alb", outer, sample_request("GET", "/outer"))

    assert (exchange.event["path"], exchange.error, exchange.response.status) == ("/outer", None, 200)
    assert inner[0].event["rawPath"] == "/inner"
    assert isinstance(inner[0].error, LookupError)


@pytest.mark.parametrize(("name", "status"), [("alb", 502), ("rest", 502), ("http", 500), ("url", 502)])
def test_the_error_of_the_handler(name: str, status: int) -> None:
    """The exception itself beginning with the handler's own frame, its object as the runtime writes it, the answer."""
    exchange = run(name, fail, sample_request("GET", "/"))

    assert isinstance(exchange.error, LookupError)
    assert exchange.error.__traceback__ is not None
    assert exchange.error.__traceback__.tb_frame.f_code.co_name == "fail"
    assert exchange.fault is not None
    assert exchange.fault.kind is FaultKind.FUNCTION_ERROR
    assert b'"errorType": "LookupError"' in exchange.raw_result
    assert exchange.response.status == status


MB = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "largest"), [("alb", MB), ("rest", 10 * MB), ("http", 10 * MB), ("url", 6 * MB)], ids=str
)
def test_a_body_is_as_large_as_the_port_of_the_listener_takes(name: str, largest: int) -> None:
    """One byte more is 413, and the handler is not called."""
    calls: list[object] = []

    def handler(event: object, _context: object) -> dict[str, int]:
        calls.append(event)
        return {"statusCode": 200}

    over = run(name, handler, sample_request("POST", "/", {"Content-Type": "text/plain"}, b"x" * (largest + 1)))

    assert (over.response.status, over.response.close, over.raw_event, calls) == (413, True, b"", [])
    assert over.fault is not None
    assert over.fault.kind is FaultKind.REQUEST_TOO_LARGE


def test_the_largest_body_of_a_load_balancer_arrives() -> None:
    """The limit itself is not over the limit."""
    request = sample_request("POST", "/", {"Content-Type": "text/plain"}, b"x" * MB)

    assert len(run("alb", echo, request).event["body"]) == MB


@pytest.mark.parametrize(("name", "status"), [("alb", 414), ("rest", 414), ("http", 431)])
def test_a_target_over_the_limit(name: str, status: int) -> None:
    """It gets the listener's own answer to a request line that is too long."""
    exchange = run(name, echo, sample_request("GET", "/" + "x" * 17000))

    assert (exchange.response.status, exchange.raw_event) == (status, b"")


def test_a_websocket_api_is_asked_to_connect() -> None:
    """A handshake is answered with 101, and the handler learns what the authorizer said."""
    authorizer: dict[str, Json] = {"principalId": "me"}
    exchange = run("websocket", lambda *_: {"statusCode": 200}, sample_request("GET", "/prod", HANDSHAKE), authorizer)

    assert exchange.response.status == 101
    assert exchange.event["requestContext"]["eventType"] == "CONNECT"
    assert exchange.event["requestContext"]["authorizer"] == authorizer


def test_a_load_balancer_has_no_authorizer() -> None:
    """The message says which option to leave out."""
    with pytest.raises(UsageError, match="no authorizers; leave the option authorizer out"):
        run("alb", echo, sample_request("GET", "/"), {"user": "7"})


def test_handlers_by_name() -> None:
    """A name is imported, a function stays what it is."""
    assert load_handler("tests/testing/handlers.echo") is load_handler(echo) is echo


def test_configuration_is_checked() -> None:
    """No function runs for no time at all."""
    with pytest.raises(UsageError, match="900 seconds"):
        build_configuration(0, {})
