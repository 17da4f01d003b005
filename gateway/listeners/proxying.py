"""The integrations of a REST API that call no function: MOCK and HTTP_PROXY.

Facts:

- Their responses have no ``X-Amzn-Trace-Id`` (recorded: localstack/localstack@8b9a79f0, 2024).
- HTTP_PROXY renames the upstream's ``x-amzn-requestid`` too to ``x-amzn-Remapped-…`` (same source) and drops
  ``Content-Encoding`` of requests and ``Via`` of both (API Gateway developer guide, api-gateway-known-issues).
- An upstream that cannot be reached is an INTEGRATION_FAILURE, one that is too slow an INTEGRATION_TIMEOUT.
"""

from collections.abc import AsyncIterator
from typing import Final

import httpx

from gateway.chunks import close_chunks
from gateway.config import apis
from gateway.errors import UsageError
from gateway.targets.http_transport import (
    AnswerTimeout,
    ConnectFailed,
    HttpResponse,
    Origin,
    RequestInvalid,
    Timeouts,
    Transport,
    TransportError,
    parse_origin,
)
from gateway.targets.transports import open_transport
from gateway.translation.desync import Level, classify
from gateway.translation.front_door import framed
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.identifiers import extended_request_id
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.payload_v2 import content_type_of
from gateway.translation.proxy_headers import REST_DROPPED, is_signature, remap
from gateway.translation.route import RouteMatch

_JSON: Final = b"application/json"
_MAX_BYTES: Final = 10 * 1024 * 1024
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_DROPPED: Final = REST_DROPPED | {"content-encoding", "host", "via"}
_OWN_ID: Final = "x-amzn-requestid"


def own_lines(arrival: Arrival) -> list[tuple[bytes, bytes]]:
    """The ids that every response of a REST API has."""
    return [
        (b"x-amzn-RequestId", arrival.request_id.encode()),
        (b"x-amz-apigw-id", extended_request_id(arrival.request_id).encode()),
    ]


def parameter_lines(parameters: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """``…response.header.Name`` → ``'value'`` as lines; how an answer is framed is not for a parameter to say."""
    lines = [
        (name.rpartition(".")[2].encode("latin-1", "replace"), value[1:-1].encode("latin-1", "replace"))
        for name, value in parameters.items()
    ]
    return [line for line in lines if line[0].lower() not in _FRAMING]


def mock_response(settings: apis.Integration, request: Request, arrival: Arrival) -> Response:
    """What a MOCK integration answers."""
    lines = parameter_lines(dict(settings.response_parameters))
    media_type, body = next(iter(settings.response_templates.items()), ("", ""))
    content_type = content_type_of(lines) or media_type.encode("latin-1", "replace") or _JSON
    kept = [line for line in lines if line[0].lower() != b"content-type"]
    return framed(settings.status_code, [*own_lines(arrival), *kept], body.encode(), request, arrival, content_type)


class HttpProxy:
    """An HTTP_PROXY integration."""

    def __init__(self, settings: apis.Integration) -> None:
        self._settings = settings
        self._transports: dict[Origin, Transport] = {}
        self._closed = False

    async def respond(self, request: Request, arrival: Arrival, match: RouteMatch) -> Response:
        """The upstream's answer.

        Raises:
            Refused: It cannot be reached, is too slow, or answers with more than 10 MB.
        """
        uri = self._settings.uri
        if self._closed:
            raise Refused(Cause.INTEGRATION_FAILURE, f"{uri} is not called when the gateway stops")
        if _is_ambiguous(request):
            request = request._replace(ambiguous=True, keep_alive=False)
        try:
            answer = await self._send(request, match)
            body = answer.body if isinstance(answer.body, bytes) else await _whole(answer.body)
        except RequestInvalid as error:
            raise Refused(Cause.BAD_REQUEST, str(error)) from error
        except AnswerTimeout as error:
            raise Refused(Cause.INTEGRATION_TIMEOUT, f"{uri} did not answer in time") from error
        except (TransportError, httpx.InvalidURL, UsageError) as error:
            cause = Cause.INTEGRATION_FAILURE
            if isinstance(error, ConnectFailed) and error.timed_out:
                cause = Cause.INTEGRATION_TIMEOUT
            raise Refused(cause, f"{uri}: {error}") from error
        lines = _response_lines(answer.headers)
        content_type = content_type_of(answer.headers) or _JSON
        return framed(answer.status, [*own_lines(arrival), *lines], body, request, arrival, content_type)

    async def _send(self, request: Request, match: RouteMatch) -> HttpResponse:
        uri = self._settings.uri
        for name, value in match.path_parameters.items():
            uri = uri.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
        if request.raw_query:
            uri += ("&" if "?" in uri else "?") + request.raw_query.decode("latin-1")
        url = httpx.URL(uri)  # encodes what cannot stand in a target
        lines = [
            line
            for line in request.headers
            if line[0].decode("latin-1").lower() not in _DROPPED
            and not (line[0].lower() == b"authorization" and is_signature(line[1].decode("latin-1")))
        ]
        method = self._settings.http_method or request.method
        transport = self._transport(url)
        return await transport.send(method, url.raw_path, lines, request.body, stream=True, last=request.ambiguous)

    def _transport(self, url: httpx.URL) -> Transport:
        origin = parse_origin(f"{url.scheme}://{url.netloc.decode('ascii')}")
        transport = self._transports.get(origin)
        if transport is None:
            timeout_s = self._settings.timeout_in_millis / 1000
            transport = open_transport(origin, Timeouts(timeout_s, timeout_s), verify=True)
            self._transports[origin] = transport
        return transport

    async def aclose(self) -> None:
        """Close the connections."""
        self._closed = True
        for transport in self._transports.values():
            await transport.aclose()


def _is_ambiguous(request: Request) -> bool:
    target = request.raw_path + b"?" + request.raw_query
    version = b"HTTP/1.0" if request.http_version == "1.0" else b"HTTP/1.1"
    found = classify(request.method.encode("latin-1"), target, version, request.headers)
    return request.ambiguous or found.level >= Level.AMBIGUOUS


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    parts = bytearray()
    try:
        async for chunk in chunks:
            parts += chunk
            if len(parts) > _MAX_BYTES:
                raise Refused(Cause.INTEGRATION_FAILURE, f"the answer is over {_MAX_BYTES} bytes")
    finally:
        await close_chunks(chunks)
    return bytes(parts)


def _response_lines(lines: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    renamed = []
    for name, value in lines:
        lower = name.decode("latin-1").lower()
        if lower == _OWN_ID:
            renamed.append((b"x-amzn-Remapped-" + name, value))
        elif lower != "content-type":
            renamed.extend(remap([(name, value)]))
    return renamed
