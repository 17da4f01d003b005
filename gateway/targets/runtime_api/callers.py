"""Keeps web pages from the APIs of an execution environment: Runtime, Extensions and Telemetry API.

None of their paths is for a browser: a GET of the next invocation takes it away from the runtime.
"""

import logging
from typing import Final

import orjson

from gateway.same_origin import AllowedCallers, refusal, shown
from gateway.targets.runtime_api.connection import BodySink, Headers, RuntimeApiCall

log = logging.getLogger("gateway")

_ERROR_TYPE: Final = "AccessDeniedException"


class Callers:
    """Who may call.

    Args:
        allowed: Who beside programs on this machine.

    Attributes:
        host: The value of ``Host`` that the environment's processes send, since their variable names this address;
            calls that have it and nothing of a browser are let through at once.
    """

    def __init__(self, allowed: AllowedCallers) -> None:
        self.host = b""
        self._allowed = allowed

    def refuse(self, call: RuntimeApiCall) -> BodySink | None:
        """Answer a call that comes from a web page with 403; gives what takes its body, None for all other calls."""
        headers = call.headers
        marked = b"origin" in headers or b"sec-fetch-site" in headers
        if not marked and headers.get(b"host") == self.host and call.path.startswith(b"/"):
            return None
        method = call.method.decode("latin-1")
        reason = refusal(method, call.path, headers.items(), self._allowed, pages=False)
        if not reason:
            return None
        log.warning("Runtime API: %s %s -> 403: %s", method, shown(call.path), reason)
        call.keep_alive = False
        call.answer(403, orjson.dumps({"errorMessage": reason, "errorType": _ERROR_TYPE}))
        return Dropped()


class Dropped:
    """Takes a body that nobody wants."""

    def feed(self, chunk: bytes) -> None:
        """Drop it."""

    def finish(self, trailers: Headers) -> None:
        """Nothing is left to do."""

    def abort(self) -> None:
        """Nobody is left to be told."""
