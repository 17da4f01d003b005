"""What a load balancer publishes on the control port: the health of its targets, and its public key."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.listeners.alb.listener import AlbSteps
from gateway.listeners.published import Published

if TYPE_CHECKING:
    from gateway.listeners.pipeline import PipelineListener


def control_routes(listener: "PipelineListener", port: int) -> list[Published]:
    """``/_gateway/target-health/PORT`` and, with authentication actions, ``/KEY-ID``, which takes no signature on AWS.

    Args:
        listener: A load balancer's; what its rules lead to may be replaced.
        port: Its port.
    """

    async def endpoint(_: Request) -> Response:
        checkers = _steps(listener).checkers.items()
        return JSONResponse({name: {"TargetHealthDescriptions": checker.described()} for name, checker in checkers})

    health = Published(Route(f"/_gateway/target-health/{port}", endpoint, methods=["GET"]), "lambda")
    authentication = _steps(listener).routing.authentication
    if authentication is None:
        return [health]
    from gateway.listeners.alb.authentication_keys import public_keys  # noqa: PLC0415 - needs an extra

    return [health, Published(public_keys(authentication.keys), "")]


def _steps(listener: "PipelineListener") -> AlbSteps:
    steps = listener.steps
    assert isinstance(steps, AlbSteps)  # noqa: S101 - its row says so
    return steps
