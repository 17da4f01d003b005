"""What a token says, and every way to say it wrongly."""

import base64
import hmac

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from gateway.listeners.tokens import NoToken, instant, read_object, signed_payload, token_head
from gateway.types import Json

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = jwt.PyJWK({**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one"}, "RS256")
DEEP = b"[" * 5000 + b"]" * 5000

NOT_READ = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"text", id="no JSON"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b'"text"', id="a text"),
    pytest.param(b"null", id="null"),
    pytest.param(b"1", id="a number"),
    pytest.param(b'{"exp":NaN}', id="NaN"),
    pytest.param(b'{"exp":Infinity}', id="infinity"),
    pytest.param(b'{"exp":-Infinity}', id="minus infinity"),
    pytest.param(b'{"exp":1e400}', id="more than a double holds"),
    pytest.param(b'{"exp":' + b"9" * 5000 + b"}", id="5,000 digits"),
    pytest.param(b'{"a":' + DEEP + b"}", id="5,000 lists in each other"),
    pytest.param(b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", id="40 lists in each other"),
    pytest.param(b'{"a":"\xff"}', id="not UTF-8"),
    pytest.param(b'{"a":1} x', id="more behind it"),
]
"""Contents that are no object of finite numbers."""


@pytest.mark.parametrize("content", NOT_READ)
def test_what_is_no_object_is_refused(content: bytes) -> None:
    """As claims and as a header, with one error that says so."""
    head = base64.urlsafe_b64encode(content).decode()
    with pytest.raises(NoToken):
        read_object(content)
    with pytest.raises(NoToken):
        token_head(f"{head}.e30.x")


def test_of_two_members_with_one_name_the_last_counts() -> None:
    """RFC 7519 allows that, and the signature covers both."""
    assert read_object(b'{"exp":1,"exp":2}') == {"exp": 2}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (-1, -1),
        (1.5, 1.5),
        (10**18, 10**18),
        (1e300, 1e300),
        (True, None),
        (False, None),
        ("1800000000", None),
        ("", None),
        (None, None),
        ([1], None),
        ({}, None),
    ],
)
def test_only_a_number_is_a_time(value: Json, expected: float | None) -> None:
    """True is none, though Python counts it as one."""
    assert instant(value) == expected


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "é.é.é", "a.b.c"])
def test_a_text_that_is_no_token(token: str) -> None:
    """Three parts of base64, the first one an object."""
    with pytest.raises(NoToken):
        token_head(token)


@pytest.mark.parametrize("kid", [None, 1, True, ["one"], {"a": "one"}])
def test_a_key_id_is_a_text(kid: Json) -> None:
    """Nothing else is looked up."""
    head = base64.urlsafe_b64encode(orjson.dumps({"alg": "RS256", "kid": kid})).decode()
    with pytest.raises(NoToken, match="kid"):
        token_head(f"{head}.e30.x")


def signed(payload: bytes, algorithm: str = "RS256", **head: Json) -> str:
    """A token of the issuer."""
    return jwt.PyJWS().encode(payload, KEY, algorithm, headers={"kid": "one", **head})


def forged(head: bytes, signature: bytes = b"") -> str:
    """A token that nobody signed."""
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (head, b"{}", signature))


def test_a_signed_payload_comes_as_it_is() -> None:
    """The bytes that were signed, whatever they say."""
    assert signed_payload(signed(b'{"exp":NaN}'), PUBLIC, ["RS256"]) == b'{"exp":NaN}'


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(b"{}", "RS512"), id="an algorithm that is not taken"),
        pytest.param(forged(b'{"alg":"none"}'), id="none"),
        pytest.param(forged(b'{"alg":"None"}'), id="None"),
        pytest.param(forged(b'{"alg":"RS256"}'), id="no signature"),
        pytest.param(forged(b'{"alg":["RS256"]}'), id="a list of algorithms"),
        pytest.param(forged(b"{}"), id="no algorithm"),
        pytest.param(forged(b'{"alg":"HS256"}', b"x" * 32), id="HS256"),
        pytest.param(forged(b'{"alg":"RS256","a":' + b"[" * 900 + b"]" * 900 + b"}"), id="900 lists in each other"),
        pytest.param(forged(b'{"alg":"RS256","a":' + DEEP + b"}"), id="5,000 lists in each other"),
        pytest.param(forged(b'{"alg":"RS256","a":' + b"9" * 5000 + b"}"), id="5,000 digits"),
        pytest.param(forged(b'{"alg":"RS256","b64":false,"crit":["b64"]}'), id="a payload that is elsewhere"),
        pytest.param(forged(b'{"alg":"RS256","crit":["x"]}'), id="an extension that nobody knows"),
        pytest.param("a.b.c", id="no token"),
    ],
)
def test_anything_else_is_not_signed(token: str) -> None:
    """Neither another algorithm nor a broken header passes, and none is an error."""
    assert signed_payload(token, PUBLIC, ["RS256"]) is None


def test_a_secret_made_of_the_public_key_is_not_taken() -> None:
    """The old confusion of a public key with a shared secret."""
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = forged(b'{"alg":"HS256"}').rpartition(".")[0]
    signature = base64.urlsafe_b64encode(hmac.digest(pem, text.encode(), "sha256")).decode()

    assert signed_payload(f"{text}.{signature}", PUBLIC, ["RS256"]) is None
