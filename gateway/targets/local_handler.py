"""A handler that is loaded into this process: how it is imported, imported anew and called.

It may be called on any thread; the handler's module is shared by all of them.
"""

from __future__ import annotations

import sys
import time
from typing import Final

from gateway.bootstraps.python import lambda_runtime as runtime
from gateway.bootstraps.python.trace_variable import TraceVariable
from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.invocation import Failed, Invocation, Returned
from gateway.targets.failures import RESULT_LIMIT, exited, reported, result_too_large
from gateway.targets.runtime_version import THIS_VERSION
from gateway.targets.task_roots import enter, forget_modules, leave
from gateway.targets.variables import python_layers

_trace: Final = TraceVariable(kept=100)
"""One for the process, which may go on to read the place that it has made."""


class LocalHandler:
    """The handler of one function.

    Args:
        configuration: The function; its task root goes to the front of ``sys.path``.
        given: The handler itself when the caller has it, instead of the configuration's setting.
    """

    def __init__(self, configuration: FunctionConfiguration, given: runtime.Handler | None = None) -> None:
        self._configuration = configuration
        self._given = given
        self._handler = given

    @property
    def loaded(self) -> bool:
        """Whether it is there; otherwise the next call loads it."""
        return self._handler is not None

    def load(self) -> None:
        """Import it.

        Raises:
            UsageError: It cannot be loaded.
        """
        self._enter()
        setting = self._configuration.handler
        try:
            handler = runtime.load_handler(setting)
        except Exception as error:  # whatever a module raises
            place = runtime.place_of(error)
            described = str(error) if isinstance(error, runtime.RuntimeFault) else f"{type(error).__name__}: {error}"
            raise UsageError(f"{described} ({place})" if place else described) from error
        except SystemExit as error:
            reason = exited("", exit_code(error)).message
            raise UsageError(f"the process would end while it loads the handler: {reason}") from error
        if not callable(handler):
            raise UsageError(f"{setting} is not callable: it is of type {type(handler).__name__}") from TypeError(
                f"'{type(handler).__name__}' object is not callable"
            )
        self._handler = handler

    def forget(self, new: FunctionConfiguration) -> None:
        """Import the modules of the task root, or of another one, again at the next call; a given handler stays."""
        old, self._configuration = self._configuration, new
        forget_modules(old.task_root)
        if new.opt != old.opt and old.opt is not None:
            forget_modules(old.opt)
        if (new.task_root, new.opt) != (old.task_root, old.opt):
            self._enter()
        self._handler = self._given

    def _enter(self) -> None:
        """Import from the task root, and then from the layers."""
        enter(self._configuration.name, self._configuration.task_root)
        layers = [str(folder) for folder in python_layers(self._configuration, THIS_VERSION)]
        sys.path[1:1] = [folder for folder in layers if folder not in sys.path]

    def leave(self) -> None:
        """The function has ended."""
        leave(self._configuration.name, self._configuration.task_root)
        _trace.set("")

    def run(self, invocation: Invocation) -> Returned | Failed:
        """Call it, on this thread, and tell of an import inside the invocation where somebody asks."""
        handler = self._handler
        if handler is None:
            if invocation.report is not None:
                invocation.report.wait_for_init(time.perf_counter())
            try:
                handler = self._handler = runtime.load_handler(self._configuration.handler)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a module raises is the answer
                return _failure_of(error, invocation.request_id)
            if invocation.report is not None:
                invocation.report.init_ended(time.perf_counter())
        _trace.set(invocation.trace_id)
        context = runtime.LambdaContext(
            invocation.request_id,
            int(time.time() * 1000) + self._configuration.timeout_ms,
            invocation.function_arn or self._configuration.arn,
            invocation.client_context.decode(),
            invocation.cognito_identity.decode(),
        )
        try:
            returned, payload, content_type = runtime.run(handler, invocation.payload, context)
        except BaseException as error:  # noqa: BLE001 - on Lambda SystemExit and its like end the process
            return exited(invocation.request_id, exit_code(error))
        if len(payload) > RESULT_LIMIT:
            return result_too_large()
        return Returned(payload, content_type=content_type) if returned else reported(payload)


def init_failure(error: UsageError, request_id: str) -> Failed:
    """What `LocalHandler.load` has raised, for an invocation that waited for it."""
    cause = error.__cause__
    return _failure_of(cause if isinstance(cause, Exception | SystemExit) else error, request_id)


def _failure_of(error: Exception | SystemExit, request_id: str) -> Failed:
    """The failure of an init phase, in the log too."""
    if isinstance(error, SystemExit):
        return exited(request_id, exit_code(error))
    fault = runtime.error_object(error, "")
    runtime.log_error(fault)
    return reported(runtime.to_json(fault).encode())


def exit_code(error: BaseException) -> int:
    """The code with which a process ends that does not catch this."""
    if not isinstance(error, SystemExit):
        return 1
    code = error.code
    return 0 if code is None else code & 0xFF if isinstance(code, int) else 1
