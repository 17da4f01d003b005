"""Functions in containers behind the Runtime Interface Emulator (RIE), which AWS's base images carry.

Facts, from the source of aws/aws-lambda-runtime-interface-emulator

- One path, ``/2015-03-31/functions/function/invocations``, whatever the function is called; the answer is 200 and the
  function's bytes, without a header that tells a failure.
- It takes one call at a time; further ones are refused with 400, and several at once can end it.
- A timeout is 200 and the text ``Task timed out after 3.00 seconds``; a failed initialisation is 502.
- With ``AWS_LAMBDA_MAX_CONCURRENCY`` error answers carry an ``Error-Type`` header.
"""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from typing import Final

import pybase64

from gateway.invocation import Invocation, Outcome, Returned, Unavailable
from gateway.targets.failures import NOT_READY, reported, timed_out
from gateway.targets.http_transport import (
    ConnectFailed,
    HttpResponse,
    Origin,
    Timeouts,
    Transport,
    TransportError,
    parse_origin,
    whole,
)
from gateway.targets.remote_answers import function_error, header_values, refusal, unreachable
from gateway.targets.remote_name import MAX_TIMEOUT_MS
from gateway.targets.transports import open_transport
from gateway.tasks import Tasks

_PATH: Final = b"/2015-03-31/functions/function/invocations"
_TIMEOUTS: Final = Timeouts(connect_s=10, silence_s=MAX_TIMEOUT_MS / 1000 + 10)
_timeout_text: Final = re.compile(rb"Task timed out after (\d+(?:\.\d+)?) seconds").fullmatch

# What the runtimes of Python, Node.js, Java, Ruby, Go and .NET put into an error object; a result that has nothing
# else, and both of the first two, is taken for one.
_ERROR_KEYS: Final = frozenset({"errorType", "errorMessage", "stackTrace", "requestId", "trace", "cause"})
_NEEDED_KEYS: Final = frozenset({"errorType", "errorMessage"})


class RieTarget:
    """A pool of emulators that all run the same function; implements `gateway.targets.target.Target`.

    Each gets one call at a time, in turn; further calls wait for the next free one.

    Args:
        spec: ``rie:http://host:9000[,http://host:port…]``; the containers may also come as several such texts.

    Raises:
        UsageError: One of them is no address.
    """

    def __init__(self, *spec: str) -> None:
        urls = [url for text in spec for url in text.removeprefix("rie:").split(",")]
        self._origins: Sequence[Origin] = [parse_origin(url.strip().removeprefix("rie:")) for url in urls]
        self._free: asyncio.Queue[Transport] = asyncio.Queue()
        self._all: list[Transport] = []
        self._calls = Tasks()

    async def start(self) -> None:
        """Make a client for each; nothing is called, since that would be an invocation."""
        for origin in self._origins:
            transport = open_transport(origin, _TIMEOUTS)
            self._all.append(transport)
            self._free.put_nowait(transport)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation as soon as an emulator is free.

        A caller that goes away leaves the call to its end: the emulator is busy until then.
        """
        if invocation.report is not None:
            invocation.report.queued_at = time.perf_counter()
        return await asyncio.shield(self._calls.start(self._invoke(invocation)))

    async def _invoke(self, invocation: Invocation) -> Outcome:
        outcome: Outcome = NOT_READY
        for _ in self._all:
            transport = await self._free.get()
            if invocation.report is not None:
                invocation.report.started_at = time.perf_counter()
            try:
                return await _call(transport, invocation)
            except ConnectFailed as error:  # nothing was sent: another one may be up
                outcome = unreachable(error)
            except TransportError as error:
                return unreachable(error)
            finally:
                self._free.put_nowait(transport)
                if invocation.report is not None:
                    invocation.report.ended_at = time.perf_counter()
        return outcome

    def renew(self) -> None:
        """Nothing: the containers have their own life."""

    async def aclose(self) -> None:
        """End what is left and close the connections."""
        await self._calls.aclose()
        transports, self._all = self._all, []
        for transport in transports:
            await transport.aclose()


def make(spec: str, endpoint_url: str, region: str) -> RieTarget:  # noqa: ARG001 - what functions on AWS need
    """What calls the emulators that a target names.

    Raises:
        UsageError: One of them is no address.
    """
    return RieTarget(spec)


async def _call(transport: Transport, invocation: Invocation) -> Outcome:
    headers = []
    if invocation.client_context:
        headers.append((b"X-Amz-Client-Context", pybase64.b64encode(invocation.client_context)))
    if invocation.trace_id:
        headers.append((b"X-Amzn-Trace-Id", invocation.trace_id.encode("latin-1")))
    answer = await transport.send("POST", _PATH, headers, invocation.payload)
    return _outcome(answer, await whole(answer.body), invocation.request_id)


def _outcome(answer: HttpResponse, body: bytes, request_id: str) -> Outcome:
    headers = header_values(answer)
    late = _timeout_text(body)
    if late:
        return timed_out(request_id, round(float(late[1]) * 1000))
    if b"error-type" in headers or b"x-amz-function-error" in headers or answer.status == 502:
        return function_error(body)
    if answer.status == 504:
        return Unavailable("ConnectionTimeout", "the emulator could not begin the invocation in time")
    if answer.status != 200:
        return refusal(answer, body)
    return reported(body) if _is_error(body) else Returned(body)


def _is_error(body: bytes) -> bool:
    """Whether a result is an error object, which the emulator does not tell."""
    if b'"errorType"' not in body:  # nearly every result
        return False
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and found.keys() >= _NEEDED_KEYS and found.keys() <= _ERROR_KEYS
