"""The pytest plugin: servers as fixtures.

pytest loads this before it measures coverage, so nothing of the package is imported until a fixture is used.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gateway.testing.server import GatewayServer

_MARKER = (
    "gateway(target, *, as_='alb', timeout=3, environment={}, **options): what gateway_server serves: a handler or a "
    "configuration file, the front door, the function's timeout and variables"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def gateway_server(request: pytest.FixtureRequest) -> "Iterator[Callable[..., GatewayServer]]":
    """Starts gateways on free ports, with real worker processes; they end with the test.

    Call it with the arguments of `gateway.testing.GatewayServer`; those left out are the marker's, of the test, its
    class or its module.  The same arguments give the same server.
    """
    yield from _servers(request)


@pytest.fixture(scope="module")
def module_gateway_server(request: pytest.FixtureRequest) -> "Iterator[Callable[..., GatewayServer]]":
    """The same for all tests of a module: a server is started once; the marker is the module's ``pytestmark``."""
    yield from _servers(request)


def _servers(request: pytest.FixtureRequest) -> "Iterator[Callable[..., GatewayServer]]":
    from gateway.testing.server import GatewayServer  # noqa: PLC0415 - see the module's first lines

    running: dict[str, GatewayServer] = {}
    marked_arguments, marked_options = _marked(request.node)

    def serve(*arguments: Any, **options: Any) -> GatewayServer:  # noqa: ANN401 - GatewayServer says what they are
        positional = arguments or marked_arguments
        named = {**marked_options, **options}
        if not positional:
            pytest.fail("gateway_server needs a handler: gateway_server('app.handler'), or the marker gateway")
        if len(positional) > 1:
            named.pop("as_", None)
        key = repr((positional, sorted(named.items())))
        if key not in running:
            running[key] = GatewayServer(*positional, **{"folder": request.config.rootpath, **named})
        return running[key]

    try:
        yield serve
    finally:
        for server in running.values():
            server.close()


def _marked(node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:  # noqa: ANN401 - an item or a collector
    """The arguments of all markers, the nearest one first."""
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = {}
    for marker in node.iter_markers("gateway"):
        arguments = arguments or marker.args
        options = {**marker.kwargs, **options}
    return arguments, options
