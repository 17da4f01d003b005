"""The keys of an issuer of tokens: fetched once for all who wait, bounded in time and size, and kept.

`KeySetState` decides; this is the clock, the connection and the waiting.  Load balancers and APIs use the same.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import orjson

from gateway.defects import report
from gateway.errors import GatewayError
from gateway.listeners.key_set_state import KeySetState
from gateway.types import Json

if TYPE_CHECKING:
    import httpx
    from jwt import PyJWK

Fetch: TypeAlias = Callable[[], Awaitable[dict[str, Json]]]
"""Gets the JWK Set (RFC 7517); raises `KeysUnavailable`."""
MOST_KEYS: Final = 500
"""What the bytes of a key set have room for anyway."""


class KeysUnavailable(GatewayError):
    """The keys cannot be had.

    Attributes:
        reason: The load balancer's code: ``JWKSRequestFailed``, ``JWKSRequestTimeout``, ``JWKSResponseInvalid`` or
            ``JWKSResponseSizeExceeded``.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class DocumentLimits(NamedTuple):
    """How large a document of an issuer may be, and how long it may take from the first byte asked to the last read."""

    size: int
    timeout_s: float


class KeySet:
    """The public keys of one issuer.

    Args:
        fetch: Gets them; must end in bounded time.
        most: How many keys a set may have.
        clock: Seconds; only differences count.
    """

    def __init__(self, fetch: Fetch, most: int = MOST_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._most = most
        self._clock = clock
        self._state: KeySetState[PyJWK] = KeySetState()
        self._flight: asyncio.Task[None] | None = None

    async def candidates(self, key_id: str | None) -> "tuple[PyJWK, ...]":
        """The keys that may have signed a token: the one it names, all when it names none; () when there is none.

        Raises:
            KeysUnavailable: The issuer did not give its keys, so this one may or may not be among them.
        """
        while True:
            answer = self._state.ask(key_id, self._clock())
            if answer.fetch:
                self._state = self._state.began()
                self._flight = asyncio.get_running_loop().create_task(self._fly())
            if not answer.wait or self._flight is None:
                break
            # Who gives up leaves the fetch to the others.
            await asyncio.shield(self._flight)
        if answer.problem is not None:
            raise KeysUnavailable(*answer.problem)
        return answer.keys

    async def _fly(self) -> None:
        keys: Mapping[str | None, tuple[PyJWK, ...]] | None = None
        problem = ("JWKSRequestFailed", "the fetch was given up")
        try:
            keys = parse_key_set(await self._fetch(), self._most)
        except KeysUnavailable as error:
            problem = (error.reason, str(error))
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is; tokens are refused for as long as after any failure
            report("a fetch of an issuer's keys", error)
        finally:
            now = self._clock()
            self._state = self._state.failed(problem, now) if keys is None else self._state.fetched(keys, now)


def parse_key_set(document: Mapping[str, Json], most: int = MOST_KEYS) -> "dict[str | None, tuple[PyJWK, ...]]":
    """The RSA keys of a JWK Set by their ids, and all of them under None.

    Raises:
        KeysUnavailable: It is none, has too many keys, or RSA keys of which none can be used.
    """
    import jwt  # noqa: PLC0415 - an extra

    listed = document.get("keys")
    if not isinstance(listed, list):
        raise KeysUnavailable("JWKSResponseInvalid", "it has no list of keys")
    if len(listed) > most:
        raise KeysUnavailable("JWKSResponseSizeExceeded", f"{len(listed)} keys; allowed: {most}")
    keys: dict[str | None, tuple[PyJWK, ...]] = {None: ()}
    problem = ""
    for entry in listed:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA":
            continue
        try:
            key = jwt.PyJWK(entry, algorithm="RS256")
        except (jwt.PyJWTError, ValueError) as error:
            problem = str(error)
            continue
        keys[None] += (key,)
        if isinstance(kid := entry.get("kid"), str):
            keys[kid] = (*keys.get(kid, ()), key)
    if problem and not keys[None]:
        raise KeysUnavailable("JWKSResponseInvalid", f"no key can be used: {problem}")
    return keys


async def read_document(client: "httpx.AsyncClient", url: str, limits: DocumentLimits) -> dict[str, Json]:
    """A JSON object of an issuer; a redirect is not followed.

    Raises:
        KeysUnavailable: It did not come, or not in time, or is something else.
    """
    import httpx  # noqa: PLC0415 - slow to import, and most listeners check no tokens

    content = bytearray()
    plain = {"accept-encoding": "identity"}  # a small body can be unpacked to a large one
    try:
        async with (
            asyncio.timeout(limits.timeout_s),
            client.stream("GET", url, headers=plain, follow_redirects=False) as answer,
        ):
            if not answer.is_success:
                raise KeysUnavailable("JWKSRequestFailed", f"{url} answered {answer.status_code}")
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) > limits.size:
                    raise KeysUnavailable("JWKSResponseSizeExceeded", f"{url}: more than {limits.size} bytes")
    # RuntimeError: the configuration changed meanwhile, which closes the client
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, RuntimeError) as error:
        raise KeysUnavailable("JWKSRequestTimeout", f"{url}: {type(error).__name__} {error}".rstrip()) from error
    try:
        document: Json = orjson.loads(bytes(content))
    except orjson.JSONDecodeError as error:
        raise KeysUnavailable("JWKSResponseInvalid", f"{url} does not answer with JSON: {error}") from error
    if not isinstance(document, dict):
        raise KeysUnavailable("JWKSResponseInvalid", f"{url} does not answer with an object")
    return document
