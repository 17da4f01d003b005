"""AWS Signature Version 4 for the calls of one function: pure, and ten times quicker than building a request object.

Facts, from the AWS general reference (Signature Version 4) and botocore's signer, which the tests compare with

- Signed are ``host`` and the ``x-amz-…`` lines, with their names in lower case and sorted; the hash is of the body.
- The canonical path is the path as sent, percent-encoded once more (``%3A`` becomes ``%253A``).
- The signing key is good for one day, region and service.
"""

import hmac
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import quote

_ALGORITHM: Final = b"AWS4-HMAC-SHA256"


class Keys(NamedTuple):
    """An identity; ``token`` is "" for keys that do not expire."""

    access_key: str
    secret_key: str
    token: str = ""


class TargetUri(NamedTuple):
    """Where calls go, the same for all of them; ``path`` and ``query`` as they go on the wire, the query sorted."""

    host: str
    path: str
    query: str = ""


class Signer:
    """Signs POST requests of one identity to one service."""

    def __init__(self, keys: Keys, region: str, service: str = "lambda") -> None:
        self._keys = keys
        self._scope_end = f"/{region}/{service}/aws4_request".encode()
        self._parts = (region, service, "aws4_request")
        self._fixed = [(b"x-amz-security-token", keys.token.encode())] if keys.token else []
        self._second = -1
        self._day = b""
        self._key = b""
        self._stamp = b""

    def headers(
        self, uri: TargetUri, extra: Sequence[tuple[bytes, bytes]], body: bytes, epoch_s: int
    ) -> list[tuple[bytes, bytes]]:
        """All header lines of a signed request.

        Args:
            uri: Where it goes.
            extra: ``x-amz-…`` lines, names in lower case.
            body: The body.
            epoch_s: Now, in seconds.
        """
        if epoch_s != self._second:
            self._tick(epoch_s)
        signed = [(b"host", uri.host.encode()), *extra, (b"x-amz-date", self._stamp), *self._fixed]
        if extra:
            signed.sort()
        names = b";".join([name for name, _ in signed])
        canonical = b"POST\n%b\n%b\n%b\n%b\n%b" % (
            _encoded(uri.path),
            uri.query.encode(),
            b"".join([b"%b:%b\n" % line for line in signed]),
            names,
            sha256(body).hexdigest().encode(),
        )
        scope = self._day + self._scope_end
        digest = sha256(canonical).hexdigest().encode()
        text = b"%b\n%b\n%b\n%b" % (_ALGORITHM, self._stamp, scope, digest)
        signature = hmac.digest(self._key, text, "sha256").hex().encode()
        credential = self._keys.access_key.encode() + b"/" + scope
        value = b"%b Credential=%b, SignedHeaders=%b, Signature=%b" % (_ALGORITHM, credential, names, signature)
        return [*signed, (b"authorization", value)]

    def _tick(self, epoch_s: int) -> None:
        """A new second, and perhaps a new day with its own key."""
        self._second = epoch_s
        self._stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(epoch_s)).encode()
        day = self._stamp[:8]
        if day != self._day:
            self._day, self._key = day, signing_key(self._keys.secret_key, (day.decode(), *self._parts))


def signing_key(secret_key: str, scope: Iterable[str]) -> bytes:
    """The key of a scope: day, region, service and ``aws4_request``."""
    key = b"AWS4" + secret_key.encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@lru_cache(maxsize=256)  # one per function and operation
def _encoded(path: str) -> bytes:
    return quote(path, safe="/-_.~").encode()
