"""Key sets: who waits for what, and what an issuer may send."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

from gateway.listeners.key_set import DocumentLimits, KeySet, KeysUnavailable, parse_key_set, read_document
from gateway.listeners.key_set_state import FRESH_S, PAUSE_S
from gateway.listeners.server import ListenerServer
from gateway.types import Json
from tests.listeners.doubles import EchoListener, whole

pytestmark = pytest.mark.anyio

PUBLIC: dict[str, Json] = RSAAlgorithm.to_jwk(generate_private_key(65537, 2048).public_key(), as_dict=True)


def listed(*names: str) -> dict[str, Json]:
    """A JWK Set with a key of each of these ids."""
    return {"keys": [{**PUBLIC, "kid": name} for name in names]}


class Issuer:
    """An issuer whose answer is held back until `released` is set.

    Attributes:
        asked: How often it was asked.
        answer: What it says; an exception is raised.
        now: The key set's clock.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.answer: dict[str, Json] | KeysUnavailable = listed("one")
        self.released = asyncio.Event()
        self.called = asyncio.Event()
        self.now = 0.0
        self.keys = KeySet(self.fetch, clock=lambda: self.now)

    async def fetch(self) -> dict[str, Json]:
        """Get the keys."""
        self.asked += 1
        self.called.set()
        await self.released.wait()
        if isinstance(self.answer, KeysUnavailable):
            raise self.answer
        return self.answer

    async def ids(self, key_id: str | None) -> list[str | None]:
        """The ids of the keys for a token."""
        return [key.key_id for key in await self.keys.candidates(key_id)]


async def silent() -> Issuer:
    """An issuer that gave its keys once and then, some time later, is asked again and says nothing."""
    issuer = Issuer()
    issuer.released.set()
    assert await issuer.ids("one") == ["one"]
    issuer.released.clear()
    issuer.called.clear()
    issuer.now = PAUSE_S
    return issuer


async def test_one_fetch_for_all() -> None:
    """Tokens that come together wait for one fetch."""
    issuer = Issuer()
    waiting = [asyncio.ensure_future(issuer.ids(key_id)) for key_id in ("one", None, "made up")]
    await issuer.called.wait()
    issuer.released.set()

    assert await asyncio.gather(*waiting) == [["one"], ["one"], []]
    assert issuer.asked == 1


async def test_a_known_key_never_waits() -> None:
    """Neither made-up key ids and a silent issuer nor the age of the keys hold it up."""
    issuer = await silent()
    strangers = [asyncio.ensure_future(issuer.ids(f"made up {number}")) for number in range(5)]
    await issuer.called.wait()

    assert await issuer.ids("one") == ["one"]
    issuer.now = FRESH_S
    assert await issuer.ids("one") == ["one"]
    assert not any(stranger.done() for stranger in strangers)
    issuer.released.set()
    assert await asyncio.gather(*strangers) == [[]] * 5
    assert issuer.asked == 2


async def test_old_keys_are_renewed_behind_the_scenes() -> None:
    """The token that finds them old is judged by them; later ones by the new."""
    issuer = await silent()
    issuer.now = FRESH_S
    issuer.answer = listed("two")
    assert await issuer.ids("one") == ["one"]
    await issuer.called.wait()
    issuer.released.set()

    assert await issuer.ids("two") == ["two"]
    assert await issuer.ids("one") == []


async def test_who_gives_up_leaves_the_fetch_to_the_others() -> None:
    """A client that goes away does not end the fetch."""
    issuer = Issuer()
    gone, there = asyncio.ensure_future(issuer.ids("one")), asyncio.ensure_future(issuer.ids("one"))
    await issuer.called.wait()
    gone.cancel()
    issuer.released.set()

    assert await there == ["one"]
    assert issuer.asked == 1


