"""What the gateway says about itself on the control port: health and reset."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, runtime_checkable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.functions.function import Function
from gateway.types import Json


@runtime_checkable
class CountsEnvironments(Protocol):
    """A target that can say how many execution environments it keeps, busy and idle."""

    @property
    def environments(self) -> int:
        """Environments alive now."""
        ...


class Health:
    """The two pages; uptime counts from the making of this object.

    Args:
        functions: All functions of this gateway.
        reset: Replaces all execution environments by fresh ones.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        reset: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._functions = functions
        self._reset = reset
        self._clock = clock
        self._began = clock()

    async def health(self, request: Request) -> Response:
        """``GET /_gateway/health``: JSON, 200 as long as the gateway answers at all."""
        del request
        functions: list[Json] = [_described(function) for function in self._functions]
        uptime = round(self._clock() - self._began, 3)
        return JSONResponse({"status": "ok", "uptimeSeconds": uptime, "functions": functions})

    async def reset(self, request: Request) -> Response:
        """``POST /_gateway/reset``: answers when the environments are replaced."""
        del request
        await self._reset()
        return JSONResponse({"status": "reset"})


def _described(function: Function) -> Json:
    configuration, target = function.configuration, function.target
    return {
        "name": configuration.name,
        "version": configuration.version,
        "arn": configuration.arn,
        "runtime": configuration.runtime,
        "handler": configuration.handler,
        "inFlight": function.in_flight,
        "environments": target.environments if isinstance(target, CountsEnvironments) else None,
    }
