"""The Extensions API of one execution environment.

Facts, from the AWS guide "Using the Lambda Extensions API" and the sources of aws-lambda-runtime-interface-emulator
(``rapi/handler/agent*.go``):

- An external extension is an executable in ``/opt/extensions``; it registers under its file's name before the runtime
  starts.  An internal one lives in the runtime's process, registers under any other name during init, and is not told
  of SHUTDOWN.
- Errors are 403 with a type ``Extension.…``; the two error reports and nothing else are answered 202.
- The emulator writes shutdown reasons in lower case, the guide in capitals; the emulator's are sent.
"""

import uuid
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.configuration import FunctionConfiguration
from gateway.targets.runtime_api.connection import RuntimeApiCall
from gateway.targets.runtime_api.offer import Offer
from gateway.targets.runtime_api.server import CallHandler
from gateway.types import EpochMs, Json

LIMIT: Final = 10
_EVENTS: Final = ("INVOKE", "SHUTDOWN")
_PREFIX: Final = b"/2020-01-01/extension/"
_IDENTIFIER: Final = b"lambda-extension-identifier"
_ERROR_TYPE: Final = b"lambda-extension-function-error-type"


@dataclass(slots=True, eq=False)  # it lives, so it cannot be frozen
class Extension:
    """One extension that has registered."""

    name: str
    events: tuple[str, ...]
    external: bool
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    ready: bool = False
    poll: RuntimeApiCall | None = None
    queue: deque[dict[str, Json]] = field(default_factory=deque)

    def send(self, event: dict[str, Json]) -> None:
        """Deliver an event, now or at the next poll."""
        self.ready = False
        self.queue.append(event)
        self.flush()

    def flush(self) -> None:
        """Answer a waiting poll with the oldest event."""
        if self.poll is not None and self.queue:
            poll, self.poll = self.poll, None
            _answer(poll, 200, self.queue.popleft(), f"Lambda-Extension-Event-Identifier: {uuid.uuid4()}\r\n")


