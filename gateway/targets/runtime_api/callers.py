"""Keeps web pages, and processes of others, from the APIs of an execution environment: Runtime, Extensions, Telemetry.

None of their paths is for a browser: a GET of the next invocation takes it away from the runtime.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import orjson

from gateway.same_origin import AllowedCallers, refusal, shown
from gateway.targets.runtime_api.connection import BodySink, Headers, RuntimeApiCall, RuntimeApiConnection
from gateway.targets.runtime_api.peers import Peers, can_tell, owner_of

log = logging.getLogger("gateway")

_ERROR_TYPE: Final = "AccessDeniedException"
_LOOKS_AFTER_S: Final = (0.01, 0.05, 0.25, 0.75)
"""A process may connect before the gateway has heard that it runs, or before it is in its control group."""


class Callers:
    """Who may call.

    Args:
        allowed: Who beside programs on this machine.

    Attributes:
        host: The value of ``Host`` that the environment's processes send, since their variable names this address;
            calls that have it and nothing of a browser are let through at once.
        peers: The environment's processes, None to let every process call.
    """

    def __init__(self, allowed: AllowedCallers) -> None:
        self.host = b""
        self.peers: Peers | None = None
        self._allowed = allowed

    def meet(self, connection: RuntimeApiConnection, looks_after_s: Sequence[float] = _LOOKS_AFTER_S) -> None:
        """Find out whether a client is one of the environment's processes; nothing is read from it before that.

        Where the system does not tell, everybody is.
        """
        ends = connection.ends
        if self.peers is None or ends is None or not can_tell():
            return
        try:
            owner = owner_of(*ends)
        except OSError:
            return
        if owner is not None and self.peers.include(owner):
            connection.resume()
        elif looks_after_s:
            loop = asyncio.get_running_loop()
            loop.call_soon(connection.pause)  # uvloop begins to read after `connection_made`, whatever that has said
            loop.call_later(looks_after_s[0], self.meet, connection, looks_after_s[1:])
        else:
            process = "a process" if owner is None else f"a process of user {owner.user}"
            connection.stranger = f"{process} outside this function's execution environment"
            log.warning("Runtime API: a client is refused: %s", connection.stranger)
            connection.resume()

    def refuse(self, call: RuntimeApiCall) -> BodySink | None:
        """Answer a call of a stranger or a web page with 403; gives what takes its body, None for all other calls."""
        if call.connection.stranger is not None:
            return _refused(call, call.connection.stranger)
        headers = call.headers
        marked = b"origin" in headers or b"sec-fetch-site" in headers
        if not marked and headers.get(b"host") == self.host and call.path.startswith(b"/"):
            return None
        method = call.method.decode("latin-1")
        reason = refusal(method, call.path, headers.items(), self._allowed, pages=False)
        if not reason:
            return None
        log.warning("Runtime API: %s %s -> 403: %s", method, shown(call.path), reason)
        return _refused(call, reason)


class Dropped:
    """Takes a body that nobody wants."""

    def feed(self, chunk: bytes) -> None:
        """Drop it."""

    def finish(self, trailers: Headers) -> None:
        """Nothing is left to do."""

    def abort(self) -> None:
        """Nobody is left to be told."""


def _refused(call: RuntimeApiCall, reason: str) -> Dropped:
    call.keep_alive = False
    call.answer(403, orjson.dumps({"errorMessage": reason, "errorType": _ERROR_TYPE}))
    return Dropped()
