"""What a test can look at after a request: everything between the client and the handler."""

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.errors import Fault
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import Json


@dataclass(frozen=True, slots=True)
class ClientExchange:
    """One request and what became of it; on an answer it is ``response.extensions["gateway"]``.

    Attributes:
        request: What the listener got.
        arrival: When, and under which ids.
        raw_event: The event as JSON, b"" when the handler was not called.
        raw_result: The result, or the error object, as the runtime encoded it; b"" when there is none.
        response: What the listener answered.
        log: What the handler printed and logged, with the runtime's own ``[ERROR]`` lines.
        error: What the handler raised, None when it returned.
        fault: Why the answer is not the handler's, None when it is.
        duration_ms: How long the handler ran.
    """

    request: Request
    arrival: Arrival
    raw_event: bytes
    raw_result: bytes
    response: Response
    log: str
    error: Exception | None
    fault: Fault | None
    duration_ms: float

    @property
    def event(self) -> Any:  # noqa: ANN401 - tests index it at will
        """The event, parsed anew: what a handler does to its own is not seen here; None when it was not called."""
        return json.loads(self.raw_event) if self.raw_event else None

    @property
    def result(self) -> Json:
        """The result, or the error object, as the listener read it; None when it is no JSON."""
        try:
            parsed: Json = json.loads(self.raw_result)
        except ValueError:
            return None
        return parsed


Exchange: TypeAlias = ClientExchange
"""Its name in `gateway.testing`."""
