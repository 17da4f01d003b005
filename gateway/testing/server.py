"""A gateway on a real port, with real worker processes, for the length of a test.

It runs in a thread with an event loop of its own, so that any HTTP client can be used, in synchronous and in
asynchronous tests.  Nothing outlives it: not the thread, not a worker process, even when the test run is killed.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, Self

from gateway.app import Gateway
from gateway.config.load import load_settings
from gateway.configuration import FunctionConfiguration
from gateway.defects import report_unhandled
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.hosting import Host, HostOptions
from gateway.invocation import FunctionReference
from gateway.listener_types import ListenerType, listener_type_of
from gateway.listeners.context import ListenerContext
from gateway.listeners.of_flavour import listener_of
from gateway.listeners.server import ListenerServer
from gateway.testing.call import Handler
from gateway.testing.handler_place import find_handler
from gateway.translation.flavour import Flavour
from gateway.translation.flavour_options import build_flavour
from gateway.types import Json

_GRACE_S = 5.0
_CONFIGURATION_FILES = (".toml", ".yaml", ".yml")


class _Running(Protocol):
    """What a server starts and stops in its loop.

    Attributes:
        scheme: What the first port speaks, after `start`.
    """

    scheme: str

    async def start(self) -> list[int]:
        """Start everything: the ports, in the order of the listeners."""
        ...

    async def stop(self) -> None:
        """Stop everything."""
        ...


class _OneHandler:
    """One function behind one listener."""

    scheme = "http"

    def __init__(
        self,
        configuration: FunctionConfiguration,
        flavour: Flavour,
        options: HostOptions,
        authorizer: Mapping[str, Json] | None,
        row: ListenerType,
    ) -> None:
        self._configuration = configuration
        self._row = row
        self._flavour = flavour
        self._authorizer = authorizer
        self._host = Host(options)
        self._service: LambdaService | None = None
        self._server: ListenerServer | None = None

    async def start(self) -> list[int]:
        """Load the handler and open the port."""
        function = Function(self._configuration, self._host.target(self._configuration))
        await function.start()
        self._service = LambdaService([function])
        reference = FunctionReference(self._configuration.name)
        listener = listener_of(self._flavour, ListenerContext(self._service), reference, self._authorizer, self._row)
        self._server = ListenerServer(listener, idle_timeout_s=listener.steps.port.idle_timeout_s)
        await self._server.start()
        return [self._server.port]

    async def stop(self) -> None:
        """Close the port and end the processes."""
        if self._server:
            await self._server.stop(_GRACE_S)
        if self._service:
            await self._service.aclose()
        await self._host.aclose()


class _Stack:
    """Everything that a configuration file describes."""

    scheme = "http"

    def __init__(self, file: Path, options: HostOptions) -> None:
        self._file = file
        self._options = options
        self._gateway: Gateway | None = None

    async def start(self) -> list[int]:
        """Load all handlers and open all ports."""
        settings = load_settings(self._file, os.environ)
        self.scheme = next((it.protocol.lower() for it in settings.listeners), self.scheme)
        self._gateway = Gateway(settings, self._options)
        await self._gateway.start()
        return [server.port for server in self._gateway.servers]

    async def stop(self) -> None:
        """Close the ports and end the processes."""
        if self._gateway:
            await self._gateway.stop(_GRACE_S)


class GatewayServer:
    """A gateway that runs until `close`, or until the ``with`` block ends.

    Args:
        target: A handler (a function at the top of a module, or its name such as ``app.handler``), or a configuration
            file (``gateway.toml``, ``.yaml``) with everything in it.
        as_: The type of listener of a handler, a name of `FLAVOURS`.
        timeout: The handler's, in seconds; it is killed after that.
        environment: The handler's variables.
        folder: Where the name of a handler or of a file begins; None for the current folder.
        options: ``authorizer`` (the event's ``requestContext.authorizer``) and what the listener itself takes:
            ``routes``, ``stage``, ``target_group_arn`` …

    Attributes:
        ports: One for each listener, in the order of the configuration; all of them free ones for handlers.
        url: ``http://127.0.0.1:PORT`` of the first, or ``https://…``.

    Raises:
        UsageError: The handler cannot be loaded, the configuration has faults, or there is no such listener type.
    """

    def __init__(
        self,
        target: Handler | str | Path,
        as_: str = "alb",
        *,
        timeout: float = 3.0,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        **options: Any,  # noqa: ANN401 - each listener type has its own
    ) -> None:
        self._log: list[bytes] = []
        host_options = HostOptions(variables=os.environ, log=self._write, python=sys.executable)
        folder = folder or Path.cwd()
        self._running: _Running
        if str(target).endswith(_CONFIGURATION_FILES):
            self._running = _Stack(folder / str(target), host_options)
        elif isinstance(target, Path):
            raise UsageError(f"{target} is no configuration file: give a .toml or .yaml file, or a handler")
        else:
            place = find_handler(target, folder)
            configuration = FunctionConfiguration(
                "test", place.setting, place.folder, timeout_ms=int(timeout * 1000), environment=environment or {}
            )
            authorizer = options.pop("authorizer", None)
            self._running = _OneHandler(
                configuration, build_flavour(as_, options), host_options, authorizer, listener_type_of(as_)
            )
        self._ready: Future[list[int]] = Future()
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)
        self._thread.start()
        try:
            self.ports = self._ready.result()
        except BaseException:
            self._thread.join()
            raise

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"{self._running.scheme}://127.0.0.1:{self.ports[0]}"

    @property
    def log(self) -> str:
        """What the functions have written so far; a worker's output arrives shortly after its answer."""
        return b"".join(self._log).decode("utf-8", "replace")

    def close(self) -> None:
        """Let requests in flight end, then stop every process and the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, chunk: bytes) -> None:
        self._log.append(chunk)
        # pytest shows it where a test fails
        sys.stderr.write(chunk.decode("utf-8", "replace"))

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(report_unhandled)
        self._stop = asyncio.Event()
        try:
            ports = await self._running.start()
        except BaseException as error:  # noqa: BLE001 - it is raised where the server was asked for
            await self._running.stop()
            self._ready.set_exception(error)
            return
        self._ready.set_result(ports)
        await self._stop.wait()
        await self._running.stop()
