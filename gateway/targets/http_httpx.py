"""The HTTP client that people know: httpx, for ``https``, proxies and mocked tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from gateway.targets.http_transport import (
    Answer,
    AnswerTimeout,
    BadAnswer,
    Body,
    ConnectFailed,
    ConnectionLost,
    Origin,
    Timeouts,
    whole,
)
from gateway.types import HeaderList


class HttpxTransport:
    """Implements `gateway.targets.http_transport.Transport`; ``public`` as in `open_transport` there."""

    def __init__(self, origin: Origin, timeouts: Timeouts, *, public: bool = False) -> None:
        self._url = origin.url
        connect_s, silence_s = timeouts
        self._client = httpx.AsyncClient(
            verify=public,
            trust_env=public,
            timeout=httpx.Timeout(silence_s, connect=connect_s, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # answers of one client are not another's
        )

    async def send(
        self, method: str, target: bytes, headers: HeaderList, body: Body = b"", *, stream: bool = False
    ) -> Answer:
        """Send one request; see `gateway.targets.http_transport.Transport`."""
        request = httpx.Request(
            method,
            self._url + target.decode("latin-1"),
            headers=list(headers),
            content=body,
            extensions={"target": target, "timeout": self._client.timeout.as_dict()},  # the target as it is
        )
        with _translated():
            response = await self._client.send(request, stream=True)
        lines = list(response.headers.raw)
        reason = response.extensions.get("reason_phrase", b"")
        chunks = _Chunks(response)
        if stream:
            return Answer(response.status_code, reason, lines, chunks)
        return Answer(response.status_code, reason, lines, await whole(chunks))

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
