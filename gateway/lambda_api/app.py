"""The control port: the Invoke API beside the gateway's own pages."""

import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.functions.service import LambdaService
from gateway.lambda_api.call import LambdaApiContext, given_request_id
from gateway.lambda_api.cross_origin import CrossOrigin
from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.failing import Failing
from gateway.lambda_api.health import Health
from gateway.lambda_api.invoke import invoke, invoke_async
from gateway.lambda_api.signature import SignatureCheck
from gateway.lambda_api.stream import invoke_with_response_stream
from gateway.lambda_api.strict import signed
from gateway.lambda_api.wire import refused
from gateway.observe.record import Observer
from gateway.same_origin import THIS_MACHINE, AllowedCallers

_Operation: TypeAlias = Callable[[Request, LambdaApiContext, str], Awaitable[Response]]


def build_control_app(
    functions: LambdaService,
    reset: Callable[[], Awaitable[None]],
    signature: SignatureCheck | None = None,
    routes: Iterable[Route] = (),
    allowed: AllowedCallers = THIS_MACHINE,
    observer: Observer | None = None,
) -> ASGIApp:
    """Wire the control port.

    Args:
        functions: What can be invoked; its owner starts and stops it.
        reset: Replaces all execution environments.
        signature: Strict mode; without it every caller is served, signed or not.
        routes: What else is on the port; each checks signatures for itself.
        allowed: Who may call beside programs on this machine.
        observer: Told of each call of Invoke; None tells nobody.

    Returns:
        An ASGI application.
    """
    context = LambdaApiContext(functions, signature, observer)
    health = Health(functions.functions, reset)
    verify = signature.check if signature is not None else None
    unknown = signed(_unknown, verify)

    async def unrouted(request: Request, error: Exception) -> Response:
        del error
        return await unknown(request)

    app = Starlette(
        routes=[
            # The names are paths: a slash in one is refused by its pattern, as AWS does, and not by the router.
            _post("/2015-03-31/functions/{name:path}/invocations", context, invoke),
            _post(
                "/2021-11-15/functions/{name:path}/response-streaming-invocations", context, invoke_with_response_stream
            ),
            _post("/2014-11-13/functions/{name:path}/invoke-async", context, invoke_async),
            Route("/_gateway/health", signed(health.health, verify), methods=["GET"]),
            Route("/_gateway/reset", signed(health.reset, verify), methods=["POST"]),
            *routes,
        ],
        exception_handlers={404: unrouted, 405: unrouted, ClientDisconnect: _gone},
        middleware=[Middleware(Failing)],
    )
    app.router.redirect_slashes = False  # a redirect is an answer, too, and nobody would have signed for it
    return CrossOrigin(app, allowed)


def _post(path: str, context: LambdaApiContext, operation: _Operation) -> Route:
    async def endpoint(request: Request) -> Response:
        request_id = str(uuid.uuid4())
        try:
            request_id = given_request_id(request) or request_id
            return await operation(request, context, request_id)
        except ApiError as error:
            return refused(error, request_id)

    return Route(path, endpoint, methods=["POST"])


async def _unknown(request: Request) -> Response:
    """No recording shows AWS's own body for this; the text is ours and says what would be answered."""
    text = (
        f"No operation answers {request.method} {request.url.path}. Here are Invoke "
        "(POST /2015-03-31/functions/NAME/invocations), InvokeWithResponseStream, InvokeAsync, "
        "GET /_gateway/health, GET /_gateway/target-health/PORT of a load balancer and POST /_gateway/reset."
    )
    return refused(ApiError("UnknownOperationException", text), str(uuid.uuid4()))


async def _gone(request: Request, error: Exception) -> Response:
    """Half a request came and then its end, which is no mistake of this gateway; nobody is left to read this."""
    del request, error
    return Response(status_code=400)
