"""What a logged-in client brings with each request: an encrypted session, in cookies of at most 4 KB.

Facts, from the AWS ELB user guide ("Authenticate users") and recorded requests of clients (2019-2025)

- The cookies are named ``AWSELBAuthSessionCookie-0``, ``-1`` …, the first number always there; their values are base64
  of the standard alphabet.
- A cookie over 4 KB is spread over several.  What is inside is the load balancer's own affair.
- ``AWSALBAuthNonce`` holds 16 letters and digits and outlives the login.
"""

import base64
import binascii
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.translation.headers import http_date, values_of
from gateway.translation.messages import Request
from gateway.types import EpochMs, Json

NONCE_COOKIE: Final = "AWSALBAuthNonce"
"""The cookie that ties a login to the browser that began it."""

_COOKIE_BYTES: Final = 4096
# Behind the value: Expires, Path, Secure, HttpOnly.
_ATTRIBUTES_BYTES: Final = 80
_GCM_NONCE_BYTES: Final = 12


class Session(NamedTuple):
    """A logged-in user.

    Attributes:
        client: The issuer and the client id that the session was made with.
        claims: What the user info endpoint said.
        access_token: What the token endpoint gave.
        refresh_token: "" when the provider gave none.
        access_until: When the access token expires.
        ends_at: When the user must log in again whatever the tokens say.
    """

    client: str
    claims: dict[str, Json]
    access_token: str
    refresh_token: str
    access_until: EpochMs
    ends_at: EpochMs


class Seal:
    """Encrypts what clients keep for the load balancer, with AES-256-GCM.

    ``purpose`` is bound to it, so that a state cannot stand in for a session.
    """

    def __init__(self, key: bytes, purpose: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra

        self._cipher = AESGCM(key)
        self._purpose = purpose

    def close(self, content: Json) -> str:
        """JSON as base64 text that only `open` can read."""
        nonce = os.urandom(_GCM_NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, orjson.dumps(content), self._purpose)).decode()

    def open(self, text: str) -> Json:
        """What was closed.

        Raises:
            ValueError: The text is not one of `close`, or was changed.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        try:
            sealed = base64.b64decode(text, validate=True)
            nonce, rest = sealed[:_GCM_NONCE_BYTES], sealed[_GCM_NONCE_BYTES:]
            content: Json = orjson.loads(self._cipher.decrypt(nonce, rest, self._purpose))
        except (binascii.Error, InvalidTag) as error:
            raise ValueError("it was not made by this load balancer") from error
        return content


def cookies_of(request: Request) -> dict[str, str]:
    """Name → value; of two cookies of one name the first, which has the more specific path (RFC 6265, 5.4)."""
    cookies: dict[str, str] = {}
    for line in values_of(request.headers, b"cookie"):
        for pair in line.decode("latin-1").split(";"):
            key, _, value = pair.strip().partition("=")
            cookies.setdefault(key, value)
    return cookies


def read_session(cookies: dict[str, str], name: str, seal: Seal) -> Session | None:
    """The session of a request, None when it has no cookie of that name.

    Raises:
        AuthenticationFailure: AuthInvalidCookie, for a cookie that was changed or that another load balancer made.
    """
    text = "".join(shard for _, shard in _shards(cookies, name))
    if not text:
        return None
    try:
        opened = seal.open(text)
    except ValueError as error:
        raise AuthenticationFailure("AuthInvalidCookie", f"the cookie {name} cannot be read: {error}") from error
    match opened:
        case [str(client), dict(claims), str(access), str(refresh), int(access_until), int(ends_at)]:
            return Session(client, claims, access, refresh, access_until, ends_at)
        case _:
            raise AuthenticationFailure("AuthInvalidCookie", f"the cookie {name} has another shape")


def write_session(session: Session, name: str, seal: Seal, cookies: dict[str, str]) -> Iterator[tuple[bytes, bytes]]:
    """The ``Set-Cookie`` lines of a session; they also remove cookies of an earlier, longer one."""
    text = seal.close(list(session))
    room = _COOKIE_BYTES - len(name) - _ATTRIBUTES_BYTES
    shards = [text[start : start + room] for start in range(0, len(text), room)]
    for number, shard in enumerate(shards):
        yield set_cookie(f"{name}-{number}", shard, session.ends_at)
    for number, _ in list(_shards(cookies, name))[len(shards) :]:
        yield set_cookie(f"{name}-{number}", "", 0)


def set_cookie(name: str, value: str, expires: EpochMs) -> tuple[bytes, bytes]:
    """A ``Set-Cookie`` line for the whole site, which no script can read."""
    line = f"{name}={value}; Expires=".encode("latin-1")
    return b"Set-Cookie", line + http_date(expires) + b"; Path=/; Secure; HttpOnly"


def _shards(cookies: dict[str, str], name: str) -> Iterator[tuple[int, str]]:
    number = 0
    while (value := cookies.get(f"{name}-{number}")) is not None:
        yield number, value
        number += 1
