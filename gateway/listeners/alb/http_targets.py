"""A target group of plain HTTP servers, as instances or IP addresses are for a load balancer.

Facts, from the AWS ELB user guide (target groups; "Troubleshoot your Application Load Balancers")

- A refused connection, a reset, an answer that is no HTTP or whose length is not clear, and more than 32 KB of header
  lines give 502; no connection within 10 seconds and no answer within the idle timeout give 504.
- Round robin is the default; ``least_outstanding_requests`` counts what is on its way.
- Certificates of targets are not checked.
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from random import choice  # a load balancer's choice need not be secret
from time import perf_counter
from typing import Final

from gateway.chunks import close_chunks
from gateway.config.settings import TargetGroupSettings
from gateway.errors import Fault, FaultKind
from gateway.invocation import StreamBroken
from gateway.listeners.alb.target_stickiness import TargetStickiness, target_stickiness
from gateway.observe.record import Exchange
from gateway.targets.http_transport import (
    AnswerTimeout,
    Body,
    ConnectFailed,
    HttpResponse,
    RequestInvalid,
    Timeouts,
    Transport,
    TransportError,
    parse_origin,
)
from gateway.targets.transports import open_transport
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.alb_forward import Framing, request_lines, response_lines, stream_length
from gateway.translation.alb_request import refuse_target
from gateway.translation.flavours.alb import RESPONSE_HEADERS_BYTES, Alb
from gateway.translation.headers import wire_size
from gateway.translation.messages import Arrival, Request, Response
from gateway.types import HeaderList

log = logging.getLogger("gateway")

_CONNECT_S: Final = 10.0
_NO_CONTENT: Final = 204
_NOT_MODIFIED: Final = 304


class HttpTarget:
    """One server.

    Attributes:
        transport: None before `HttpTargetGroup.start` and after `HttpTargetGroup.aclose`.
        in_flight: Requests on their way, streams included.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.origin = parse_origin(url)
        self.transport: Transport | None = None
        self.in_flight = 0


class _Piped:
    """The server's body on its way to the client; the request is over when it ends."""

    def __init__(self, body: AsyncIterator[bytes], target: HttpTarget) -> None:
        self._body = body
        self._target: HttpTarget | None = target

    def __aiter__(self) -> "_Piped":
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._body)
        except StopAsyncIteration:
            self._over()
            raise
        except TransportError as error:
            url = self._target.url if self._target else "the target"
            self._over()
            raise StreamBroken("ConnectionError", f"{url}: {error}".encode()) from error

    def _over(self) -> None:
        if self._target:
            self._target.in_flight -= 1
            self._target = None

    async def aclose(self) -> None:
        self._over()
        await close_chunks(self._body)


