"""A recorded request, sent to a URL."""

from collections.abc import Sequence
from typing import Final

import httpx

from gateway.errors import UsageError
from gateway.observe.differences import Difference
from gateway.observe.recording import Recording
from gateway.recordings.replay import VOLATILE, compare_response
from gateway.translation.messages import Request, Response

TIMEOUT_S: Final = 60.0
"""How long an answer may take."""

_FRAMING: Final = frozenset({b"connection", b"content-length", b"host", b"keep-alive", b"te", b"transfer-encoding"})


class Sender:
    """Sends requests to one origin and compares what comes back.

    Args:
        url: Scheme, host and port; a path is put in front of the recorded one (a stage).
        keep_host: Send the recorded Host instead of the URL's.

    Raises:
        UsageError: The URL is none of HTTP.
    """

    def __init__(self, url: str, *, keep_host: bool = False) -> None:
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise UsageError(f"{url} is no URL: {error}") from error
        if self._url.scheme not in {"http", "https"} or not self._url.host:
            raise UsageError(f"{url} is no URL to send to; write one such as http://127.0.0.1:8000")
        self._keep_host = keep_host
        # No proxy and no netrc of this machine: the request is sent as it was recorded.
        self._client = httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S)

    async def replay(self, recording: Recording, ignore: Sequence[str] = ()) -> list[Difference]:
        """What differs in the response, without what is another's each time.

        Raises:
            UsageError: Nothing answers there.
        """
        now = await self.send(recording.request)
        volatile = [f"/response/headers/{name}" for name in VOLATILE]
        return compare_response(recording, now, (*recording.mask, *volatile, *ignore))

    async def send(self, request: Request) -> Response:
        """Send one request, its path and query byte for byte.

        Raises:
            UsageError: Nothing answers there.
        """
        target = self._url.raw_path.rstrip(b"/") + request.raw_path
        if request.raw_query:
            target += b"?" + request.raw_query
        lines = [(name, value) for name, value in request.headers if name.lower() not in _FRAMING]
        if self._keep_host:
            lines += [(name, value) for name, value in request.headers if name.lower() == b"host"]
        # As an extension of the request, since httpx would take dot segments out of a URL.
        message = httpx.Request(
            request.method, self._url, headers=lines, content=request.body, extensions={"target": target}
        )
        try:
            answer = await self._client.send(message, stream=True)
            body = b"".join([chunk async for chunk in answer.aiter_raw()])
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise UsageError(f"{self._url}: no answer to {request.method} ({why}); is it running?") from error
        return Response(answer.status_code, answer.headers.raw, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
