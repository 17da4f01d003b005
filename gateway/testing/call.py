"""One request through a listener and a handler, in this thread: what the clients are made of."""

import json
import os
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from time import perf_counter, time
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from gateway.bootstraps.python import lambda_runtime as runtime
from gateway.configuration import FunctionConfiguration
from gateway.errors import Fault, FaultKind, UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import Failed, FunctionReference, Invocation, Outcome, Returned
from gateway.listener_types import ListenerType
from gateway.listeners.context import ListenerContext
from gateway.listeners.of_flavour import listener_of
from gateway.listeners.wire import refused_while_read
from gateway.observe.record import Exchange
from gateway.targets.debugging import debugger_attached
from gateway.targets.failures import RESULT_LIMIT, reported, result_too_large, timed_out
from gateway.targets.shared_variables import set_missing_variables, set_variables, unset_variables
from gateway.targets.variables import check_user_variables, variables_in_process
from gateway.testing.exchange import ClientExchange
from gateway.testing.loop import HandlerLoops
from gateway.testing.output import captured_output
from gateway.translation.flavour import Flavour
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import Json

T = TypeVar("T")

Handler: TypeAlias = Callable[[Any, Any], object]
"""What Lambda calls with the event and the context."""


class Called(NamedTuple):
    """What a handler did."""

    outcome: Outcome
    error: Exception | None
    log: str
    duration_ms: float


_calls: ContextVar[list[Called]] = ContextVar("calls")
"""What the handler does for the request of this context is put there."""

TESTED: Final = FunctionReference("test")

_OF_SHELLS: Final = ("LANG", "TZ")
"""What a test's process has of itself; all other names that it has were put there for the handler, and stay."""


class HandlerTarget:
    """Calls a handler in the thread that asks, without waiting for anything; implements `Target`.

    Args:
        handler: What is called.
        configuration: What the context says about the function, its timeout and its variables.
    """

    def __init__(self, handler: Handler, configuration: FunctionConfiguration) -> None:
        self.handler = handler
        self.configuration = configuration
        self.loops = HandlerLoops()
        scratch = Path(tempfile.gettempdir())
        variables = variables_in_process(configuration, os.environ, scratch, _log_stream(configuration))
        own = (*configuration.environment, *_OF_SHELLS)
        self._given = {name: value for name, value in variables.items() if name in own}
        self._defaults = {name: value for name, value in variables.items() if name not in own}

    async def start(self) -> None:
        """Nothing: the handler is there."""

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Call the handler as AWS's Python runtime does."""
        called = self._call(invocation.payload, invocation.request_id, invocation.trace_id)
        _calls.get().append(called)
        return called.outcome

    def renew(self) -> None:
        """Nothing: the handler is the one that was given."""

    async def aclose(self) -> None:
        """End what the handler's event loops hold."""
        self.loops.close()

    @contextmanager
    def _variables(self, trace_id: str) -> Iterator[None]:
        """The function's variables, in this process while the handler runs."""
        call = object()
        set_missing_variables(call, self._defaults)
        set_variables(call, self._given | {"_X_AMZN_TRACE_ID": trace_id} if trace_id else self._given)
        try:
            yield
        finally:
            unset_variables(call)

    def _call(self, event: bytes, request_id: str, trace_id: str) -> Called:
        context = self._context(request_id)
        error: Exception | None = None
        outcome: Outcome
        with self._variables(trace_id), self.loops.current(), captured_output() as log:
            runtime.LogHandler.request_id = request_id
            started = perf_counter()
            try:
                outcome = _returned(self.handler(json.loads(event), context))
            except Exception as raised:  # noqa: BLE001 - whatever a handler raises is its answer
                # Without this frame, as the runtime leaves its own out
                error = raised.with_traceback(raised.__traceback__ and raised.__traceback__.tb_next)
                fault = runtime.error_object(error, request_id)
                runtime.log_error(fault)
                outcome = reported(runtime.to_json(fault).encode())
            duration_ms = (perf_counter() - started) * 1000
        if duration_ms > self.configuration.timeout_ms and not debugger_attached():
            outcome = timed_out(request_id, self.configuration.timeout_ms)
        return Called(outcome, error, log.getvalue(), duration_ms)

    def _context(self, request_id: str) -> runtime.LambdaContext:
        function = self.configuration
        deadline_ms = int(time() * 1000) + function.timeout_ms
        context = runtime.LambdaContext(request_id, deadline_ms, function.arn)
        context.function_name = function.name
        context.function_version = function.version
        context.memory_limit_in_mb = str(function.memory_mb)
        context.log_group_name = f"/aws/lambda/{function.name}"
        context.log_stream_name = _log_stream(function)
        return context


def _log_stream(function: FunctionConfiguration) -> str:
    return f"2025/04/14/[{function.version}]{'0' * 32}"


class HandlerCall:
    """A listener in front of a handler, both in this thread.

    Args:
        flavour: Describes the listener.
        handler: Called in this thread.
        configuration: As for `HandlerTarget`.
        authorizer: What an authorizer gave, for every request; None without one.
        row: Of the listener type; None finds it in the table.
    """

    def __init__(
        self,
        flavour: Flavour,
        handler: Handler,
        configuration: FunctionConfiguration,
        authorizer: Mapping[str, Json] | None = None,
        row: ListenerType | None = None,
    ) -> None:
        self._target = HandlerTarget(handler, configuration)
        self._listener = listener_of(flavour, ListenerContext(_service(self._target)), TESTED, authorizer, row)

    def run(self, request: Request, arrival: Arrival) -> ClientExchange:
        """Answer one request; what the handler raises is in the exchange."""
        calls: list[Called] = []
        token = _calls.set(calls)
        record = Exchange(arrival, request)
        try:
            response = self._answer(request, record)
        finally:
            _calls.reset(token)
        called = calls[0] if calls else _NOT_CALLED
        return ClientExchange(
            request,
            arrival,
            record.event,
            _raw_result(called.outcome),
            response,
            called.log,
            called.error,
            record.fault,
            called.duration_ms,
        )

    def _answer(self, request: Request, record: Exchange) -> Response:
        listener = self._listener
        if (status := refused_while_read(request, listener.limits)) != 0:
            record.fault = Fault(FaultKind.REQUEST_TOO_LARGE, "over a limit of the listener")
            return listener.reject(status, request.client, b"")
        answer = _run_now(listener.respond(request, record))
        return answer if isinstance(answer, Response) else answer.response

    def close(self) -> None:
        """End what the handler's event loops hold."""
        self._target.loops.close()


def _service(target: HandlerTarget) -> LambdaService:
    # It ends before anybody could look at a clock, so no listener watches its time.
    configuration = replace(target.configuration, timeout_ms=0)
    return LambdaService([Function(configuration, target)])


def _run_now(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing: no event loop runs, so that the handler may run its own."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    work.close()
    raise RuntimeError("a listener waits for something that only an event loop gives")


_NOT_CALLED = Called(Returned(b""), None, "", 0.0)


def build_configuration(timeout: float, environment: Mapping[str, str]) -> FunctionConfiguration:
    """The function of a client.

    Raises:
        UsageError: The timeout is not one that Lambda takes, or a variable is reserved.
    """
    if not 0 < timeout <= 900:
        raise UsageError(f"timeout={timeout}: Lambda takes up to 900 seconds")
    check_user_variables(environment)
    return FunctionConfiguration(TESTED.name, "test.handler", timeout_ms=int(timeout * 1000), environment=environment)


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
