"""What a caller of the control port gets when a defect of this package ends its call."""

import uuid

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.defects import report
from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.wire import refused

_TEXT = "An error occurred and the request cannot be processed."


class Failing:
    """ASGI middleware: a defect is logged once, and the caller gets what AWS answers to its own mistakes.

    After the head of an answer only the end of the connection can tell that it is not whole: a server closes it when
    its application returns before the end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is
            report(f"{scope.get('method')} {scope.get('path')}", error)
            if not begun:
                await refused(ApiError("ServiceException", _TEXT), str(uuid.uuid4()))(scope, receive, send)
