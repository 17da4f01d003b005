"""What only the client on httpx does."""

import httpx
import pytest
import respx

from gateway.targets.http_httpx import HttpxTransport
from gateway.targets.http_transport import AnswerTimeout, ConnectFailed, Timeouts, TransportError, parse_origin

pytestmark = pytest.mark.anyio


@respx.mock
async def test_respx_stands_in_for_the_server() -> None:
    """Tests of users can mock what is sent over https."""
    route = respx.post("https://example.com/a?b=1").respond(202, content=b"fine")
    transport = HttpxTransport(parse_origin("https://example.com"), Timeouts())
    answer = await transport.send("POST", b"/a?b=1", [(b"X-A", b"1")], b"body")
    await transport.aclose()

    assert (answer.status, answer.body) == (202, b"fine")
    assert route.calls.last.request.content == b"body"
    assert route.calls.last.request.headers["x-a"] == "1"


@respx.mock
@pytest.mark.parametrize(
    ("raised", "error", "timed_out"),
    [
        (httpx.ConnectError("refused"), ConnectFailed, False),
        (httpx.ConnectTimeout("slow"), ConnectFailed, True),
        (httpx.ReadTimeout("slow"), AnswerTimeout, None),
    ],
)
async def test_errors_of_httpx_stay_inside(
    raised: httpx.TransportError, error: type[TransportError], timed_out: bool | None
) -> None:
    """Nobody above sees one, and the message names the server."""
    respx.get("https://example.com/").mock(side_effect=raised)
    transport = HttpxTransport(parse_origin("https://example.com"), Timeouts())
    with pytest.raises(error, match=r"https://example\.com: ") as caught:
        await transport.send("GET", b"/", [])
    await transport.aclose()

    assert getattr(caught.value, "timed_out", None) is timed_out


@respx.mock
async def test_cookies_of_an_answer_are_not_kept() -> None:
    """One client's session must not become another one's."""
    route = respx.get("https://example.com/").respond(200, headers={"Set-Cookie": "session=one"})
    transport = HttpxTransport(parse_origin("https://example.com"), Timeouts())
    await transport.send("GET", b"/", [])
    await transport.send("GET", b"/", [])
    await transport.aclose()

    assert "cookie" not in route.calls.last.request.headers
