"""The Invoke operation over real HTTP: answers, headers, limits."""

import base64
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from starlette.types import ASGIApp

from gateway.functions.service import LambdaService
from gateway.invocation import (
    Failed,
    FunctionReference,
    Invocation,
    Outcome,
    Returned,
    StreamBroken,
    Streamed,
    Throttled,
    TimedOut,
    Unavailable,
)
from gateway.lambda_api.app import build_control_app
from tests.lambda_api.conftest import ARN, INVOKE, ControlPort, Server, chunks_of

REQUEST_ID = "8f507cfc-29bc-4d4f-9f3c-0a5d0b1a3b8e"


def test_a_result_is_passed_on_unchanged(control: ControlPort) -> None:
    """The caller gets the function's bytes and the headers of AWS, no others."""
    control.target.outcome = Returned(b'{"a" :  1}')

    answer = control.client.post(INVOKE, content=b'{"key":1}', headers={"x-amzn-RequestId": REQUEST_ID})

    assert (answer.status_code, answer.content) == (200, b'{"a" :  1}')
    assert [line for line in answer.headers.items() if line[0] not in ("date", "x-amzn-trace-id")] == [
        ("content-type", "application/json"),
        ("x-amzn-requestid", REQUEST_ID),
        ("x-amzn-remapped-content-length", "0"),
        ("x-amz-executed-version", "$LATEST"),
        ("content-length", "10"),
    ]


def test_the_function_gets_the_event_as_sent(control: ControlPort) -> None:
    """The payload keeps its white space; the ARN has no suffix when the caller gave no qualifier."""
    control.client.post(INVOKE, content=b' {"key": 1} ')

    (seen,) = control.target.seen
    assert (seen.payload, seen.function_arn, seen.tail) == (b' {"key": 1} ', ARN, False)
    assert str(uuid.UUID(seen.request_id)) == seen.request_id


def test_an_empty_body_is_an_empty_object(control: ControlPort) -> None:
    """No body at all is a valid event."""
    assert control.client.post(INVOKE).status_code == 200

    assert control.target.seen[0].payload == b"{}"


@pytest.mark.parametrize(
    "name",
    [
        "demo-lambda",
        "demo-lambda:$LATEST",
        "123456789012:function:demo-lambda",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ademo-lambda",
        ARN,
        "function",
    ],
)
def test_a_function_has_many_names(control: ControlPort, name: str) -> None:
    """Name, partial ARN, ARN (percent-encoded by SDKs) and the emulator's ``function`` all find it."""
    assert control.client.post(f"/2015-03-31/functions/{name}/invocations").status_code == 200


def test_a_given_qualifier_is_in_the_arn(control: ControlPort) -> None:
    """``context.invoked_function_arn`` ends with the qualifier that the caller gave."""
    control.client.post(INVOKE, params={"Qualifier": "$LATEST"})

    assert control.target.seen[0].function_arn == f"{ARN}:$LATEST"


@pytest.mark.parametrize(
    "outcome",
    [
        Failed(b'{"errorType":"E"}', "E", "m", b"log"),
        TimedOut(b'{"errorType":"E"}', 3000, b"log"),
    ],
)
def test_a_failed_function_still_gives_200(control: ControlPort, outcome: Outcome) -> None:
    """Failures are told by ``X-Amz-Function-Error``, always ``Unhandled``."""
    control.target.outcome = outcome

    answer = control.client.post(INVOKE, headers={"X-Amz-Log-Type": "Tail"})

    assert (answer.status_code, answer.content) == (200, b'{"errorType":"E"}')
    assert answer.headers["x-amz-function-error"] == "Unhandled"
    assert base64.b64decode(answer.headers["x-amz-log-result"]) == b"log"


def test_the_log_tail_is_4_kb(control: ControlPort) -> None:
    """Of a longer log only the end is sent."""
    control.target.outcome = Returned(b"null", b"a" * 5000 + b"end")

    answer = control.client.post(INVOKE, headers={"X-Amz-Log-Type": "Tail"})

    tail = base64.b64decode(answer.headers["x-amz-log-result"])
    assert (len(tail), tail[-3:]) == (4096, b"end")
    assert control.target.seen[0].tail


def test_a_dry_run_runs_nothing(control: ControlPort) -> None:
    """204 without a body, and the function is not called."""
    answer = control.client.post(INVOKE, headers={"X-Amz-Invocation-Type": "DryRun"})

    assert (answer.status_code, answer.content, control.target.seen) == (204, b"", [])
    assert "x-amz-executed-version" not in answer.headers