class HttpTargetGroup:
    """Implements `gateway.listeners.alb.target_groups.TargetGroup`.

    Args:
        settings: The group; its targets are addresses of servers.
        arn: As the access log names it.
        attributes: The load balancer's.
        sticky_key: The secret behind cookies, at most 64 bytes.
        fit: The targets that get requests, of those in ``settings``; see `HealthChecker.fit`.
        idle_timeout_s: The load balancer's ``idle_timeout.timeout_seconds``.

    Raises:
        UsageError: A target is no address of a server.
    """

    accepts_streams = True

    def __init__(
        self,
        settings: TargetGroupSettings,
        arn: str,
        attributes: AlbAttributes,
        sticky_key: bytes,
        fit: Callable[[], Sequence[str]] | None = None,
        idle_timeout_s: float = 60.0,
    ) -> None:
        self.name = settings.name
        self.arn = arn
        self._attributes = attributes
        self._pages = Alb(arn, attributes=attributes)
        self._timeouts = Timeouts(_CONNECT_S, idle_timeout_s)
        self._algorithm = str(settings.attributes["load_balancing.algorithm.type"])
        self._stickiness: TargetStickiness | None = target_stickiness(settings.attributes, settings.name, sticky_key)
        self._targets = {url: HttpTarget(url) for url in settings.targets}
        self._fit = fit or (lambda: settings.targets)
        self._turn = 0

    async def start(self) -> None:
        """Make ready to connect."""
        for target in self._targets.values():
            target.transport = open_transport(target.origin, self._timeouts)

    async def aclose(self) -> None:
        """Close all connections."""
        for target in self._targets.values():
            transport, target.transport = target.transport, None
            if transport:
                await transport.aclose()

    async def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:
        """Pass the request on and the answer back; a stream stays one, both ways."""
        try:
            refuse_target(request)
            lines = request_lines(request, arrival, self._attributes)
            if exchange:
                exchange.invoked_at = perf_counter()
            target, answer = await self._ask(request, arrival, lines)
            if exchange:
                exchange.answered_at = perf_counter()
                exchange.target = target.url
            return await self._answered(target, answer, request, arrival)
        except Fault as fault:
            unread = request.stream is not None
            response = self._pages.refuse(fault, request._replace(keep_alive=False) if unread else request, arrival)
            path = request.raw_path.decode("latin-1")
            log.warning("%s %s -> %d: %s", request.method, path, response.status, fault)
            return response

    async def _ask(self, request: Request, arrival: Arrival, lines: HeaderList) -> tuple[HttpTarget, HttpResponse]:
        """The answer of the first target that can be reached.

        Raises:
            Fault: There is none.
        """
        failure = Fault(FaultKind.CONNECTION_ERROR, "the target group has no targets")
        for target in self._candidates(request, arrival):
            try:
                return target, await self._send(target, request, lines)
            except ConnectFailed as error:  # nothing was sent, so the next one may have it
                kind = FaultKind.CONNECTION_TIMEOUT if error.timed_out else FaultKind.CONNECTION_ERROR
                failure = Fault(kind, str(error))
            except RequestInvalid as error:
                raise Fault(FaultKind.MALFORMED, str(error)) from error
            except AnswerTimeout as error:
                raise Fault(FaultKind.CONNECTION_TIMEOUT, f"{target.url}: {error}") from error
            except TransportError as error:
                raise Fault(FaultKind.CONNECTION_ERROR, f"{target.url}: {error}") from error
            except ConnectionResetError as error:
                raise Fault(FaultKind.MALFORMED, str(error)) from error
        raise failure

    async def _send(self, target: HttpTarget, request: Request, lines: HeaderList) -> HttpResponse:
        path = request.raw_path + b"?" + request.raw_query if request.raw_query else request.raw_path
        body: Body = request.body if request.stream is None else request.stream
        if target.transport is None:
            raise ConnectFailed(f"nothing connects to {target.url} before the gateway has started and when it stops")
        target.in_flight += 1
        try:
            return await target.transport.send(
                request.method,
                path,
                lines,
                body,
                length=None if isinstance(body, bytes) else stream_length(request),
                stream=True,
                last=request.ambiguous,
            )
        except BaseException:
            target.in_flight -= 1
            raise

    def _candidates(self, request: Request, arrival: Arrival) -> list[HttpTarget]:
        """All targets that may get the request, in the order in which they are tried."""
        fit = [self._targets[url] for url in self._fit()]
        if len(fit) < 2:
            return fit
        self._turn = (self._turn + 1) % len(fit)
        ordered = fit[self._turn :] + fit[: self._turn]
        if self._algorithm == "least_outstanding_requests":
            ordered.sort(key=lambda target: target.in_flight)
        elif self._algorithm == "weighted_random":
            first = choice(ordered)  # noqa: S311 - see the import
            ordered.sort(key=lambda target: target is not first)
        sticky = self._stickiness.target(request, arrival.epoch_ms) if self._stickiness else None
        if sticky:
            ordered.sort(key=lambda target: target.url != sticky)
        return ordered

    async def _answered(self, target: HttpTarget, answer: HttpResponse, request: Request, arrival: Arrival) -> Response:
        body: Body = answer.body if isinstance(answer.body, bytes) else _Piped(answer.body, target)
        if isinstance(body, bytes):
            target.in_flight -= 1
        if wire_size(answer.headers) > RESPONSE_HEADERS_BYTES:
            if isinstance(body, _Piped):
                await body.aclose()
            raise Fault(FaultKind.CONNECTION_ERROR, f"{target.url}: over {RESPONSE_HEADERS_BYTES} bytes of lines")
        framing = _framing(answer, request, body)
        if framing.chunked and request.http_version == "1.0":
            request = request._replace(keep_alive=False)  # only the connection's end shows where the body ends
        if framing.chunked and isinstance(body, bytes):
            body = _one(body)  # what came in chunks goes in chunks, short as it may be
        cookies: list[tuple[bytes, bytes]] = []
        if self._stickiness:
            cookies = self._stickiness.cookies(request, answer.headers, target.url, arrival.epoch_ms)
        lines = response_lines(answer.headers, framing, cookies, request, arrival, self._attributes)
        return Response(answer.status, lines, body, answer.reason, not request.keep_alive)


def _framing(answer: HttpResponse, request: Request, body: Body) -> Framing:
    """How the body goes on; only a length that belongs to no body, as that of HEAD, is the server's word."""
    length: int | None = None
    coded = False
    for name, value in answer.headers:
        if len(name) == 14 and name.lower() == b"content-length":
            length = int(value)  # a number of 64 bits, or it would be no answer
        elif len(name) == 17 and name.lower() == b"transfer-encoding":
            coded = True
    if answer.status == _NO_CONTENT:
        return Framing(None)
    if request.method == "HEAD" or answer.status == _NOT_MODIFIED:
        return Framing(length)
    if coded and request.http_version == "1.1":
        return Framing(None, chunked=True)
    if isinstance(body, bytes):
        return Framing(len(body))
    return Framing(length, chunked=length is None)


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body
