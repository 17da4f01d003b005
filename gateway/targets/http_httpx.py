"""The HTTP client that people know: httpx, for AWS with its certificates and proxies, and for mocked tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from gateway.targets.http_framing import exactly, is_ambiguous, without_framing
from gateway.targets.http_transport import (
    AnswerTimeout,
    BadAnswer,
    Body,
    ConnectFailed,
    ConnectionLost,
    HttpResponse,
    Origin,
    Timeouts,
    whole,
)
from gateway.types import HeaderList


class HttpxTransport:
    """Implements `gateway.targets.http_transport.Transport` for services on the internet.

    What a server sends behind an answer stays unseen here, so this is for servers that are trusted.  ``proxies`` heeds
    the variables of proxies.
    """

    def __init__(self, origin: Origin, timeouts: Timeouts, *, proxies: bool = True) -> None:
        self._url = origin.url
        connect_s, silence_s = timeouts
        self._client = httpx.AsyncClient(
            trust_env=proxies,
            timeout=httpx.Timeout(silence_s, connect=connect_s, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # answers of one client are not another's
        )

    async def send(
        self,
        method: str,
        target: bytes,
        headers: HeaderList,
        body: Body = b"",
        *,
        length: int | None = None,
        stream: bool = False,
        last: bool = False,
    ) -> HttpResponse:
        """Send one request; see `gateway.targets.http_transport.Transport`."""
        lines = without_framing(headers)
        if length is not None and not isinstance(body, bytes):
            lines.append((b"Content-Length", b"%d" % length))
            body = exactly(body, length)
        if last:
            lines.append((b"Connection", b"close"))
        request = httpx.Request(
            method,
            self._url + target.decode("latin-1"),
            headers=lines,
            content=body,
            extensions={"target": target, "timeout": self._client.timeout.as_dict()},  # the target as it is
        )
        with _translated():
            response = await self._client.send(request, stream=True)
        answered = list(response.headers.raw)
        if is_ambiguous(answered):
            await response.aclose()
            raise BadAnswer(f"{self._url}: the length of the answer can be read in two ways")
        reason = response.extensions.get("reason_phrase", b"")
        chunks = _Chunks(response)
        if stream:
            return HttpResponse(response.status_code, reason, answered, chunks)
        return HttpResponse(response.status_code, reason, answered, await whole(chunks))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


class _Chunks:
    """The body as it came over the wire, with httpx's errors as our own."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._raw: AsyncIterator[bytes] = response.aiter_raw()

    def __aiter__(self) -> "_Chunks":
        return self

    async def __anext__(self) -> bytes:
        with _translated():
            return await anext(self._raw)

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise ConnectFailed(_text(error), timed_out=True) from error
    except httpx.ConnectError as error:
        raise ConnectFailed(_text(error)) from error
    except httpx.TimeoutException as error:
        raise AnswerTimeout(_text(error)) from error
    except (httpx.ProtocolError, httpx.UnsupportedProtocol) as error:
        # Only h11's sentence tells an end of the connection from bytes that are not HTTP.
        lost = "disconnected" in str(error) or "closed connection" in str(error)
        raise (ConnectionLost if lost else BadAnswer)(_text(error)) from error
    except httpx.TransportError as error:
        raise ConnectionLost(_text(error)) from error


def _text(error: httpx.TransportError) -> str:
    return f"{error.request.url.scheme}://{error.request.url.netloc.decode()}: {str(error) or type(error).__name__}"
