"""Clients without a port, as users' tests call them."""

import asyncio
import os
import time
from typing import Any

import httpx
import pytest
from mangum import Mangum

from gateway.errors import UsageError
from gateway.testing import Exchange, async_lambda_client, each_flavour, lambda_client
from tests.testing.handlers import echo, fail, talk


def exchange_of(response: httpx.Response) -> Exchange:
    """What happened behind a response."""
    exchange: Exchange = response.extensions["gateway"]
    return exchange


@each_flavour()
def test_every_listener_type_answers(as_: str) -> None:
    """The handler gets this listener's event and the client this listener's answer."""
    with lambda_client(echo, as_) as client:
        response = client.post("/pets?tag=a", content="hé", headers={"Content-Type": "text/plain"})

    exchange = exchange_of(response)
    assert response.status_code == 200
    assert exchange.event["body"] == "hé"
    assert exchange.fault is None
    assert response.content == (exchange.raw_result if as_ == "url-stream" else "hé".encode())


def test_the_exchange_is_on_the_response() -> None:
    """A test can look at everything between client and handler."""
    response = lambda_client(talk, environment={"TABLE": "pets"}).get("/a%20b?x=1")

    exchange = exchange_of(response)
    assert exchange.request.raw_path == b"/a%20b"
    assert exchange.event["queryStringParameters"] == {"x": "1"}
    assert exchange.result == {"statusCode": 200, "body": "test pets"}
    assert exchange.response.status == response.status_code == 200
    assert exchange.error is None
    assert 0 < exchange.duration_ms < 1000


