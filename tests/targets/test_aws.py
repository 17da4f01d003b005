"""Functions on AWS: what is sent, and calls of a second gateway that checks every signature."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pybase64
import pytest
import respx

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import (
    Failed,
    Invocation,
    Outcome,
    Report,
    Returned,
    StreamBroken,
    Streamed,
    Throttled,
    TimedOut,
    Unavailable,
)
from gateway.lambda_api.app import build_control_app
from gateway.lambda_api.server import ControlServer
from gateway.lambda_api.signature import SignatureCheck
from gateway.targets.aws import AwsTarget
from gateway.targets.failures import NOT_READY

pytestmark = pytest.mark.anyio
SECRET = "secret"
ID = "6f7f0961-1234-4abc-8def-0123456789ab"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:demo"
ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"
URL = "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/demo/invocations"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The AWS of the test: keys and a region in the environment, nothing else."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@asynccontextmanager
async def started(spec: str, endpoint_url: str = "") -> AsyncIterator[AwsTarget]:
    """A target that was started."""
    target = AwsTarget(spec, endpoint_url) if endpoint_url else AwsTarget(spec, clock=lambda: 1_700_000_000.0)
    await target.start()
    try:
        yield target
    finally:
        await target.aclose()


@respx.mock
async def test_a_call_of_aws() -> None:
    """Path, query, headers and body are those of an SDK."""
    route = respx.post(f"{URL}?Qualifier=live").respond(200, content=b'{"a":1}')
    async with started("aws:demo:live") as target:
        outcome = await target.invoke(
            Invocation(b"{}", ID, trace_id="Root=1-2-3", client_context=b'{"c":1}', tail=True)
        )

    assert outcome == Returned(b'{"a":1}')
    request = route.calls.last.request
    assert request.content == b"{}"
    assert request.headers["host"] == "lambda.eu-west-1.amazonaws.com"
    assert request.headers["x-amz-date"] == "20231114T221320Z"
    assert request.headers["x-amzn-trace-id"] == "Root=1-2-3"
    assert request.headers["x-amz-log-type"] == "Tail"
    assert pybase64.b64decode(request.headers["x-amz-client-context"]) == b'{"c":1}'
    assert request.headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKID/20231114/eu-west-1/lambda/aws4_request, "
        "SignedHeaders=host;x-amz-client-context;x-amz-date;x-amz-log-type, Signature="
    )


@respx.mock
@pytest.mark.parametrize(
    ("mocked", "expected"),
    [
        (httpx.Response(429, json={"Reason": "CallerRateLimitExceeded"}), Throttled("CallerRateLimitExceeded")),
        (httpx.Response(404, json={"Message": "gone"}), Unavailable("ResourceNotFoundException", "gone")),
        (httpx.Response(500, json={"Message": "sorry"}), Unavailable("ServiceException", "sorry")),
    ],
)
async def test_refusals_of_aws(mocked: httpx.Response, expected: Outcome) -> None:
    """They are outcomes, not exceptions."""
    respx.post(URL).mock(return_value=mocked)
    async with started("aws:demo") as target:
        assert await target.invoke(Invocation(b"{}", ID)) == expected


@respx.mock
@pytest.mark.parametrize(
    ("raised", "name"),
    [
        (httpx.ConnectError("refused"), "ConnectionError"),
        (httpx.ConnectTimeout("slow"), "ConnectionTimeout"),
        (httpx.ReadTimeout("slow"), "ConnectionTimeout"),
        (httpx.ReadError("reset"), "ConnectionError"),
    ],
)
async def test_aws_that_is_not_reached(raised: Exception, name: str) -> None:
    """Refused and late are told apart."""
    respx.post(URL).mock(side_effect=raised)
    async with started("aws:demo") as target:
        outcome = await target.invoke(Invocation(b"{}", ID))
    assert isinstance(outcome, Unavailable)
    assert outcome.error == name


@dataclass
class Scripted:
    """A function at the other end."""

    outcome: Outcome = field(default_factory=lambda: Returned(b"null"))
    seen: list[Invocation] = field(default_factory=list)

    async def start(self) -> None:
        """Nothing to make ready."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The prepared outcome."""
        self.seen.append(invocation)
        return self.outcome

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Nothing to stop."""


@asynccontextmanager
async def second_gateway(far: Scripted, secret: str = SECRET) -> AsyncIterator[str]:
    """A gateway in strict mode with the function ``demo``; its address."""

    async def reset() -> None:
        """Nothing to replace."""

    function = Function(FunctionConfiguration("demo", "app.handler"), far)
    check = SignatureCheck({"AKID": secret}, "us-east-1")
    server = ControlServer(lambda: build_control_app(LambdaService([function]), reset, check), "127.0.0.1", 0)
    await server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.stop(1)


@pytest.mark.parametrize(
    ("far", "near"),
    [
        (Returned(b'{"a":1}', b"log"), Returned(b'{"a":1}', b"log")),
        (
            Failed(b'{"errorType":"E","errorMessage":"m"}', "E", "m", b"log"),
            Failed(b'{"errorType":"E","errorMessage":"m"}', "E", "m", b"log"),
        ),
        (
            TimedOut(b'{"errorMessage":"Task timed out after 3.00 seconds"}', 3000),
            TimedOut(b'{"errorMessage":"Task timed out after 3.00 seconds"}', 3000),
        ),
        (Throttled("ConcurrentInvocationLimitExceeded"), Throttled("ConcurrentInvocationLimitExceeded")),
        (Unavailable("KMSDisabledException", "key"), Unavailable("KMSDisabledException", "key")),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
async def test_outcomes_survive_the_way_through_a_second_gateway(far: Outcome, near: Outcome) -> None:
    """Signed, sent and read back by the real Invoke API."""
    function = Scripted(far)
    async with second_gateway(function) as url, started(ARN, url) as target:
        outcome = await target.invoke(Invocation(b'{"x":1}', ID, trace_id=ROOT, client_context=b'{"c":1}', tail=True))

    assert outcome == near
    assert function.seen[0].payload == b'{"x":1}'
    assert function.seen[0].client_context == b'{"c":1}'
    assert function.seen[0].trace_id.startswith(ROOT)


@pytest.mark.parametrize(
    ("spec", "secret", "error", "message"),
    [
        (f"{ARN}:7", "secret", "ResourceNotFoundException", f"Function not found: {ARN}:7"),
        (f"{ARN}:$LATEST", "wrong", "AccessDeniedException", "InvalidSignatureException: The request signature"),
    ],
)
async def test_a_qualifier_and_a_wrong_key(spec: str, secret: str, error: str, message: str) -> None:
    """Both are refused by the other end."""
    async with second_gateway(Scripted(), secret) as url, started(spec, url) as target:
        outcome = await target.invoke(Invocation(b"{}", ID))
    assert isinstance(outcome, Unavailable)
    assert outcome.error == error
    assert outcome.message.startswith(message)


async def test_an_event_over_the_limit() -> None:
    """6 MiB is what the service takes."""
    async with second_gateway(Scripted()) as url, started(ARN, url) as target:
        outcome = await target.invoke(Invocation(json.dumps("x" * 7_000_000).encode(), ID))
    assert isinstance(outcome, Unavailable)
    assert outcome.error == "RequestEntityTooLargeException"


async def test_a_stream_comes_through() -> None:
    """Chunk by chunk, with the type that the function declared."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    far = Scripted(Streamed("text/plain", chunks()))
    async with second_gateway(far) as url, started(ARN, url) as target:
        outcome = await target.invoke(Invocation(b"{}", ID, streaming=True))
        assert isinstance(outcome, Streamed)
        assert outcome.content_type == "text/plain"
        assert [chunk async for chunk in outcome.chunks] == [b"one", b"two"]