async def test_failures_count_for_the_pause() -> None:
    """All who waited and all who come soon are told why; each time it is a new exception."""
    issuer = Issuer()
    issuer.answer = KeysUnavailable("JWKSRequestFailed", "it answered 500")
    issuer.released.set()
    seen: list[KeysUnavailable] = []
    for _ in range(3):
        with pytest.raises(KeysUnavailable, match="it answered 500") as caught:
            await issuer.keys.candidates("one")
        assert caught.value not in seen
        seen.append(caught.value)
        assert caught.value.reason == "JWKSRequestFailed"
    issuer.now, issuer.answer = PAUSE_S, listed("one")

    assert await issuer.ids("one") == ["one"]
    assert issuer.asked == 2


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "JWKSResponseInvalid"),
        ({"keys": {}}, "JWKSResponseInvalid"),
        ({"keys": [{"kty": "RSA", "kid": "one"}]}, "JWKSResponseInvalid"),
        (listed(*"abcd"), "JWKSResponseSizeExceeded"),
    ],
)
async def test_no_key_set(document: dict[str, Json], reason: str) -> None:
    """It must be a list of few keys, and if there are RSA keys one must be good."""
    with pytest.raises(KeysUnavailable) as caught:
        parse_key_set(document, 3)

    assert caught.value.reason == reason


async def test_key_set() -> None:
    """RSA keys are kept under their ids, several with one id together, the others left out."""
    others: list[Json] = ["x", {"kty": "EC", "kid": "two"}, {"kty": "RSA", "kid": "bad"}, {**PUBLIC, "kid": 1}]
    good = listed("one", "one")["keys"]
    assert isinstance(good, list)
    keys = parse_key_set({"keys": [*others, *good]})

    assert {key_id: len(found) for key_id, found in keys.items()} == {None: 3, "one": 2}


@pytest.fixture
async def served() -> AsyncIterator[tuple[EchoListener, str]]:
    """A server for documents, and its address."""
    listener = EchoListener()
    server = ListenerServer(listener)
    await server.start()
    yield listener, f"http://127.0.0.1:{server.port}"
    await server.stop(0)


async def read(url: str, timeout_s: float = 30.0) -> dict[str, Json]:
    """A document of at most 100 bytes."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
        return await read_document(client, url, DocumentLimits(100, timeout_s))


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"x" * 101, 200, "JWKSResponseSizeExceeded"),
        (b"[]", 200, "JWKSResponseInvalid"),
        (b"no json", 200, "JWKSResponseInvalid"),
        (b"{}", 500, "JWKSRequestFailed"),
        (b"{}", 302, "JWKSRequestFailed"),
    ],
)
async def test_a_document_that_cannot_be_used(
    served: tuple[EchoListener, str], body: bytes, status: int, reason: str
) -> None:
    """Neither a long one, nor another kind, nor an error, nor a way to somewhere else."""
    listener, url = served
    listener.answers[b"/keys"] = lambda request: whole(request, body)._replace(
        status=status, headers=[(b"location", b"/other"), (b"content-length", b"%d" % len(body))]
    )
    listener.answers[b"/other"] = lambda request: whole(request, b"{}")
    with pytest.raises(KeysUnavailable) as caught:
        await read(f"{url}/keys")

    assert caught.value.reason == reason


async def test_a_document(served: tuple[EchoListener, str]) -> None:
    """It is asked for as it is: a packed one could be of any size."""
    listener, url = served
    listener.answers[b"/keys"] = lambda request: whole(request, orjson.dumps({"keys": []}))

    assert await read(f"{url}/keys") == {"keys": []}
    assert (b"accept-encoding", b"identity") in [(name.lower(), value) for name, value in listener.requests[0].headers]


async def test_a_silent_server(served: tuple[EchoListener, str]) -> None:
    """The time is one for the whole document."""
    listener, url = served
    listener.gates[b"/keys"] = asyncio.Event()
    with pytest.raises(KeysUnavailable) as caught:
        await read(f"{url}/keys", timeout_s=0.05)

    assert caught.value.reason == "JWKSRequestTimeout"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/keys", "http://[", "nowhere"])
async def test_no_server(url: str) -> None:
    """An address that leads nowhere is told, whatever is wrong with it."""
    with pytest.raises(KeysUnavailable) as caught:
        await read(url)

    assert caught.value.reason == "JWKSRequestTimeout"
