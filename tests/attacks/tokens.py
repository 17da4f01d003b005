"""Credentials, good and broken: JSON Web Tokens and AWS signatures."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.attacks.case import Dice

ISSUER: Final = "https://issuer.attack.test"
KEY_ID: Final = "attack"
ACCESS_KEY: Final = "AKIDATTACK"
SECRET: Final = "attack-secret"
REGION: Final = "us-east-1"

_HEADERS: Final[tuple[dict[str, Any], ...]] = (
    {"alg": "none"}, {"alg": "None"}, {"alg": ""}, {"alg": None}, {"alg": 1}, {"alg": ["RS256"]}, {},
    {"alg": "HS256", "kid": KEY_ID}, {"alg": "RS512", "kid": KEY_ID}, {"alg": "RS256"}, {"alg": "RS256", "kid": ""},
    {"alg": "RS256", "kid": None}, {"alg": "RS256", "kid": 7}, {"alg": "RS256", "kid": {}},
    {"alg": "RS256", "kid": "../../x"}, {"alg": "RS256", "kid": "x" * 3000}, {"alg": "ES256", "kid": KEY_ID},
    {"alg": "RS256", "kid": KEY_ID, "crit": ["x"]}, {"alg": "RS256", "kid": KEY_ID, "crit": 1},
    {"alg": "RS256", "kid": KEY_ID, "b64": False}, {"alg": "RS256", "kid": KEY_ID, "jku": "http://127.0.0.1:1/"},
    {"alg": "RS256", "kid": KEY_ID, "jwk": {}}, {"alg": "RS256", "kid": "\0"},
    {"alg": "RS256", "kid": KEY_ID, "zip": "DEF"}, {"alg": "RS256", "kid": KEY_ID, "typ": 1},
    {"alg": "PS256", "kid": KEY_ID}, {"alg": "EdDSA"},
)  # fmt: skip
_CLAIMS: Final[tuple[dict[str, Any], ...]] = (
    {"exp": None}, {"exp": "x"}, {"exp": -1}, {"exp": 10**30}, {"exp": True}, {"exp": []}, {"exp": {}},
    {"exp": "9999999999"}, {"exp": 1e308}, {"exp": float("nan")}, {"exp": float("inf")}, {"exp": 0}, {"nbf": "x"},
    {"nbf": 10**12}, {"nbf": None}, {"nbf": []}, {"iat": "x"}, {"iat": 10**12}, {"iat": {}}, {"iss": None}, {"iss": 1},
    {"iss": []}, {"iss": "x"}, {"aud": None}, {"aud": 1}, {"aud": []}, {"aud": [1]}, {"aud": {}},
    {"aud": ["attack", None]}, {"sub": None}, {"sub": 1}, {"sub": "\ud800"}, {"sub": "\0"}, {"sub": "x" * 5000},
    {"scope": 1}, {"scope": []}, {"scope": ["a", 1]}, {"scope": None}, {"client_id": 1}, {"x": [[[[]]]]}, {"x": None},
    {"x": 1.5}, {"": ""}, {"x": {"y": "z"}},
)  # fmt: skip
_AUTHORIZATIONS: Final = (
    b"", b"Bearer", b"Bearer ", b"bearer x", b"Bearer x.y", b"Bearer x.y.z", b"Bearer ...", b"Bearer a.b.c.d",
    b"Bearer \xff.\xff.\xff", b"x", b"Basic", b"Basic x", b"Basic Og==", b"Digest x", b"allow", b"deny",
    b"Bearer allow", b"Bearer e30.e30.", b"Bearer e30.bnVsbA.x", b"Bearer MQ.MQ.MQ", b"AWS4-HMAC-SHA256",
    b"AWS4-HMAC-SHA256 ", b"AWS4-HMAC-SHA256 Credential=", b"AWS4-HMAC-SHA256 ,,,=,",
    b"AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=;;;, Signature=x", b"Bearer " + b"a." * 2000,
    b"Bearer =.=.=", b"AWS AKID:x",
    b"AWS4-HMAC-SHA256 Credential=AKIDATTACK/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0",
    b"AWS4-HMAC-SHA256 Credential=AKIDATTACK/\xff/us-east-1/lambda/aws4_request, SignedHeaders=\xff, Signature=\xff",
    b"AWS4-ECDSA-P256-SHA256 Credential=x, SignedHeaders=host, Signature=y", b"Bearer eyJhbGciOiJSUzI1NiJ9.W10.x",
    b"Bearer bnVsbA.bnVsbA.x",
)  # fmt: skip


class Tokens(NamedTuple):
    """Values of ``Authorization`` with a token, and the key set that checks the signed ones."""

    values: tuple[bytes, ...]
    key_set: bytes


@lru_cache(maxsize=1)
def tokens() -> Tokens:
    """Tokens with every odd header and claim, signed where their header can be; made once."""
    import jwt  # noqa: PLC0415 - its first use costs as much as a gateway's start
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415

    key = rsa.generate_private_key(65537, 2048)
    header = {"alg": "RS256", "kid": KEY_ID}
    claims = {"iss": ISSUER, "aud": "attack", "exp": int(time.time()) + 10**6, "sub": "me", "scope": "pets/read"}

    def token(head: dict[str, Any], payload: bytes) -> bytes:
        signed = _encoded(json.dumps(head).encode()) + b"." + _encoded(payload)
        return signed + b"." + _encoded(RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed, key))

    good = token(header, json.dumps(claims).encode())
    values = [good] * 10
    values += [token(head, json.dumps(claims).encode()) for head in _HEADERS]
    values += [token(header, json.dumps(claims | odd).encode()) for odd in _CLAIMS]
    values += [
        token(header, payload) for payload in (b"", b"[]", b"null", b"1", b"\xff", b"{", b"[" * 5000, b'{"exp":1e400}')
    ]
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}
    del jwt
    return Tokens(tuple(b"Bearer " + value for value in values), json.dumps({"keys": [public]}).encode())


def authorization(dice: Dice) -> bytes:
    """A line ``Authorization`` that is good or broken in one of many ways."""
    values = tokens().values if dice.chance(0.6) else _AUTHORIZATIONS
    value = dice.one(values)
    if dice.chance(0.1):
        at = dice.upto(len(value) + 1)
        value = value[:at] + bytes([33 + dice.upto(200)]) + value[at:]
    return b"Authorization: " + value.replace(b"\x7f", b"") + b"\r\n"


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed_lines(
    request: tuple[bytes, bytes, bytes], host: bytes, service: str, options: Sequence[tuple[bytes, bytes]] = ()
) -> bytes:
    """The header lines that sign a request: method, path without query, and body.

    ``options`` are ``X-Amz-`` lines of the request, each name once and with an ASCII value, that are signed too.  The
    path must be one that the canonical form does not change but for its percent signs.
    """
    method, path, body = request
    now = time.gmtime()
    stamp, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
    digest = hashlib.sha256(body).hexdigest()
    lines = {"host": host.decode(), "x-amz-content-sha256": digest, "x-amz-date": stamp}
    lines |= {name.decode().lower(): value.decode().strip() for name, value in options}
    head = "".join(f"{name}:{value}\n" for name, value in sorted(lines.items()))
    names = ";".join(sorted(lines))
    canonical_path = path.decode().replace("%", "%25")
    canonical = f"{method.decode()}\n{canonical_path}\n\n{head}\n{names}\n{digest}"
    scope = f"{day}/{REGION}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(_signing_key(day, service), text.encode(), hashlib.sha256).hexdigest()
    value = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
    return f"X-Amz-Date: {stamp}\r\nX-Amz-Content-Sha256: {digest}\r\nAuthorization: {value}\r\n".encode()


@lru_cache(maxsize=16)
def _signing_key(day: str, service: str) -> bytes:
    key = f"AWS4{SECRET}".encode()
    for part in (day, REGION, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
