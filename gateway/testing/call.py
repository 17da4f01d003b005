"""One request through a front door and a handler, in this thread: what the clients are made of."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, time
from typing import Any, NamedTuple, TypeAlias

from gateway.bootstraps.python import lambda_runtime as runtime
from gateway.configuration import FunctionConfiguration
from gateway.errors import Fault, FaultKind, UsageError
from gateway.invocation import Failed, Outcome, Returned
from gateway.listeners.exchange import payload_of
from gateway.targets.debugging import debugger_attached
from gateway.targets.failures import RESULT_LIMIT, reported, result_too_large, timed_out
from gateway.targets.variables import check_user_variables
from gateway.testing.exchange import Exchange
from gateway.testing.loop import HandlerLoops
from gateway.testing.output import captured_output
from gateway.translation.flavour import Flavour
from gateway.translation.flavour_options import encode_as
from gateway.translation.messages import Arrival, Request
from gateway.types import Json

Handler: TypeAlias = Callable[[Any, Any], object]
"""What Lambda calls with the event and the context."""


class Called(NamedTuple):
    """What a handler did."""

    outcome: Outcome
    error: Exception | None
    log: str
    duration_ms: float


@dataclass(frozen=True, slots=True)
class HandlerCall:
    """A flavour in front of a handler.

    Attributes:
        flavour: The front door.
        handler: Called in this thread.
        configuration: What the context says about the function, its timeout and its variables.
        authorizer: What an authorizer gave, for every request; None without one.
        loops: What ``asyncio.get_event_loop`` gives in the handler.
    """

    flavour: Flavour
    handler: Handler
    configuration: FunctionConfiguration
    authorizer: Mapping[str, Json] | None = None
    loops: HandlerLoops = field(default_factory=HandlerLoops)

    def run(self, request: Request, arrival: Arrival) -> Exchange:
        """Answer one request; what the handler raises is in the exchange."""
        flavour = self.flavour
        event, called, fault = b"", _NOT_CALLED, None
        response = flavour.preflight(request, arrival)
        try:
            if response is None:
                self._check_size(request)
                event = encode_as(flavour, request, arrival, self.authorizer)
                called = self.call(event, arrival)
                response = flavour.decode(payload_of(called.outcome), request, arrival)
        except Fault as raised:
            fault = raised
            response = flavour.refuse(raised, request, arrival)
        return Exchange(
            request,
            arrival,
            event,
            _raw_result(called.outcome),
            response,
            called.log,
            called.error,
            fault,
            called.duration_ms,
        )

    def call(self, event: bytes, arrival: Arrival) -> Called:
        """Call the handler as AWS's Python runtime does."""
        context = self._context(arrival)
        error: Exception | None = None
        outcome: Outcome
        with _variables(self.configuration.environment), self.loops.current(), captured_output() as log:
            runtime.LogHandler.request_id = arrival.request_id
            started = perf_counter()
            try:
                outcome = _returned(self.handler(json.loads(event), context))
            except Exception as raised:  # noqa: BLE001 - whatever a handler raises is its answer
                # Without this frame, as the runtime leaves its own out
                error = raised.with_traceback(raised.__traceback__ and raised.__traceback__.tb_next)
                fault = runtime.error_object(error, arrival.request_id)
                runtime.log_error(fault)
                outcome = reported(runtime.to_json(fault).encode())
            duration_ms = (perf_counter() - started) * 1000
        if duration_ms > self.configuration.timeout_ms and not debugger_attached():
            outcome = timed_out(arrival.request_id, self.configuration.timeout_ms)
        return Called(outcome, error, log.getvalue(), duration_ms)

    def _check_size(self, request: Request) -> None:
        """What a port does while it reads."""
        limit = self.flavour.limits.request_body
        if len(request.body) > limit:
            raise Fault(FaultKind.REQUEST_TOO_LARGE, f"{len(request.body)} bytes of body, at most {limit}")

    def _context(self, arrival: Arrival) -> runtime.LambdaContext:
        function = self.configuration
        deadline_ms = int(time() * 1000) + function.timeout_ms
        context = runtime.LambdaContext(arrival.request_id, deadline_ms, function.arn)
        context.function_name = function.name
        context.function_version = function.version
        context.memory_limit_in_mb = str(function.memory_mb)
        context.log_group_name = f"/aws/lambda/{function.name}"
        context.log_stream_name = f"2025/04/14/[{function.version}]{'0' * 32}"
        return context


_NOT_CALLED = Called(Returned(b""), None, "", 0.0)


def build_configuration(timeout: float, environment: Mapping[str, str]) -> FunctionConfiguration:
    """The function of a client.

    Raises:
        UsageError: The timeout is not one that Lambda takes, or a variable is reserved.
    """
    if not 0 < timeout <= 900:
        raise UsageError(f"timeout={timeout}: Lambda takes up to 900 seconds")
    check_user_variables(environment)
    return FunctionConfiguration("test", "test.handler", timeout_ms=int(timeout * 1000), environment=environment)


def load_handler(handler: Handler | str) -> Handler:
    """A handler, or the one that a setting such as ``app.handler`` names.

    Raises:
        UsageError: It cannot be imported, or is not callable.
    """
    if isinstance(handler, str):
        try:
            handler = runtime.load_handler(handler)
        except runtime.RuntimeFault as error:
            raise UsageError(f"{error}; name it as Lambda does, MODULE.FUNCTION, and see that it is on sys.path") from (
                error.__cause__ or error
            )
    if not callable(handler):
        raise UsageError(f"a handler is called with event and context; this one is {handler!r:.80}")
    return handler


def _returned(result: object) -> Returned | Failed:
    payload, content_type = runtime.encode_result(result)
    if len(payload) > RESULT_LIMIT:
        return result_too_large()
    return Returned(payload, content_type=content_type)


def _raw_result(outcome: Outcome) -> bytes:
    payload: bytes = getattr(outcome, "payload", b"")
    return payload


@contextmanager
def _variables(environment: Mapping[str, str]) -> Iterator[None]:
    """The function's variables, in this process while the handler runs."""
    if not environment:
        yield
        return
    saved = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