@pytest.mark.parametrize("path", [INVOKE, "/2014-11-13/functions/demo-lambda/invoke-async"])
def test_an_event_is_accepted_and_run_once(control: ControlPort, path: str) -> None:
    """202 at once; the function runs before the gateway stops, without the client context."""
    headers = {"X-Amz-Invocation-Type": "Event", "X-Amz-Client-Context": "e30="}

    answer = control.client.post(path, content=b"[1]", headers=headers)
    control.server.stop()

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (202, b"", "0")
    assert "x-amz-executed-version" not in answer.headers
    (seen,) = control.target.seen
    assert (seen.payload, seen.client_context) == (b"[1]", b"")
    assert seen.request_id == answer.headers["x-amzn-requestid"]


def test_an_event_that_there_is_no_room_for_is_refused(
    control: ControlPort, serve: Callable[[ASGIApp], Server]
) -> None:
    """429, after which an SDK asks again; 202 would promise what cannot be kept."""

    class Full(LambdaService):
        def accept(self, reference: FunctionReference, invocation: Invocation) -> bool:
            del reference, invocation
            return False

    async def reset() -> None:
        """Nothing to do."""

    url = serve(build_control_app(Full([control.function]), reset)).url

    answer = control.client.post(url + INVOKE, content=b"[1]", headers={"X-Amz-Invocation-Type": "Event"})

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (429, "TooManyRequestsException")
    assert answer.json()["Reason"] == "FunctionInvocationRateLimitExceeded"


def test_the_client_context_is_decoded(control: ControlPort) -> None:
    """A synchronous invocation gets the JSON that the caller encoded."""
    control.client.post(INVOKE, headers={"X-Amz-Client-Context": base64.b64encode(b'{"custom":{"a":1}}').decode()})

    assert control.target.seen[0].client_context == b'{"custom":{"a":1}}'


def test_a_stream_is_collected_for_a_buffered_caller(control: ControlPort) -> None:
    """A target that streams although nobody asked is put together."""
    control.target.outcome = Streamed("text/plain", chunks_of(b"[1", b",2]"))

    assert control.client.post(INVOKE).content == b"[1,2]"


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (b'{"errorType":"E"}', {"errorType": "E"}),
        (b"", {"errorType": "E", "errorMessage": "The response stream ended before it was complete"}),
    ],
)
def test_a_broken_stream_is_a_function_error(control: ControlPort, details: bytes, expected: dict[str, str]) -> None:
    """A buffered caller gets the failure and nothing of what came before it."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise StreamBroken("E", details)

    control.target.outcome = Streamed("text/plain", broken())

    answer = control.client.post(INVOKE)

    assert (answer.status_code, answer.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert answer.json() == expected


def test_a_trace_goes_through_with_its_lineage(control: ControlPort) -> None:
    """The caller's trace reaches the function, this dispatch counted, and is answered."""
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

    answer = control.client.post(INVOKE, headers={"X-Amzn-Trace-Id": trace})

    seen = control.target.seen[0].trace_id
    assert seen.startswith(f"{trace};Lineage=1:")
    assert seen.endswith(":0")
    assert answer.headers["x-amzn-trace-id"] == seen


def test_a_loop_is_stopped_after_sixteen_invocations(control: ControlPort) -> None:
    """A function that sends its own trace on is refused the seventeenth time."""
    trace = ""
    for _ in range(16):
        answer = control.client.post(INVOKE, headers={"X-Amzn-Trace-Id": trace} if trace else {})
        trace = answer.headers["x-amzn-trace-id"]
        assert answer.status_code == 200

    refused = control.client.post(INVOKE, headers={"X-Amzn-Trace-Id": trace})

    assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (400, "RecursiveInvocationException")
    assert refused.json()["Type"] == "User"
    assert len(control.target.seen) == 16


@pytest.mark.parametrize(
    ("outcome", "status", "body"),
    [
        (
            Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"),
            429,
            b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
        ),
        (Unavailable("ServiceException", "broken"), 500, b'{"Message":"broken","Type":"Service"}'),
        (Unavailable("ConnectionError", "refused"), 500, b'{"Message":"refused","Type":"Service"}'),
        (Unavailable("AccessDeniedException", "no"), 403, b'{"message":"no"}'),
        (Unavailable("ResourceConflictException", "Pending"), 409, b'{"Type":"User","message":"Pending"}'),
    ],
)
def test_what_could_not_run_is_an_api_error(control: ControlPort, outcome: Outcome, status: int, body: bytes) -> None:
    """A function that was not run at all gives an exception of the API, not a function error."""
    control.target.outcome = outcome

    answer = control.client.post(INVOKE)

    assert (answer.status_code, answer.content) == (status, body)
    assert "x-amz-function-error" not in answer.headers
    assert "retry-after" not in answer.headers


def test_a_crash_of_the_gateway_is_a_service_exception(control: ControlPort) -> None:
    """A mistake inside the gateway is told in AWS's words, with JSON that an SDK understands."""
    control.target.outcome = None  # type: ignore[assignment]  # no target may give this

    answer = control.client.post(INVOKE)

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (500, "ServiceException")
