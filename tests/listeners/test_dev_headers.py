"""Developer headers: what they change, and that they are off unless asked for."""

import pytest

from gateway.config import apis
from gateway.config.doors import FunctionUrlSettings, HttpApiSettings, RestApiSettings
from gateway.listeners.dev_headers import NO_KNOBS, read_knobs
from gateway.listeners.function_url import function_url
from gateway.listeners.http_api import http_api
from gateway.listeners.rest_api import rest_api
from gateway.translation.gateway_response import Refused
from gateway.translation.messages import Arrival, Request
from gateway.types import Json
from tests.listeners.scripted import ok, opened, scripted
from tests.services import listener_context

ARRIVAL = Arrival("id", 5, "1-0-0")


def request(*headers: tuple[bytes, bytes]) -> Request:
    """A request with these lines."""
    return Request("GET", b"/", b"", list(headers), b"", ("192.0.2.1", 1), ("127.0.0.1", 2))


def test_without_any() -> None:
    """A request without developer headers is the same object."""
    plain = request((b"X-A", b"1"))

    assert read_knobs(plain, ARRIVAL) == (plain, ARRIVAL, NO_KNOBS)


def test_all_of_them() -> None:
    """They leave the request, in any spelling."""
    changed, arrival, knobs = read_knobs(
        request(
            (b"X-A", b"1"),
            (b"x-gateway-source-ip", b"2001:db8::1"),
            (b"X-Gateway-Time", b"2026-01-01T00:00:00Z"),
            (b"X-GATEWAY-Claims", b'{"sub":"me"}'),
            (b"X-Gateway-Throttle", b"api"),
            (b"X-Gateway-Cold-Start", b"true"),
        ),
        ARRIVAL,
    )

    assert (changed.headers, changed.client) == ([(b"X-A", b"1")], ("2001:db8::1", 1))
    assert arrival.epoch_ms == 1_767_225_600_000
    assert knobs == ({"sub": "me"}, "api", True)


@pytest.mark.parametrize(
    ("text", "instant"), [(b"7", 7), (b"1970-01-01T00:00:01+00:00", 1000), (b"1970-01-02", 86_400_000)]
)
def test_times(text: bytes, instant: int) -> None:
    """Milliseconds or ISO 8601; without an offset it is UTC."""
    assert read_knobs(request((b"X-Gateway-Time", text)), ARRIVAL)[1].epoch_ms == instant


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (b"Source-Ip", b"here", "X-Gateway-Source-Ip: 'here' is no IP address"),
        (b"Time", b"now", "X-Gateway-Time: 'now' is neither ISO 8601 nor milliseconds since 1970"),
        (b"Claims", b"[]", "X-Gateway-Claims: '[]' is no JSON object"),
        (b"Claims", b"{", "X-Gateway-Claims: '{' is no JSON object"),
        (b"Throttle", b"yes", "X-Gateway-Throttle: 'yes' is not api or function"),
        (b"Cold-Start", b"1", "X-Gateway-Cold-Start: '1' is not true or false"),
        (b"Clams", b"{}", "X-Gateway-Clams: unknown; there are X-Gateway-Claims"),
    ],
)
def test_wrong_values(name: bytes, value: bytes, message: str) -> None:
    """The client is told what is wrong."""
    with pytest.raises(Refused) as caught:
        read_knobs(request((b"X-Gateway-" + name, value)), ARRIVAL)

    assert caught.value.message.startswith(message)


@pytest.mark.anyio
@pytest.mark.parametrize("enabled", [False, True])
async def test_off_unless_enabled(*, enabled: bool) -> None:
    """Without the option they are headers as any other."""
    function, target = scripted(ok)
    listener = function_url(FunctionUrlSettings(0, "f"), listener_context({"f": function}, dev_headers=enabled))
    async with opened(listener) as port:
        await port.ask(headers={"X-Gateway-Source-Ip": "198.51.100.7"})

    context, headers = target.events[0]["requestContext"], target.events[0]["headers"]
    assert isinstance(context, dict)
    assert isinstance(headers, dict)
    assert isinstance(context["http"], dict)
    assert context["http"]["sourceIp"] == ("198.51.100.7" if enabled else "127.0.0.1")
    assert ("x-gateway-source-ip" in headers) is not enabled


@pytest.mark.anyio
async def test_claims_replace_the_authorizer() -> None:
    """The authorizer is not asked; each payload shows the claims in its own place and spelling."""
    authorizer, asked = scripted(ok, "a")
    function, target = scripted(ok)
    context = listener_context({"a": authorizer, "f": function}, dev_headers=True)
    rest = RestApiSettings(
        0, routes={"GET /": apis.RestRoute("f", authorizer="t")}, authorizers={"t": apis.Authorizer("TOKEN", "a")}
    )
    http = HttpApiSettings(
        0, routes={"GET /": apis.HttpRoute("f", authorizer="t")}, authorizers={"t": apis.Authorizer("REQUEST", "a")}
    )
    for listener in (rest_api(rest, context), http_api(http, context)):
        async with opened(listener) as port:
            await port.ask(headers={"X-Gateway-Claims": '{"sub":"me","groups":["a","b"],"auth_time":7}'})

    shown: list[Json] = []
    for event in target.events:
        assert isinstance(event["requestContext"], dict)
        shown.append(event["requestContext"]["authorizer"])
    assert asked.events == []
    assert shown == [
        {"claims": {"sub": "me", "groups": "a,b", "auth_time": "7"}},
        {"jwt": {"claims": {"auth_time": "7", "groups": "[a b]", "sub": "me"}, "scopes": None}},
    ]


@pytest.mark.anyio
async def test_throttle_and_cold_start() -> None:
    """A throttled function is another answer than a throttled API; a cold start renews the function's environments."""
    function, target = scripted(ok)
    async with opened(rest_api(RestApiSettings(0, "f"), listener_context({"f": function}, dev_headers=True))) as port:
        api = await port.ask(headers={"X-Gateway-Throttle": "api"})
        own = await port.ask(headers={"X-Gateway-Throttle": "function"})
        before = target.renewed
        await port.ask(headers={"X-Gateway-Cold-Start": "true"})
        wrong = await port.ask(headers={"X-Gateway-Throttle": "x"})

    assert (api.status_code, own.status_code) == (429, 500)
    assert (before, target.renewed, len(target.events)) == (0, 1, 1)
    assert wrong.content == b'{"message":"X-Gateway-Throttle: \'x\' is not api or function"}'
