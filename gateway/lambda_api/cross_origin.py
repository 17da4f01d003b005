"""The control port and web pages: those of other origins are refused, those of allowed ones get CORS.

Facts (Fetch standard, "CORS protocol"; WICG Private Network Access):

- A preflight is OPTIONS with Origin and Access-Control-Request-Method; it is never signed.
- Without credentials a page sees only the headers that Access-Control-Expose-Headers names, and a few more.
- ``Authorization`` must be named in Access-Control-Allow-Headers; ``*`` does not stand for it.
- Chrome gives up on a preflight that asks for a private network and gets no word about it.
"""

import logging
import re
import uuid
from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.wire import Wire, refused
from gateway.same_origin import AllowedCallers, allows_origin, refusal, shown
from gateway.types import HeaderList

log = logging.getLogger("gateway")

TARGET: Final = "gateway.target"
"""The extension of an ASGI scope that has the request target as it was sent."""

_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_NAMES: Final = re.compile(rb"[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*")
_LONGEST: Final = 4096
_EXPOSED: Final = (
    b"Date, X-Amz-Executed-Version, X-Amz-Function-Error, X-Amz-Log-Result, x-amzn-ErrorType, "
    b"x-amzn-Remapped-Content-Length, x-amzn-RequestId, X-Amzn-Trace-Id"
)
_MAX_AGE_S: Final = b"600"


class CrossOrigin:
    """An application that answers programs, and pages of allowed origins.

    A refused request gets 403 before its body is read and before the application sees it.

    Args:
        app: What is behind it.
        allowed: Who may call beside programs on this machine.
    """

    def __init__(self, app: ASGIApp, allowed: AllowedCallers) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the application's lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, headers = scope["method"], scope["headers"]
        target = scope.get("extensions", {}).get(TARGET, scope["raw_path"])
        reason = refusal(method, target, headers, self._allowed, pages=True)
        if reason:
            log.warning("control port: %s %s -> 403: %s", method, shown(scope["raw_path"]), reason)
            await refused(ApiError("AccessDeniedException", reason), str(uuid.uuid4()))(scope, receive, send)
            return
        origins = [value for name, value in headers if name == b"origin" and allows_origin(value, self._allowed)]
        asked = dict(headers)
        if not origins:
            await self._app(scope, receive, send)
        elif method == "OPTIONS" and b"access-control-request-method" in asked:
            await Wire(204, [*_allowing(origins[0]), *_preflight_lines(asked)])(scope, receive, send)
        else:
            lines = [*_allowing(origins[0]), (b"Access-Control-Expose-Headers", _EXPOSED)]
            await self._app(scope, receive, _with_lines(send, lines))


def _allowing(origin: bytes) -> HeaderList:
    return [(b"Access-Control-Allow-Origin", origin), (b"Vary", b"Origin")]


def _preflight_lines(asked: dict[bytes, bytes]) -> Iterable[tuple[bytes, bytes]]:
    yield b"Access-Control-Allow-Methods", _METHODS
    names = asked.get(b"access-control-request-headers", b"")
    # The SDKs' own headers differ from version to version, and whoever may invoke may send any of them.
    if len(names) <= _LONGEST and _NAMES.fullmatch(names):
        yield b"Access-Control-Allow-Headers", names
    if asked.get(b"access-control-request-private-network") == b"true":
        yield b"Access-Control-Allow-Private-Network", b"true"
    yield b"Access-Control-Max-Age", _MAX_AGE_S


def _with_lines(send: Send, lines: HeaderList) -> Send:
    async def send_with_lines(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *lines]}
        await send(message)

    return send_with_lines
