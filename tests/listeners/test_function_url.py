"""A Function URL on a real port."""

import asyncio

import httpx
import pytest

from gateway.config.doors import CorsSettings, FunctionUrlSettings
from gateway.errors import NamedError
from gateway.invocation import StreamBroken, Throttled
from gateway.listeners.function_url import function_url
from gateway.translation.stream_prelude import CONTENT_TYPE
from gateway.types import HeaderList
from tests.listeners.scripted import ScriptedStream, failing, lines, ok, opened, scripted, streamed
from tests.services import listener_context

pytestmark = pytest.mark.anyio

URL = FunctionUrlSettings(0, "f")
STREAMING = FunctionUrlSettings(0, "f", invoke_mode="RESPONSE_STREAM")
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/lambda/aws4_request, Signature=0"
}
PRELUDE = b'{"statusCode":201,"headers":{"X-A":"1"}}' + b"\0" * 8


async def test_event_and_answer() -> None:
    """The function gets payload 2.0 and its answer goes back; both have the same id."""
    function, target = scripted(ok)
    async with opened(function_url(URL, listener_context({"f": function}))) as port:
        answer = await port.ask("/a%20b?c=d")

    assert (answer.status_code, answer.content) == (200, b"fine")
    context = target.events[0]["requestContext"]
    assert isinstance(context, dict)
    assert target.events[0]["rawPath"] == "/a%20b"
    assert answer.headers["x-amzn-requestid"] == context["requestId"] == target.invocations[0].request_id


async def test_domain_name() -> None:
    """A real one gives the ids beside it, so that events look as on AWS on any host."""
    function, target = scripted(ok)
    settings = FunctionUrlSettings(0, "f", domain_name="abc.lambda-url.us-east-1.on.aws")
    async with opened(function_url(settings, listener_context({"f": function}))) as port:
        await port.ask()

    context = target.events[0]["requestContext"]
    assert isinstance(context, dict)
    assert (context["apiId"], context["domainPrefix"]) == ("abc", "abc")
    assert context["domainName"] == "abc.lambda-url.us-east-1.on.aws"


async def test_headers_of_two_hops() -> None:
    """A key of the listener asks for the form that events have behind one more of AWS's servers."""
    function, target = scripted(ok)
    settings = FunctionUrlSettings(0, "f", hops=2)
    async with opened(function_url(settings, listener_context({"f": function}))) as port:
        await port.ask()

    headers = target.events[0]["headers"]
    assert isinstance(headers, dict)
    assert headers["content-length"] == "0"
    assert str(headers["x-amzn-trace-id"]).startswith("Self=1-")


async def test_a_failing_function() -> None:
    """The words are no JSON although the type says so."""
    function, _ = scripted(lambda _: failing("no"))
    async with opened(function_url(URL, listener_context({"f": function}))) as port:
        answer = await port.ask()

    assert (answer.status_code, answer.content) == (502, b"Internal Server Error")
    assert lines(answer) == [
        ("Content-Type", "application/json"),
        ("Content-Length", "21"),
        ("Connection", "keep-alive"),
    ]


async def test_a_throttled_function() -> None:
    """A Function URL shows that there was no concurrency left."""
    function, _ = scripted(lambda _: Throttled("x"))
    async with opened(function_url(URL, listener_context({"f": function}))) as port:
        answer = await port.ask()

    assert (answer.status_code, answer.content) == (429, b'{"Message":"Rate Exceeded."}')
    assert answer.headers["x-amzn-errortype"] == "TooManyRequestsException"


async def test_over_six_megabytes() -> None:
    """A body over the limit is refused while it is read."""
    function, target = scripted(ok)
    async with opened(function_url(URL, listener_context({"f": function}))) as port:
        answer = await port.ask("/", "POST", body=bytes(6 * 1024 * 1024 + 1))

    expected = b'{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}'
    assert (answer.status_code, answer.content) == (413, expected)
    assert target.events == []


async def test_preflight() -> None:
    """With CORS a preflight is answered without the function."""
    function, target = scripted(ok)
    settings = FunctionUrlSettings(0, "f", cors=CorsSettings(allow_origins=("*",), allow_methods=("GET",)))
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    async with opened(function_url(settings, listener_context({"f": function}))) as port:
        answer = await port.ask("/", "OPTIONS", asked)

    assert (answer.status_code, answer.headers["access-control-allow-methods"]) == (200, "GET")
    assert target.events == []


async def test_unsigned_behind_iam() -> None:
    """Under AWS_IAM a request that is not signed does not reach the function."""
    function, target = scripted(ok)
    async with opened(
        function_url(FunctionUrlSettings(0, "f", auth_type="AWS_IAM"), listener_context({"f": function}))
    ) as port:
        answer = await port.ask()

    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert answer.json()["Message"].startswith("Forbidden. For troubleshooting")
    assert target.events == []


