"""Reading one request of the three invoke operations.

Facts, from botocore's Lambda model and the AWS Lambda developer guide (quotas, Invoke):

- The event is at most 6 MiB for a caller that waits, 1 MiB for an asynchronous one (256 KiB for ``InvokeAsync``); an
  empty body is the event ``{}``.  No content type is needed.
- ``X-Amz-Client-Context`` is base64 of JSON, at most 3583 bytes of it, and reaches synchronous invocations only.
- ``x-amzn-RequestId`` from a caller must be a UUID; it becomes the id of the invocation.

The texts for a bad client context and a bad request id are this project's own; no recording shows AWS's.
"""

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson
import pybase64
from starlette.requests import Request

from gateway.configuration import FunctionConfiguration
from gateway.functions.lineage import advance, function_mark
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference, Invocation, Outcome
from gateway.lambda_api.errors import ApiError, event_too_large, too_large, violation
from gateway.lambda_api.jackson import refusal
from gateway.lambda_api.names import not_found, resolve
from gateway.lambda_api.signature import SignatureCheck
from gateway.observe.record import Exchange, Observer, begin
from gateway.translation.messages import Arrival

SYNC_LIMIT: Final = 6_291_456
EVENT_LIMIT: Final = 1_048_576
LEGACY_EVENT_LIMIT: Final = 262_144
CLIENT_CONTEXT_LIMIT: Final = 3583
_NOT_JSON: Final = "Could not parse request body into json: Could not parse payload into json: "


class LambdaApiContext(NamedTuple):
    """What every operation works with; without a ``signature`` check any caller is served.

    Attributes:
        observer: Told of each call; None tells nobody.
    """

    functions: LambdaService
    signature: SignatureCheck | None = None
    observer: Observer | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """How the operations differ: the invocation types that a caller can ask for, in the model's order, with their
    default, and the limit of an asynchronous event.
    """  # noqa: D205 - one sentence

    types: tuple[str, ...]
    default: str = "RequestResponse"
    event_limit: int = EVENT_LIMIT
    streaming: bool = False


class InvokeCall(NamedTuple):
    """One invocation that may run.

    Attributes:
        function: What the caller named.
        configuration: What that led to when the call came.
        kind: The invocation type.
    """

    function: FunctionReference
    configuration: FunctionConfiguration
    invocation: Invocation
    kind: str


def given_request_id(request: Request) -> str | None:
    """The caller's request id in lower case, None when it gave none.

    Raises:
        ApiError: The header is there and is not a UUID.
    """
    given = request.headers.get("x-amzn-requestid")
    if given is None:
        return None
    try:
        return str(uuid.UUID(given))
    except ValueError:
        raise ApiError("InvalidRequestContentException", "x-amzn-RequestId is not a valid UUID string") from None


async def read_call(request: Request, context: LambdaApiContext, operation: Operation, request_id: str) -> InvokeCall:
    """Read a whole request and check everything that AWS checks before a function runs.

    Raises:
        ApiError: The exact refusal.
    """
    body = await read_body(request)
    if context.signature is not None:
        scope = request.scope
        context.signature.check(request.method, (scope["raw_path"], scope["query_string"]), scope["headers"], body)
    kind, tail, broken = _kind_and_tail(request, operation)
    (region, account), qualifier = context.functions.account_region, request.query_params.get("Qualifier")
    reference = resolve(request.path_params["name"], qualifier, region, account, broken)
    if kind == "Event" and len(body) > operation.event_limit:
        raise event_too_large(len(body), operation.event_limit)
    configuration = context.functions.configuration(reference)
    if configuration is None:
        raise not_found(reference, region, account)
    _check_json(body)
    arn = configuration.arn
    invocation = Invocation(
        payload=body or b"{}",
        request_id=request_id,
        function_arn=arn if reference.qualifier is None else f"{arn}:{reference.qualifier}",
        trace_id=_trace(request, arn),
        client_context=b"" if kind == "Event" else _client_context(request),
        tail=tail and kind == "RequestResponse",
        streaming=operation.streaming,
    )
    return InvokeCall(reference, configuration, invocation, kind)


async def run(call: InvokeCall, context: LambdaApiContext) -> tuple[Outcome, Exchange | None]:
    """The outcome of a call whose caller waits, and the record of it, which the caller of this ends."""
    if context.observer is None:
        return await context.functions.invoke(call.function, call.invocation), None
    invocation = call.invocation
    arrival = Arrival(invocation.request_id, int(time.time() * 1000), invocation.trace_id)
    exchange = begin(context.observer, arrival, kind="invoke")
    report = exchange.invoking(call.function, invocation.payload)
    outcome = await context.functions.invoke(call.function, invocation._replace(report=report))
    exchange.answered(outcome)
    return outcome, exchange


async def read_body(request: Request) -> bytes:
    """The body up to the limit; what is beyond it is read and dropped, so that the client gets to see its answer.

    Raises:
        ApiError: It is over the limit.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= SYNC_LIMIT:
            parts.append(part)
    if size > SYNC_LIMIT:
        raise too_large(SYNC_LIMIT)
    return b"".join(parts)


def _kind_and_tail(request: Request, operation: Operation) -> tuple[str, bool, list[str]]:
    if not operation.types:
        return operation.default, False, []
    kind = request.headers.get("x-amz-invocation-type") or operation.default
    log_type = request.headers.get("x-amz-log-type") or "None"
    broken = []
    if kind not in operation.types:
        known = ", ".join(operation.types)
        broken.append(violation(kind, "invocationType", f"satisfy enum value set: [{known}]"))
    if log_type not in ("None", "Tail"):
        broken.append(violation(log_type, "logType", "satisfy enum value set: [None, Tail]"))
    return kind, log_type == "Tail", broken


def _check_json(body: bytes) -> None:
    """Accept what AWS's parser accepts; the fast parser decides nearly always, the exact one explains."""
    if not body:
        return
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        mistake = refusal(body)
        if mistake is not None:
            raise ApiError("InvalidRequestContentException", _NOT_JSON + mistake) from None


def _client_context(request: Request) -> bytes:
    encoded = request.headers.get("x-amz-client-context", "")
    if len(encoded) > CLIENT_CONTEXT_LIMIT:
        text = f"Client context must be no more than {CLIENT_CONTEXT_LIMIT} bytes of Base64-encoded data."
        raise ApiError("InvalidRequestContentException", text)
    try:
        context = pybase64.b64decode(encoded, validate=True)
        is_object = not context or isinstance(orjson.loads(context), dict)
    except ValueError:
        is_object = False
    if not is_object:
        text = "Client context must be a valid Base64-encoded JSON object."
        raise ApiError("InvalidRequestContentException", text)
    return context


def _trace(request: Request, arn: str) -> str:
    """The caller's trace, or a fresh one that is not sampled, with this dispatch counted.

    Raises:
        ApiError: The chain of calls is a loop.
    """
    given = request.headers.get("x-amzn-trace-id")
    fresh = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
    step = advance(given or fresh, function_mark(arn))
    if step.is_loop:
        raise ApiError(
            "RecursiveInvocationException",
            "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
            "resources and stopped your function's invocation.",
        )
    return step.trace_id