@pytest.mark.parametrize("tail", [False, True], ids=["only the report asks", "the caller asks as well"])
async def test_report(*, tail: bool) -> None:
    """Instants, version and the tail of the log, which the caller gets only when it has asked."""
    report = Report()
    far = Scripted(Returned(b"1", b"printed\nREPORT RequestId: x\tMax Memory Used: 45 MB\t\n"))
    async with second_gateway(far) as url, started(ARN, url) as target:
        outcome = await target.invoke(Invocation(b"{}", ID, tail=tail, report=report))

    assert isinstance(outcome, Returned)
    assert bool(outcome.log_tail) == tail
    assert far.seen[0].tail
    assert 0 < report.queued_at < report.started_at < report.ended_at
    assert (report.version, report.memory_mb) == ("$LATEST", 45)
    assert b"".join(report.log).startswith(b"printed\n")


async def test_report_without_details() -> None:
    """The log is not asked for."""
    report = Report(details=False)
    far = Scripted(Returned(b"1", b"printed\n"))
    async with second_gateway(far) as url, started(ARN, url) as target:
        await target.invoke(Invocation(b"{}", ID, report=report))

    assert not far.seen[0].tail
    assert (report.version, report.log) == ("$LATEST", [])


async def test_report_of_a_stream() -> None:
    """It ends with the head, and no log is asked for."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"

    report = Report()
    far = Scripted(Streamed("text/plain", chunks()))
    async with second_gateway(far) as url, started(ARN, url) as target:
        outcome = await target.invoke(Invocation(b"{}", ID, streaming=True, report=report))
        assert isinstance(outcome, Streamed)
        assert report.ended_at > report.started_at
        ended_at = report.ended_at
        assert [chunk async for chunk in outcome.chunks] == [b"one"]

    assert report.ended_at == ended_at
    assert not far.seen[0].tail


async def test_report_of_a_call_that_is_refused() -> None:
    """There are instants, and nothing else."""
    report = Report()
    async with second_gateway(Scripted(), "wrong") as url, started(ARN, url) as target:
        await target.invoke(Invocation(b"{}", ID, report=report))

    assert 0 < report.started_at < report.ended_at
    assert (report.version, report.log) == ("", [])


async def test_a_stream_that_breaks_at_the_other_end() -> None:
    """What was written arrives, then the function's error."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        raise StreamBroken("Function.Odd", b"why")

    far = Scripted(Streamed("text/plain", chunks()))
    async with second_gateway(far) as url, started(ARN, url) as target:
        outcome = await target.invoke(Invocation(b"{}", ID, streaming=True))
        assert isinstance(outcome, Streamed)
        assert await anext(outcome.chunks) == b"one"
        with pytest.raises(StreamBroken, match=r"Function\.Odd"):
            await anext(outcome.chunks)


@pytest.mark.parametrize("far", [Throttled("X"), Unavailable("ServiceException", "no")])
async def test_a_stream_that_is_refused(far: Outcome) -> None:
    """As without streaming."""
    async with second_gateway(Scripted(far)) as url, started(ARN, url) as target:
        assert await target.invoke(Invocation(b"{}", ID, streaming=True)) == far


async def test_calls_before_the_start_and_after_the_end() -> None:
    """A request that comes too early or too late is told so; nothing is sent."""
    assert await AwsTarget("aws:demo").invoke(Invocation(b"{}", ID)) == NOT_READY
    async with started("aws:demo") as target:
        pass
    assert await target.invoke(Invocation(b"{}", ID)) == NOT_READY


async def test_a_name_that_is_none() -> None:
    """Known before anything starts."""
    with pytest.raises(UsageError, match="names no function"):
        AwsTarget("aws:")