async def test_signed_behind_iam() -> None:
    """The caller stands in the event."""
    function, target = scripted(ok)
    async with opened(
        function_url(FunctionUrlSettings(0, "f", auth_type="AWS_IAM"), listener_context({"f": function}))
    ) as port:
        await port.ask("/", headers=SIGNED)

    context = target.events[0]["requestContext"]
    assert isinstance(context, dict)
    assert isinstance(context["authorizer"], dict)
    iam = context["authorizer"]["iam"]
    assert isinstance(iam, dict)
    assert (iam["accessKey"], context["accountId"]) == ("AKIDEXAMPLE", "123456789012")


async def test_a_wrong_signature() -> None:
    """In strict mode the signature is checked."""

    def verify(method: str, target: tuple[bytes, bytes], headers: HeaderList, body: bytes) -> str:
        assert (method, target, body) == ("GET", (b"/", b""), b"")
        assert b"authorization" in dict(headers)
        raise NamedError("InvalidSignatureException", "wrong")

    function, _ = scripted(ok)
    settings = FunctionUrlSettings(0, "f", auth_type="AWS_IAM")
    async with opened(function_url(settings, listener_context({"f": function}, verify=verify))) as port:
        answer = await port.ask("/", headers=SIGNED)

    assert answer.status_code == 403


async def test_the_first_byte_leaves_while_the_function_writes() -> None:
    """Head and first piece reach the client before the function ends; status and headers are the prelude's."""
    stream = ScriptedStream()
    function, target = scripted(lambda _: streamed(stream, CONTENT_TYPE))
    async with opened(function_url(STREAMING, listener_context({"f": function}))) as port:
        stream.write(PRELUDE[:20])
        stream.write(PRELUDE[20:] + b"one")
        async with port.client.stream("GET", "/") as answer:
            pieces = answer.aiter_raw()
            first = await anext(pieces)
            stream.write(b"two")
            second = await anext(pieces)
            stream.end()
            rest = [piece async for piece in pieces]

    assert (answer.status_code, answer.headers["x-a"]) == (201, "1")
    assert (first, second, rest) == (b"one", b"two", [])
    assert target.invocations[0].streaming


async def test_the_head_leaves_before_any_body() -> None:
    """A function that has only sent its prelude has answered already."""
    stream = ScriptedStream()
    function, _ = scripted(lambda _: streamed(stream, CONTENT_TYPE))
    async with opened(function_url(STREAMING, listener_context({"f": function}))) as port:
        stream.write(PRELUDE)
        async with port.client.stream("GET", "/") as answer:
            assert answer.status_code == 201
            stream.end()
            assert await answer.aread() == b""


async def test_a_stream_without_metadata() -> None:
    """Any other content type is the response's own, and the stream is its body."""
    stream = ScriptedStream()
    function, _ = scripted(lambda _: streamed(stream, "application/octet-stream"))
    async with opened(function_url(STREAMING, listener_context({"f": function}))) as port:
        stream.write(b"raw")
        stream.end()
        answer = await port.ask()

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    assert (answer.headers["transfer-encoding"], answer.content) == ("chunked", b"raw")


async def test_a_stream_that_breaks_half_way() -> None:
    """The client sees a truncated response."""
    stream = ScriptedStream()
    function, _ = scripted(lambda _: streamed(stream, CONTENT_TYPE))
    async with opened(function_url(STREAMING, listener_context({"f": function}))) as port:
        stream.write(PRELUDE + b"half")
        stream.end(StreamBroken("Function.Error"))
        with pytest.raises(httpx.RemoteProtocolError):
            await port.ask()
    assert stream.closed.is_set()


@pytest.mark.parametrize("early", [b"", b'{"statusCode":200}'])
async def test_a_stream_that_breaks_before_it_begins(early: bytes) -> None:
    """Before the prelude is complete the failure is a plain 502."""
    stream = ScriptedStream()
    function, _ = scripted(lambda _: streamed(stream, CONTENT_TYPE))
    async with opened(function_url(STREAMING, listener_context({"f": function}))) as port:
        stream.write(early)
        stream.end(StreamBroken("Function.Error"))
        answer = await port.ask()

    assert (answer.status_code, answer.content) == (502, b"Internal Server Error")
    await asyncio.wait_for(stream.closed.wait(), 5)


async def test_a_client_that_leaves() -> None:
    """The stream is closed, so that its function learns of it."""
    stream = ScriptedStream()
    function, _ = scripted(lambda _: streamed(stream))
    async with opened(function_url(STREAMING, listener_context({"f": function}))) as port:
        stream.write(b"one")
        async with port.client.stream("GET", "/") as answer:
            await anext(answer.aiter_raw())
        await asyncio.wait_for(stream.closed.wait(), 5)


async def test_a_handler_that_does_not_stream() -> None:
    """Behind RESPONSE_STREAM its JSON goes out as it is."""
    function, _ = scripted(ok)
    async with opened(function_url(STREAMING, listener_context({"f": function}))) as port:
        answer = await port.ask()

    assert answer.content == b'{"statusCode":200,"body":"fine"}'
