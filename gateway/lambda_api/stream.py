"""``InvokeWithResponseStream``: the answer as event-stream frames, each sent as soon as the function wrote it.

Facts, from the AWS Lambda API reference and public captures of 2024-03:

- The HTTP status is 200 also when the function fails half-way; the failure stands in ``InvokeComplete``.
- ``Content-Type`` is what the function declared, not the name of the framing.
- Only ``RequestResponse`` and ``DryRun`` can be asked for; a buffered function answers in chunks as well.
"""

from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.chunks import close_chunks
from gateway.invocation import Failed, Outcome, Returned, StreamBroken, Streamed
from gateway.lambda_api.call import InvokeCall, LambdaApiContext, Operation, read_call, run
from gateway.lambda_api.eventstream import invoke_complete, payload_chunks
from gateway.lambda_api.invoke import LOG_TAIL, dry_run, executed_version, settled
from gateway.lambda_api.wire import Wire, WireStream, identified
from gateway.observe.record import Exchange, end

STREAM: Final = Operation(("RequestResponse", "DryRun"), streaming=True)
_OCTETS: Final = "application/octet-stream"
_TIMED_OUT: Final = "Sandbox.Timedout"


async def invoke_with_response_stream(request: Request, context: LambdaApiContext, request_id: str) -> Response:
    """``POST /2021-11-15/functions/{name}/response-streaming-invocations``."""
    call = await read_call(request, context, STREAM, request_id)
    if call.kind == "DryRun":
        return dry_run(call)
    outcome, exchange = await run(call, context)
    if isinstance(outcome, Streamed):
        return WireStream(_head(call, outcome.content_type), _frames(outcome, call, exchange))
    content_type = outcome.content_type if isinstance(outcome, Returned) else _OCTETS
    try:
        return Wire(200, _head(call, content_type), await _buffered(outcome, call))
    finally:
        end(exchange)


def _head(call: InvokeCall, content_type: str) -> list[tuple[bytes, bytes]]:
    declared = (b"Content-Type", (content_type or _OCTETS).encode("latin-1", "replace"))
    return [declared, *identified(call.invocation.request_id), executed_version(call)]


async def _frames(outcome: Streamed, call: InvokeCall, exchange: Exchange | None) -> AsyncGenerator[bytes, None]:
    log_tail = b"" if call.invocation.tail else None
    try:
        async for chunk in outcome.chunks:
            for frame in payload_chunks(chunk):
                yield frame
        yield invoke_complete(log_tail=log_tail)
    except StreamBroken as broken:
        yield invoke_complete(broken.error_type, broken.payload, log_tail)
    finally:
        await close_chunks(outcome.chunks)
        end(exchange)


async def _buffered(outcome: Outcome, call: InvokeCall) -> bytes:
    payload, failed, tail = await settled(outcome)
    log_tail = tail[-LOG_TAIL:] if call.invocation.tail else None
    if failed:
        return invoke_complete(outcome.error_type if isinstance(outcome, Failed) else _TIMED_OUT, payload, log_tail)
    return b"".join([*payload_chunks(payload), invoke_complete(log_tail=log_tail)])