def test_variables_of_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are there while the handler runs and gone then; what a test has set stays as it is."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "mine")
    for name in ("AWS_LAMBDA_FUNCTION_VERSION", "_X_AMZN_TRACE_ID"):
        monkeypatch.delenv(name, raising=False)
    seen: dict[str, str] = {}

    def look(_event: object, _context: object) -> object:
        seen.update(os.environ)
        return {"statusCode": 204}

    response = lambda_client(look).get("/")

    trace = exchange_of(response).event["headers"]["x-amzn-trace-id"]
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "mine"
    assert (seen["AWS_LAMBDA_FUNCTION_VERSION"], seen["TZ"]) == ("$LATEST", ":UTC")
    assert seen["_X_AMZN_TRACE_ID"].startswith(f"{trace};Parent=")
    assert seen["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert "AWS_LAMBDA_FUNCTION_VERSION" not in os.environ


@pytest.mark.parametrize(("as_", "status"), [("alb", 502), ("rest", 502), ("http", 500), ("url", 502)])
def test_an_exception_becomes_the_listeners_answer(as_: str, status: int) -> None:
    """The client gets what AWS would send, the test gets the exception and the log."""
    response = lambda_client(fail, as_).get("/")

    exchange = exchange_of(response)
    assert response.status_code == status
    assert isinstance(exchange.error, LookupError)
    assert exchange.result["errorType"] == "LookupError"  # type: ignore[index, call-overload]  # a JSON object
    assert exchange.log.startswith("[ERROR] LookupError: no such pet\rTraceback")
    assert "call.py" not in exchange.log


def test_an_exception_can_be_let_through() -> None:
    """With raise_handler_exceptions a test fails where the handler does."""
    client = lambda_client(fail, raise_handler_exceptions=True)

    with pytest.raises(LookupError, match="no such pet"):
        client.get("/")


def test_a_bad_result_is_refused() -> None:
    """A result that the listener does not accept is a 502, and the fault says which member."""
    response = lambda_client(lambda _event, _context: {"statusCode": "200"}, "alb").get("/")

    assert response.status_code == 502
    assert response.headers["server"] == "awselb/2.0"
    assert str(exchange_of(response).fault).endswith("/statusCode: expected an integer 200-599, got '200'")


def test_a_result_without_json_form() -> None:
    """What the runtime cannot encode fails as it does on Lambda."""
    response = lambda_client(lambda _event, _context: {"statusCode": 200, "body": {1, 2}}).get("/")

    assert response.status_code == 502
    assert "Runtime.MarshalError" in exchange_of(response).log


def test_a_slow_handler_has_timed_out() -> None:
    """A handler that took longer than its timeout is answered as on Lambda."""

    def slow(_event: object, context: Any) -> dict[str, int]:  # noqa: ANN401 - Lambda's context
        assert 0 < context.get_remaining_time_in_millis() <= 10
        until = time.perf_counter() + 0.011
        while time.perf_counter() < until:
            pass
        return {"statusCode": 200}

    response = lambda_client(slow, timeout=0.01).get("/")

    assert response.status_code == 502
    assert "no answer within 0.01 s" in str(exchange_of(response).fault)


def test_a_body_over_the_limit() -> None:
    """The listener's own limits hold, and the handler is not called."""
    response = lambda_client(echo, "alb").post("/", content=b"x" * (1024 * 1024 + 1))

    assert response.status_code == 413
    assert exchange_of(response).event is None


def test_a_preflight_is_not_the_handlers() -> None:
    """A listener with CORS answers OPTIONS by itself."""
    from gateway.translation.cors import Cors  # noqa: PLC0415 - only here

    client = lambda_client(fail, "http", cors=Cors(allow_origins=("https://shop.test",), allow_methods=("GET",)))
    asked = {"Origin": "https://shop.test", "Access-Control-Request-Method": "GET"}

    assert client.options("/", headers=asked).status_code == 204


def test_head_has_no_body() -> None:
    """The length stays, the bytes do not."""
    response = lambda_client(lambda _event, _context: {"statusCode": 200, "body": "four"}, "rest").head("/")

    assert (response.headers["content-length"], response.content) == ("4", b"")


def test_options_reach_the_event() -> None:
    """Options of the listener, the authorizer and the client's address are in the event."""
    client = lambda_client(
        echo,
        "rest",
        routes=["GET /pets/{id}"],
        stage="test",
        authorizer={"principalId": "me"},
        client=("192.0.2.7", 4711),
        base_url="https://shop.example",
    )

    event = exchange_of(client.get("/pets/7")).event
    context = event["requestContext"]
    assert event["pathParameters"] == {"id": "7"}
    assert (context["stage"], context["authorizer"], context["domainName"]) == (
        "test",
        {"principalId": "me"},
        "shop.example",
    )
    assert context["identity"]["sourceIp"] == "192.0.2.7"
    assert client.get("/other").status_code == 403


def test_cookies_are_kept() -> None:
    """The client behaves as any httpx client does."""

    def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
        return {"statusCode": 200, "cookies": ["seen=1"], "body": ",".join(event.get("cookies", []))}

    client = lambda_client(handler, "http")

    assert [client.get("/").text, client.get("/").text] == ["", "seen=1"]


def test_a_handler_by_name() -> None:
    """The name is the one that Lambda's Handler setting has."""
    assert lambda_client("tests.testing.handlers.echo").get("/").status_code == 200


@pytest.mark.parametrize(
    ("handler", "options", "message"),
    [
        ("tests.testing.missing.handler", {}, "MODULE.FUNCTION"),
        ("tests.testing.handlers.missing", {}, "missing on module"),
        (7, {}, "a handler is called with event and context"),
        (echo, {"as_": "nlb"}, "there is no front door 'nlb'; there are alb, alb-multi, rest"),
        (echo, {"stage": "prod"}, "alb has no option 'stage'; it has target_group_arn"),
        (echo, {"timeout": 901}, "900 seconds"),
        (echo, {"environment": {"AWS_REGION": "x"}}, "Lambda reserves this name"),
    ],
)
def test_wrong_arguments(handler: Any, options: dict[str, Any], message: str) -> None:  # noqa: ANN401 - wrong on purpose
    """What cannot work is said when the client is made."""
    with pytest.raises(UsageError, match=message):
        lambda_client(handler, **options)


@pytest.mark.anyio
async def test_the_asynchronous_client() -> None:
    """Requests may overlap; each has its own log."""
    async with async_lambda_client(talk) as client:
        responses = await asyncio.gather(*(client.get("/") for _ in range(8)))

    assert [exchange_of(response).log.count("printed") for response in responses] == [1] * 8


async def _app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401, ARG001 - ASGI
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"made"})


@pytest.mark.anyio
async def test_an_asgi_application_in_an_asynchronous_test() -> None:
    """A handler may run an event loop of its own."""
    async with async_lambda_client(Mangum(_app, lifespan="off"), "http") as client:
        assert (await client.get("/")).status_code == 201


def test_a_handler_with_an_event_loop_after_another_one() -> None:
    """A handler finds an event loop where an earlier test has taken it away, the same one for all requests."""
    loops = set()

    def handler(_event: object, _context: object) -> dict[str, int]:
        loop = asyncio.get_event_loop()
        loops.add(loop)
        return {"statusCode": loop.run_until_complete(asyncio.sleep(0, 201))}

    asyncio.run(asyncio.sleep(0))

    with lambda_client(handler, "http") as client:
        assert [client.get("/").status_code for _ in range(3)] == [201] * 3
    assert len(loops) == 1
    assert loops.pop().is_closed()
