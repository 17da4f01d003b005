"""HTTP clients whose server is a listener and a handler in this process: no port, no threads, no waiting.

The synchronous client calls the handler in the test's own thread.  The asynchronous one uses a thread of anyio's, since
handlers that wrap ASGI applications run an event loop of their own; it works under asyncio and trio alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import httpx

from gateway.configuration import FunctionConfiguration
from gateway.listener_types import listener_type_of, named_flavour
from gateway.listeners.arrivals import arrive
from gateway.listeners.wire import has_content, keeps_alive
from gateway.testing.call import Handler, HandlerCall, build_configuration, load_handler
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Request
from gateway.translation.sample import SAMPLE_CLIENT, SAMPLE_HOST
from gateway.types import Address


@dataclass(frozen=True, slots=True)
class _Server:
    """What both transports share: from httpx's request to httpx's response."""

    call: HandlerCall
    raise_handler_exceptions: bool
    client: Address

    def request(self, request: httpx.Request, body: bytes) -> Request:
        """The request as a port would have read it."""
        url = request.url
        path, _, query = url.raw_path.partition(b"?")
        return Request(
            method=request.method,
            raw_path=path,
            raw_query=query,
            headers=request.headers.raw,
            body=body,
            client=self.client,
            server=("127.0.0.1", url.port or (443 if url.scheme == "https" else 80)),
            scheme=url.scheme,
            keep_alive=keeps_alive("1.1", request.headers.raw),
        )

    def answer(self, request: Request) -> httpx.Response:
        """Run the handler and give its answer, with the exchange."""
        exchange = self.call.run(request, arrive())
        if exchange.error is not None and self.raise_handler_exceptions:
            raise exchange.error
        response = exchange.response
        extensions: dict[str, Any] = {"gateway": exchange, "http_version": b"HTTP/1.1"}
        if response.reason:
            extensions["reason_phrase"] = response.reason
        body = response.body if has_content(request.method, response.status) else b""
        stream = httpx.ByteStream(body if isinstance(body, bytes) else b"")  # a whole result never gives a stream
        return httpx.Response(response.status, headers=list(response.headers), stream=stream, extensions=extensions)


class LambdaTransport(httpx.BaseTransport):
    """What `lambda_client` gives to httpx; for clients that need more than one transport (``mounts``)."""

    def __init__(self, server: _Server) -> None:
        self._server = server

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer in this thread."""
        return self._server.answer(self._server.request(request, request.read()))

    def close(self) -> None:
        """End what the handler's event loop holds."""
        self._server.call.close()


class AsyncLambdaTransport(httpx.AsyncBaseTransport):
    """What `async_lambda_client` gives to httpx."""

    def __init__(self, server: _Server) -> None:
        self._server = server

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer on a thread of anyio's."""
        translated = self._server.request(request, await request.aread())
        return await anyio.to_thread.run_sync(self._server.answer, translated)

    async def aclose(self) -> None:
        """End what the handler's event loops hold."""
        self._server.call.close()


def lambda_client(
    handler: Handler | str,
    as_: str = "alb",
    *,
    base_url: str = "",
    raise_handler_exceptions: bool = False,
    timeout: float = 3.0,
    environment: Mapping[str, str] | None = None,
    **options: Any,  # noqa: ANN401 - each listener type has its own
) -> httpx.Client:
    """A client whose every request goes through a listener to a handler, in this process and thread.

    What happened in between is on the response: ``response.extensions["gateway"]`` is an `Exchange`.

    Args:
        handler: A function of event and context, or its name as in Lambda's Handler setting.
        as_: The type of listener, a name of `FLAVOURS`.
        base_url: Where paths begin; without it ``http://gateway.test`` for load balancers, else https.
        raise_handler_exceptions: Let what the handler raises out of the client, instead of the listener's answer.
        timeout: The function's, in seconds.  Nothing stops a handler here, but one that took longer is answered as
            Lambda answers, unless a debugger is attached.
        environment: The function's variables, set in this process while the handler runs.
        options: ``authorizer`` (the event's ``requestContext.authorizer``), ``client`` (address and port) and what the
            listener itself takes: ``routes``, ``stage``, ``target_group_arn`` …

    Raises:
        UsageError: There is no such listener type, option or handler.
    """
    server = _server(handler, as_, raise_handler_exceptions, build_configuration(timeout, environment or {}), options)
    return httpx.Client(transport=LambdaTransport(server), base_url=base_url or _base_url(as_), trust_env=False)


def async_lambda_client(
    handler: Handler | str,
    as_: str = "alb",
    *,
    base_url: str = "",
    raise_handler_exceptions: bool = False,
    timeout: float = 3.0,
    environment: Mapping[str, str] | None = None,
    **options: Any,  # noqa: ANN401 - each listener type has its own
) -> httpx.AsyncClient:
    """The same for asynchronous tests, as an ``httpx.AsyncClient``; arguments as for `lambda_client`."""
    server = _server(handler, as_, raise_handler_exceptions, build_configuration(timeout, environment or {}), options)
    return httpx.AsyncClient(
        transport=AsyncLambdaTransport(server), base_url=base_url or _base_url(as_), trust_env=False
    )


def _server(
    handler: Handler | str,
    as_: str,
    raise_handler_exceptions: bool,
    configuration: FunctionConfiguration,
    options: dict[str, Any],
) -> _Server:
    authorizer = options.pop("authorizer", None)
    client = options.pop("client", SAMPLE_CLIENT)
    call = HandlerCall(
        build_flavour(as_, options), load_handler(handler), configuration, authorizer, listener_type_of(as_)
    )
    return _Server(call, raise_handler_exceptions, client)


def _base_url(as_: str) -> str:
    return f"{named_flavour(as_).scheme}://{SAMPLE_HOST}"
