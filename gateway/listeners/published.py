"""What a listener publishes on the control port."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.routing import Route


class Published(NamedTuple):
    """A route of the control port.

    Attributes:
        route: The route.
        service: What requests are signed for in strict mode, ``lambda`` or ``execute-api``; "" where AWS takes requests
            without a signature.
    """

    route: "Route"
    service: str
