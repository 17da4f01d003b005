"""Strict mode for what is not an operation of Lambda: its callers sign too."""

import uuid
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from gateway.lambda_api.call import read_body
from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.wire import refused
from gateway.types import HeaderList

Verify: TypeAlias = Callable[[str, tuple[bytes, bytes], HeaderList, bytes], object]
"""Checks the signature of method, raw path and query, lower-case headers and body; raises an `ApiError`."""

_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def signed(endpoint: _Endpoint, verify: Verify | None) -> _Endpoint:
    """The same endpoint for callers who sign; without ``verify`` it is the same for all."""
    if verify is None:
        return endpoint

    async def checked(request: Request) -> Response:
        scope = request.scope
        try:
            body = await read_body(request)
            verify(request.method, (scope["raw_path"], scope["query_string"]), scope["headers"], body)
        except ApiError as error:
            return refused(error, str(uuid.uuid4()))

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        return await endpoint(Request(scope, replay))

    return checked


def signed_route(route: Route, verify: Verify | None) -> Route:
    """The same route for callers who sign."""
    return Route(route.path, signed(route.endpoint, verify), methods=sorted(route.methods or ()))
