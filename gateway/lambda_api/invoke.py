"""``Invoke`` and the older ``InvokeAsync``.

Facts, recorded from the real service (localstack/localstack@8b9a79f0, 2025-11; response headers in public captures of
2023-12 to 2024-12):

- A function that failed still gives 200; ``X-Amz-Function-Error`` is always ``Unhandled``.
- ``X-Amz-Executed-Version`` is the version that ran, also when an alias was asked for; 202 and 204 have none.
- ``X-Amz-Log-Result`` is base64 of the last 4 KB of the log.
"""

from typing import Final, assert_never

import orjson
import pybase64
from starlette.requests import Request
from starlette.responses import Response

from gateway.invocation import Failed, Outcome, Returned, StreamBroken, Streamed, Throttled, TimedOut, Unavailable
from gateway.lambda_api.call import LEGACY_EVENT_LIMIT, InvokeCall, LambdaApiContext, Operation, read_call, run
from gateway.lambda_api.errors import MODELLED, UNMODELLED, ApiError, throttled
from gateway.lambda_api.wire import JSON, Wire, identified
from gateway.observe.record import end

INVOKE: Final = Operation(("Event", "RequestResponse", "DryRun"))
INVOKE_ASYNC: Final = Operation((), default="Event", event_limit=LEGACY_EVENT_LIMIT)
LOG_TAIL: Final = 4096
QUEUE_FULL: Final = "FunctionInvocationRateLimitExceeded"
"""The reason of AWS for more asynchronous requests than a function takes; here for more than the memory takes."""


async def invoke(request: Request, context: LambdaApiContext, request_id: str) -> Response:
    """``POST /2015-03-31/functions/{name}/invocations``."""
    return await _answer(await read_call(request, context, INVOKE, request_id), context)


async def invoke_async(request: Request, context: LambdaApiContext, request_id: str) -> Response:
    """``POST /2014-11-13/functions/{name}/invoke-async``."""
    return await _answer(await read_call(request, context, INVOKE_ASYNC, request_id), context)


async def _answer(call: InvokeCall, context: LambdaApiContext) -> Response:
    if call.kind == "DryRun":
        return dry_run(call)
    if call.kind == "Event":
        if not context.functions.accept(call.function, call.invocation):
            raise throttled(QUEUE_FULL)
        return Wire(202, [*identified(call.invocation.request_id), _trace_line(call)])
    outcome, exchange = await run(call, context)
    try:
        payload, failed, log_tail = await settled(outcome)
    finally:
        end(exchange)
    headers = [JSON, *identified(call.invocation.request_id), executed_version(call)]
    if failed:
        headers.append((b"X-Amz-Function-Error", b"Unhandled"))
    if call.invocation.tail:
        headers.append((b"X-Amz-Log-Result", pybase64.b64encode(log_tail[-LOG_TAIL:])))
    return Wire(200, [*headers, _trace_line(call)], payload)


def dry_run(call: InvokeCall) -> Wire:
    """The answer to a call that was only checked."""
    return Wire(204, identified(call.invocation.request_id))


def executed_version(call: InvokeCall) -> tuple[bytes, bytes]:
    """The header that names the version which ran."""
    return b"X-Amz-Executed-Version", call.configuration.version.encode()


def _trace_line(call: InvokeCall) -> tuple[bytes, bytes]:
    return b"X-Amzn-Trace-Id", call.invocation.trace_id.encode("latin-1", "replace")


async def settled(outcome: Outcome) -> tuple[bytes, bool, bytes]:
    """A finished outcome as ``(payload, failed, log tail)``; a stream is collected.

    Raises:
        ApiError: The function could not run.
    """
    match outcome:
        case Returned(payload, log_tail):
            return payload, False, log_tail
        case Failed() | TimedOut():
            return outcome.payload, True, outcome.log_tail
        case Streamed(_, chunks):
            parts = []
            try:
                async for chunk in chunks:
                    parts.append(chunk)  # noqa: PERF401 - what came before a break is not wanted
            except StreamBroken as broken:
                return broken.payload or _error_object(broken.error_type), True, b""
            return b"".join(parts), False, b""
        case Throttled(reason):
            raise throttled(reason)
        case Unavailable(error, message):
            known = error in MODELLED or error in UNMODELLED
            raise ApiError(error if known else "ServiceException", message)
        case _:
            assert_never(outcome)


def _error_object(error_type: str) -> bytes:
    return orjson.dumps({"errorType": error_type, "errorMessage": "The response stream ended before it was complete"})
