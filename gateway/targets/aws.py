"""Functions of the real Lambda service, or of anything that speaks its Invoke API."""

import time
from collections.abc import Callable
from typing import Final

import pybase64

from gateway.errors import UsageError
from gateway.invocation import Failed, Invocation, Outcome, Report, Returned, StreamBroken, TimedOut, Unavailable
from gateway.targets.aws_access import AwsAccess, CredentialsFailed, find_access
from gateway.targets.failures import NOT_READY
from gateway.targets.http_transport import HttpResponse, Timeouts, Transport, TransportError, parse_origin, whole
from gateway.targets.remote_answers import ACCESS_DENIED, fill_in, outcome_of, unreachable
from gateway.targets.remote_name import MAX_TIMEOUT_MS, RemoteName, parse_remote_name
from gateway.targets.remote_stream import streamed_outcome
from gateway.targets.sigv4 import Signer, TargetUri
from gateway.targets.transports import open_public_transport

_TIMEOUTS: Final = Timeouts(connect_s=10, silence_s=MAX_TIMEOUT_MS / 1000 + 10)
"""The service says when a function's own time is over, which may be after 15 minutes."""


class AwsTarget:
    """A function on AWS; implements `gateway.targets.target.Target`.

    The service chooses the request id, and an identity of Cognito cannot be passed on.  For a report with details the
    tail of the log is asked for, except of a stream: only there AWS tells memory and init phase.

    Args:
        spec: ``aws:name[:qualifier]`` or an ARN.
        endpoint_url: Another service than AWS, such as LocalStack or a second gateway; "" for AWS itself or what the
            user's AWS configuration says.
        region: When the name is none with a region; "" leaves it to the user's AWS configuration.
        clock: Seconds since 1970, for signatures.

    Raises:
        UsageError: ``spec`` names no function.
    """

    def __init__(
        self, spec: str, endpoint_url: str = "", region: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self.name: RemoteName = parse_remote_name(spec)
        self._region = self.name.region or region
        self._endpoint_url = endpoint_url
        self._clock = clock
        self._ready: tuple[AwsAccess, Transport] | None = None
        self._uris: dict[bool, tuple[TargetUri, bytes]] = {}

    async def start(self) -> None:
        """Find region, endpoint and credentials; nothing is called.

        Raises:
            UsageError: Something of that is missing.
        """
        access = await find_access(self._region, self._endpoint_url)
        origin = parse_origin(access.endpoint_url)
        query = self.name.query
        for streaming in (False, True):
            path = self.name.path(streaming=streaming)
            uri = TargetUri(origin.authority, path, query)
            self._uris[streaming] = uri, f"{path}?{query}".encode() if query else path.encode()
        try:
            await access.refreshed()
        except CredentialsFailed as error:
            raise UsageError(f"{error}; check aws sts get-caller-identity") from error
        self._ready = access, open_public_transport(origin, _TIMEOUTS)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Call the function; a stream is asked for only when the caller can take it."""
        if self._ready is None:
            return NOT_READY
        access, transport = self._ready
        report = invocation.report
        if report is not None:
            report.queued_at = time.perf_counter()
        try:
            signer = access.ready() or await access.refreshed()
            if report is not None:
                report.started_at = time.perf_counter()
            answer = await self._send(invocation, signer, transport)
            if invocation.streaming and answer.status == 200:
                outcome = await streamed_outcome(answer)
            else:
                outcome = outcome_of(answer, await whole(answer.body))
        except CredentialsFailed as error:
            return Unavailable(ACCESS_DENIED, str(error))
        except TransportError as error:
            return unreachable(error)
        except StreamBroken as broken:
            return Unavailable("ConnectionError", f"{broken.error_type}: {broken.payload.decode(errors='replace')}")
        finally:
            if report is not None:
                report.end(time.perf_counter())
        return outcome if report is None else _reported(outcome, answer, report, tail=invocation.tail)

    async def _send(self, invocation: Invocation, signer: Signer, transport: Transport) -> HttpResponse:
        uri, target = self._uris[invocation.streaming]
        extra = []
        report = invocation.report
        if invocation.tail or (report is not None and report.details and not invocation.streaming):
            extra.append((b"x-amz-log-type", b"Tail"))
        if invocation.client_context:
            extra.append((b"x-amz-client-context", pybase64.b64encode(invocation.client_context)))
        headers = signer.headers(uri, extra, invocation.payload, int(self._clock()))
        if invocation.trace_id:
            headers.append((b"x-amzn-trace-id", invocation.trace_id.encode("latin-1")))  # SDKs never sign it
        return await transport.send("POST", target, headers, invocation.payload, stream=invocation.streaming)

    def renew(self) -> None:
        """Nothing: the service knows when its code changes."""

    async def aclose(self) -> None:
        """Close the connections."""
        ready, self._ready = self._ready, None
        if ready is not None:
            await ready[1].aclose()


def _reported(outcome: Outcome, answer: HttpResponse, report: Report, *, tail: bool) -> Outcome:
    """The outcome, without the tail when only the report asked for it."""
    if not isinstance(outcome, Returned | Failed | TimedOut):
        fill_in(report, answer, b"")
        return outcome
    fill_in(report, answer, outcome.log_tail)
    return outcome if tail else outcome._replace(log_tail=b"")