class Extensions:
    """Who has registered, and what they are told.

    Args:
        configuration: The function, which a registration is answered with.
        external: The names that external extensions will register under.
        changed: Called after every registration, poll and error report.
    """

    def __init__(
        self, configuration: FunctionConfiguration, external: Collection[str], changed: Callable[[], None]
    ) -> None:
        self._configuration = configuration
        self._external = frozenset(external)
        self._changed = changed
        self._by_identifier: dict[str, Extension] = {}
        self.closed = False
        self.error_type = ""

    @property
    def routes(self) -> dict[tuple[bytes, bytes], CallHandler]:
        """What answers the calls of extensions."""
        return {
            (b"POST", _PREFIX + b"register"): self._register,
            (b"GET", _PREFIX + b"event/next"): self._next,
            (b"POST", _PREFIX + b"init/error"): self._error,
            (b"POST", _PREFIX + b"exit/error"): self._error,
        }

    @property
    def registered(self) -> bool:
        """Whether every external extension has registered."""
        return self._external <= {extension.name for extension in self._by_identifier.values()}

    @property
    def ready(self) -> bool:
        """Whether every extension waits for its next event."""
        if not self._external and not self._by_identifier:
            return True
        return self.registered and all(extension.ready for extension in self._by_identifier.values())

    @property
    def shutdown_ms(self) -> int:
        """The budget of the shutdown phase: 0, 500 ms with internal extensions only, 2000 ms with external ones."""
        if self._external:
            return 2000
        return 500 if self._by_identifier else 0

    def forget(self) -> None:
        """Nobody has registered: the processes are new ones."""
        self._by_identifier.clear()
        self.error_type = ""

    def invoke(self, offer: Offer) -> None:
        """Tell those who asked that an invocation begins."""
        if not self._by_identifier:
            return
        invocation = offer.invocation
        event: dict[str, Json] = {
            "eventType": "INVOKE",
            "deadlineMs": offer.deadline,
            "requestId": invocation.request_id,
            "invokedFunctionArn": invocation.function_arn or offer.function_arn,
        }
        if invocation.trace_id:
            event["tracing"] = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id}
        self._send("INVOKE", event)

    def shutdown(self, reason: str, deadline: EpochMs) -> None:
        """Tell those who asked that the environment ends: ``spindown``, ``timeout`` or ``failure``."""
        self._send("SHUTDOWN", {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline})

    def identified(self, call: RuntimeApiCall) -> Extension | None:
        """The extension that calls; None when it was refused."""
        identifier = call.header(_IDENTIFIER)
        if not identifier:
            refuse(call, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
        elif not _is_uuid(identifier):
            refuse(call, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
        elif identifier not in self._by_identifier:
            refuse(call, "Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        else:
            return self._by_identifier[identifier]
        return None

    def _send(self, kind: str, event: dict[str, Json]) -> None:
        for extension in self._by_identifier.values():
            if kind in extension.events:
                extension.send(event)

    def _register(self, call: RuntimeApiCall) -> None:
        name = call.header(b"lambda-extension-name")
        if not name:
            refuse(call, "Extension.InvalidExtensionName", "Empty extension name")
            return
        try:
            events = _events_of(call.body)
        except ValueError as error:
            refuse(call, "InvalidRequestFormat", str(error))
            return
        problem = self._problem(name, events)
        if problem is not None:
            refuse(call, *problem)
            return
        extension = Extension(name, events, name in self._external)
        self._by_identifier[extension.identifier] = extension
        facts: dict[str, Json] = {
            "functionName": self._configuration.name,
            "functionVersion": self._configuration.version,
            "handler": self._configuration.handler,
        }
        features = call.header(b"lambda-extension-accept-feature").split(",")
        if "accountId" in map(str.strip, features):
            facts["accountId"] = self._configuration.account
        _answer(call, 200, facts, f"Lambda-Extension-Identifier: {extension.identifier}\r\n")
        self._changed()

    def _problem(self, name: str, events: tuple[str, ...]) -> tuple[str, str] | None:
        """Why a registration is refused: error type and message."""
        external = name in self._external
        allowed = _EVENTS if external else _EVENTS[:1]
        for event in events:
            if event not in allowed:
                return "Extension.InvalidEventType", f"{event}: this extension can subscribe to {', '.join(allowed)}"
        if any(extension.name == name for extension in self._by_identifier.values()):
            return "Extension.InvalidExtensionState", "Extension with this name already registered"
        if not external and self.closed:
            return "Extension.RegistrationClosed", "Extension registration closed already"
        if len(self._by_identifier) >= LIMIT:
            return "Extension.TooManyExtensions", f"Extension limit ({LIMIT}) reached"
        return None

    def _next(self, call: RuntimeApiCall) -> None:
        extension = self.identified(call)
        if extension is None:
            return
        extension.poll = call
        extension.ready = not extension.queue
        extension.flush()
        self._changed()

    def _error(self, call: RuntimeApiCall) -> None:
        if self.identified(call) is None:
            return
        error_type = call.header(_ERROR_TYPE)
        if not error_type:
            refuse(call, "Extension.MissingHeader", "Missing Lambda-Extension-Function-Error-Type header")
            return
        self.error_type = self.error_type or error_type
        _answer(call, 202, {"status": "OK"})
        self._changed()


def refuse(call: RuntimeApiCall, error_type: str, message: str, status: int = 403) -> None:
    """Answer with an error of the Extensions or Telemetry API."""
    _answer(call, status, {"errorMessage": message, "errorType": error_type})


def _answer(call: RuntimeApiCall, status: int, body: dict[str, Json], head: str = "") -> None:
    call.answer(status, orjson.dumps(body), f"Content-Type: application/json\r\n{head}")


def _events_of(body: bytes) -> tuple[str, ...]:
    """The events of a registration; raises ValueError when the body is not one."""
    request = orjson.loads(body)
    events = request.get("events") or [] if isinstance(request, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
        raise ValueError('expected an object with "events", a list of strings')
    return tuple(events)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
