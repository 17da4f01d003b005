"""The control port's HTTP/1.1: uvicorn's, with the request target as it was sent."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.lambda_api.cross_origin import TARGET


class ControlProtocol(HttpToolsProtocol):
    """Gives the application the whole target: ASGI leaves out the authority of an absolute one."""

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self.scope["extensions"] = {TARGET: self.url}  # type: ignore[dict-item]  # uvicorn's own have dictionaries
        super().on_headers_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """No line: an upgrade is answered as any other request, and no package that uvicorn names changes that."""
