"""What front doors publish on the control port, beside the Invoke API."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.front_doors import AlbFrontDoor, FrontDoor
from gateway.lambda_api.strict import Verify, signed_route

if TYPE_CHECKING:
    from gateway.load_balancer import LoadBalancer


def door_routes(door: FrontDoor, verify: Callable[[str], Verify] | None = None) -> list[Route]:
    """The routes of one front door.

    A load balancer has the health of its targets (``/_gateway/target-health/PORT``) and, with authentication actions,
    its public key (``/KEY-ID``); a WebSocket API has its connections (``/STAGE/@connections/ID``).

    Args:
        door: The front door.
        verify: Strict mode: what checks signatures for the service ``lambda``, or ``execute-api`` for connections.
            The public keys take none, as on AWS.
    """
    if isinstance(door, AlbFrontDoor):
        check = verify("lambda") if verify else None
        return [*(signed_route(it, check) for it in _target_health(door)), *_public_key(door.behind)]
    connections = getattr(door.listener.door, "connections", None)
    if connections is None:
        return []
    from gateway.listeners.websocket_connections import connection_routes  # noqa: PLC0415 - only where there are some

    routes = connection_routes(connections, door.listener.door.flavour.stage)  # type: ignore[attr-defined]  # its own
    check = verify("execute-api") if verify else None
    return [signed_route(route, check) for route in routes]


def _target_health(door: AlbFrontDoor) -> list[Route]:
    async def endpoint(_: Request) -> Response:
        checkers = door.behind.checkers.items()
        return JSONResponse({name: {"TargetHealthDescriptions": checker.described()} for name, checker in checkers})

    return [Route(f"/_gateway/target-health/{door.server.port}", endpoint, methods=["GET"])]


def _public_key(behind: "LoadBalancer") -> list[Route]:
    if behind.authentication is None:
        return []
    from gateway.listeners.alb.authentication_keys import public_keys  # noqa: PLC0415 - needs an extra

    return [public_keys(behind.authentication.keys)]
