"""CORS as HTTP APIs and Function URLs answer it.

Facts:

- With a configuration a preflight is answered without the function.  HTTP APIs answer 204 without a body
  (reported; no recording), Function URLs 200 (reported).
- HTTP APIs drop the function's ``access-control-*`` lines and write their own on every response to a matching Origin,
  their own 401 included, in the order allow-origin, vary, allow-credentials (recorded transcripts; API Gateway
  developer guide, http-api-cors).  ``vary: origin`` is absent from transcripts that look like a single configured
  origin, so it is written where the answer depends on the Origin.
- Function URLs add theirs and keep the function's (Lambda developer guide, urls-configuration).
- REST APIs have no such answer: there an OPTIONS method must exist.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.translation.messages import Request

_PREFLIGHT: Final = frozenset({b"origin", b"access-control-request-method"})


@dataclass(frozen=True, slots=True)
class Cors:
    """A CORS configuration, in the members of ``CorsConfiguration``.

    Attributes:
        allow_origins: Origins, ``*``, or a scheme with ``*`` such as ``https://*``.
        allow_methods: Methods or ``*``.
        allow_headers: Names or ``*``.
        expose_headers: Names or ``*``.
        max_age: Seconds that a browser may keep a preflight, None for not saying so.
        allow_credentials: Whether browsers may send cookies.
    """

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False

    def is_preflight(self, request: Request) -> bool:
        """OPTIONS with Origin and Access-Control-Request-Method (Fetch standard)."""
        return request.method == "OPTIONS" and len({name.lower() for name, _ in request.headers} & _PREFLIGHT) == 2

    def allowed_origin(self, request: Request) -> bytes:
        """The value of allow-origin for a request, b"" when it sent no Origin or one that is not allowed."""
        for name, value in request.headers:
            if len(name) == 6 and name.lower() == b"origin":
                return self._answer(value)
        return b""

    def _answer(self, origin: bytes) -> bytes:
        if "*" in self.allow_origins:
            return origin if self.allow_credentials else b"*"
        text = origin.decode("latin-1")
        for allowed in self.allow_origins:
            if allowed == text or (allowed.endswith("*") and text.startswith(allowed[:-1])):
                return origin
        return b""

    def lines(self, request: Request) -> list[tuple[bytes, bytes]]:
        """What a response to this request gets, preflights aside; nothing without an allowed Origin."""
        origin = self.allowed_origin(request)
        if not origin:
            return []
        lines = [(b"access-control-allow-origin", origin)]
        if origin != b"*" and (len(self.allow_origins) > 1 or self.allow_origins[0].endswith("*")):
            lines.append((b"vary", b"origin"))
        if self.allow_credentials:
            lines.append((b"access-control-allow-credentials", b"true"))
        if self.expose_headers:
            lines.append((b"access-control-expose-headers", _list(self.expose_headers)))
        return lines

    def preflight_lines(self, request: Request) -> list[tuple[bytes, bytes]]:
        """What a preflight's answer gets; nothing without an allowed Origin."""
        lines = [line for line in self.lines(request) if line[0] != b"access-control-expose-headers"]
        if lines:
            if self.allow_methods:
                lines.append((b"access-control-allow-methods", _list(self.allow_methods)))
            if self.allow_headers:
                lines.append((b"access-control-allow-headers", _list(self.allow_headers)))
            if self.max_age is not None:
                lines.append((b"access-control-max-age", b"%d" % self.max_age))
        return lines


def without_cors(lines: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Lines without the function's own CORS answer, which an HTTP API with a configuration ignores."""
    return [line for line in lines if not line[0].lower().startswith(b"access-control-")]


def _list(names: tuple[str, ...]) -> bytes:
    return ",".join(names).encode("latin-1", "replace")
