"""Which names promise a secret: of headers, of query keys and form fields, of members of JSON.

A name is taken apart into words, whichever way it is written (``X-Access-Token``, ``accessToken``,
``user[access_token]``).  One word or pair of words decides, unless others say that it is only about a secret
(``token_type``, ``X-Request-Token-Count``, ``maxTokens``).  Doubt counts as a secret: what is redacted can be recorded
again, what is published cannot be taken back.
"""

import re
from enum import Enum
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

# fmt: off
_WORDS: Final = frozenset({
    "assertion", "auth", "authorization", "bearer", "cred", "credential", "credentials", "creds", "csc", "csrf", "cvc",
    "cvc2", "cvv", "cvv2", "dpop", "hmac", "jsessionid", "jwe", "jws", "jwt", "mfa", "otp", "pass", "passcode",
    "passphrase", "passwd", "password", "passwords", "phpsessid", "pin", "psk", "pwd", "saml", "secret", "secrets",
    "sessid", "session", "sid", "sig", "signature", "ssn", "token", "tokens", "totp", "xsrf",
})
"""Words that make a name one of a secret."""

_PARTS: Final = re.compile(
    "accesskey|apikey|assertion|authkey|authtoken|clientcert|csrf|jwt|passphrase|passwd|password|privatekey|"
    "samlre|secret|sessionid|sessid|signature|signingkey|token|xsrf|credential"
)
"""The same inside of names that are written in one."""

_KEYS: Final = frozenset({
    "access", "account", "admin", "api", "app", "auth", "client", "consumer", "dev", "developer", "encryption",
    "function", "functions", "host", "license", "master", "private", "rapidapi", "secret", "service", "shared",
    "signing", "ssh", "storage", "subscription", "write",
})
"""What stands before ``key`` where it is a secret."""

_CODES: Final = frozenset({
    "access", "activation", "auth", "authorization", "backup", "confirmation", "device", "invite", "login", "otp",
    "recovery", "reset", "security", "sms", "user", "verification",
})
"""What stands before ``code`` where it is a secret."""

_ABOUT: Final = frozenset({
    "age", "alg", "algorithm", "arn", "at", "attempts", "audience", "budget", "cost", "count", "counts", "created",
    "credentials_allowed", "date", "description", "disabled", "domain", "duration", "enabled", "endpoint", "error",
    "exp", "expiration", "expire", "expires", "expiry", "field", "format", "header", "hint", "in", "index", "issued",
    "issuer", "kind", "label", "len", "length", "limit", "limits", "message", "method", "methods", "mode", "name",
    "names", "offset", "placeholder", "policy", "position", "provider", "rate", "reason", "remaining", "required",
    "rotation", "scheme", "scope", "scopes", "size", "source", "status", "strength", "supported", "time", "timeout",
    "total", "ttl", "type", "types", "updated", "uri", "url", "usage", "use", "used", "valid", "version",
})
"""Last words of names that tell something about a secret."""

_COUNTED: Final = frozenset({
    "completion", "continuation", "input", "max", "min", "next", "num", "output", "page", "pagination", "prompt",
    "sync", "total",
})
"""What stands with ``token`` where it is a piece of text or a place in a list."""

_HARMLESS_HEADERS: Final = frozenset({
    "authentication-info", "cache-key", "idempotency-key", "proxy-authenticate", "sec-websocket-accept",
    "sec-websocket-key", "surrogate-key", "www-authenticate", "x-cache-key", "x-idempotency-key",
})
_EXACT: Final = frozenset({"code", "key", "nonce", "state"})
"""Names that are secrets in a query or a form (OAuth, Google's APIs), and everyday words in JSON."""
# fmt: on

_OPEN: Final = frozenset({"auth", "authorization", "jwt", "mfa", "saml", "session", "sid"})
"""Words of tables that hold all kinds of things: there each member's own name decides."""

_SPLIT: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LONGEST: Final = 256


class Place(Enum):
    """Where a name stands."""

    HEADER = "header"
    FIELD = "a query, a form or a cookie"
    MEMBER = "JSON"


@lru_cache(maxsize=1024)
def is_secret_name(name: str, place: Place) -> bool:
    """Whether what stands under a name is a secret; of a long name the end counts."""
    if place is Place.FIELD and "%" in name:
        name = unquote_plus(name)
    name = name[-_LONGEST:]
    if place is Place.HEADER and _harmless_header(name.lower()):
        return False
    words = [word.lower() for word in _SPLIT.findall(name)]
    if not words or _is_about(words):
        return False
    if place is Place.FIELD and len(words) == 1 and words[0] in _EXACT:
        return True
    return _one_is_secret(words) or _last_two_are(words, place)


def hides_all(name: str) -> bool:
    """Whether all members of a table with the name of a secret are secrets."""
    return _OPEN.isdisjoint(word.lower() for word in _SPLIT.findall(name[-_LONGEST:]))


def _harmless_header(name: str) -> bool:
    return name in _HARMLESS_HEADERS or name.startswith("access-control-")


def _is_about(words: list[str]) -> bool:
    """The id of a key can be published, but those of AWS's access keys are kept out of files all the same."""
    return (words[-1] in _ABOUT and len(words) > 1) or (words[-2:] == ["key", "id"] and "access" not in words)


def _one_is_secret(words: list[str]) -> bool:
    joined = "".join(words)
    if _WORDS.isdisjoint(words) and not _PARTS.search(joined):
        return False
    return _COUNTED.isdisjoint(words) or "token" not in joined


def _last_two_are(words: list[str], place: Place) -> bool:
    """``…-key`` and ``…_code``; a header that ends with ``key`` is one of a secret whatever stands before it."""
    before, last = words[-2:] if len(words) > 1 else ("", words[-1])
    if last in ("cert", "certificate"):
        return before == "client"
    if last == "key":
        return before in _KEYS or (place is Place.HEADER and before not in ("public", "cache", "idempotency"))
    return last == "code" and before in _CODES
