"""What front doors publish on the control port, beside the Invoke API."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.front_doors import AlbFrontDoor, FrontDoor

if TYPE_CHECKING:
    from gateway.load_balancer import LoadBalancer


def door_routes(door: FrontDoor) -> list[Route]:
    """The routes of one front door.

    A load balancer has the health of its targets (``/_gateway/target-health/PORT``) and, with authentication actions,
    its public key (``/KEY-ID``); a WebSocket API has its connections (``/STAGE/@connections/ID``).
    """
    if isinstance(door, AlbFrontDoor):
        return [*_target_health(door), *_public_key(door.behind)]
    connections = getattr(door.listener.door, "connections", None)
    if connections is None:
        return []
    from gateway.listeners.websocket_connections import connection_routes  # noqa: PLC0415 - only where there are some

    return connection_routes(connections, door.listener.door.flavour.stage)  # type: ignore[attr-defined]  # its own


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
