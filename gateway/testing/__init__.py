"""What tests of Lambda handlers use: clients, events, verdicts, servers.  Everything public is here.

Each name is imported when it is first used: the pytest plugin is loaded before coverage is measured.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.testing.client import AsyncLambdaTransport, LambdaTransport, async_lambda_client, lambda_client
    from gateway.testing.events import make_event
    from gateway.testing.exchange import Exchange
    from gateway.testing.flavours import FLAVOURS, each_flavour
    from gateway.testing.server import GatewayServer
    from gateway.testing.verdicts import (
        assert_alb_multi_result,
        assert_alb_result,
        assert_event_shape,
        assert_http_result,
        assert_http_v1_result,
        assert_rest_result,
        assert_result,
        assert_url_result,
        assert_websocket_result,
        verdict,
    )
    from gateway.translation.verdict import Verdict

__all__ = [
    "FLAVOURS",
    "AsyncLambdaTransport",
    "Exchange",
    "GatewayServer",
    "LambdaTransport",
    "Verdict",
    "assert_alb_multi_result",
    "assert_alb_result",
    "assert_event_shape",
    "assert_http_result",
    "assert_http_v1_result",
    "assert_rest_result",
    "assert_result",
    "assert_url_result",
    "assert_websocket_result",
    "async_lambda_client",
    "each_flavour",
    "lambda_client",
    "make_event",
    "verdict",
]

_PLACES = {
    "client": ("AsyncLambdaTransport", "LambdaTransport", "async_lambda_client", "lambda_client"),
    "events": ("make_event",),
    "exchange": ("Exchange",),
    "flavours": ("FLAVOURS", "each_flavour"),
    "server": ("GatewayServer",),
    "verdicts": ("Verdict", "assert_event_shape", "assert_result", "verdict"),
}
"""Module → its public names; ``verdicts`` also has an ``assert_…_result`` for each flavour."""
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name now."""
    place = _PLACE_OF.get(name, "verdicts" if name.startswith("assert_") else "")
    found = getattr(import_module(f"{__name__}.{place}"), name, None) if place else None
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
