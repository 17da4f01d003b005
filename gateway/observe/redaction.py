"""Secrets out of what is written down, by the names of headers and query keys.

The same value becomes the same text in the request, in its event, in the function's result and in the response, so a
redacted request still gives the redacted event.  What is kept shows the shape: the scheme of ``Authorization``, the
names of cookies, the attributes of ``Set-Cookie``.  Bodies are kept as they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import unquote_plus

from gateway.translation.payload_v2 import joined_query
from gateway.types import HeaderList, Json

REDACTED: Final = "redacted"

DEFAULT_HEADERS: Final = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-amz-security-token",
        "x-amzn-oidc-accesstoken",
        "x-amzn-oidc-data",
        "x-api-key",
        "x-auth-token",
        "x-csrf-token",
    }
)
"""Lower-case names of headers that hold secrets."""

DEFAULT_QUERY_KEYS: Final = frozenset(
    {
        "access_token",
        "api_key",
        "apikey",
        "client_secret",
        "code",
        "id_token",
        "passwd",
        "password",
        "refresh_token",
        "secret",
        "sig",
        "signature",
        "token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
    }
)
"""Lower-case keys of a query whose values are secrets."""

_SIGV4: Final = "AWS4-HMAC-SHA256"
_SCHEMES: Final = frozenset({"basic", "bearer", "digest", "dpop", "negotiate"})
_URLS: Final = frozenset({"location", "referer"})
_COOKIES: Final = frozenset({"cookie", "set-cookie"})
_IDENTITY: Final = frozenset({"accessKey", "apiKey"})

_Change: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Redaction:
    """Which values are secrets; names are compared without case.

    Attributes:
        headers: Lower-case names of request and response headers.
        query_keys: Lower-case keys of a query, decoded; they count in the URLs of Location and Referer too.
    """

    headers: frozenset[str] = DEFAULT_HEADERS
    query_keys: frozenset[str] = DEFAULT_QUERY_KEYS

    def value(self, name: str, value: str) -> str:
        """A header's value as it may be written down."""
        lower = name.lower()
        if lower in self.headers:
            if lower in _COOKIES:
                return _cookies(value) if lower == "cookie" else _set_cookie(value)
            # Part by part: an event may have joined several lines with a comma.
            return ",".join(_credentials(part) for part in value.split(","))
        if lower in _URLS and "?" in value:
            before, _, query = value.partition("?")
            return f"{before}?{self.query(query)}"
        return value

    def lines(self, lines: HeaderList) -> list[tuple[bytes, bytes]]:
        """Header lines as they may be written down; Latin-1 takes every byte there and back."""
        return [
            (name, self.value(name.decode("latin-1"), value.decode("latin-1")).encode("latin-1"))
            for name, value in lines
        ]

    def query(self, query: str) -> str:
        """A query, still encoded, without secret values."""
        return "&".join(self._pair(segment) for segment in query.split("&"))

    def _pair(self, segment: str) -> str:
        key, equals, value = segment.partition("=")
        return f"{key}={REDACTED}" if equals and value and self._secret_key(key) else segment

    def _secret_key(self, key: str) -> bool:
        return unquote_plus(key).lower() in self.query_keys

    def event(self, event: Json) -> Json:
        """An event of any front door, changed where a secret stands."""
        if not isinstance(event, dict):
            return event
        changed = self._headers(event)
        for name in ("queryStringParameters", "multiValueQueryStringParameters"):
            if isinstance(members := changed.get(name), dict):
                changed[name] = {key: self._parameter(key, value) for key, value in members.items()}
        raw_query = changed.get("rawQueryString")
        if isinstance(raw_query, str) and raw_query:
            changed["rawQueryString"] = redacted = self.query(raw_query)
            # The map holds joined values, so it is made anew like the front door made it.
            changed["queryStringParameters"] = joined_query(redacted.encode())
        if isinstance(context := changed.get("requestContext"), dict):
            changed["requestContext"] = _context(context)
        return changed

    def result(self, result: Json) -> Json:
        """A function's result; what is no response object stays as it is."""
        return self._headers(result) if isinstance(result, dict) else result

    def _headers(self, message: dict[str, Json]) -> dict[str, Json]:
        """An event or a result with its headers and cookies changed; the rest is shared."""
        changed = dict(message)
        for member in ("headers", "multiValueHeaders"):
            if isinstance(headers := message.get(member), dict):
                changed[member] = {name: self._header(name, value) for name, value in headers.items()}
        if isinstance(cookies := message.get("cookies"), list):
            response = "statusCode" in message
            name = "set-cookie" if response else "cookie"
            changed["cookies"] = [self._header(name, cookie) for cookie in cookies]
        return changed

    def _header(self, name: str, value: Json) -> Json:
        return _each(value, lambda text: self.value(name, text))

    def _parameter(self, key: str, value: Json) -> Json:
        return _each(value, _secret) if self._secret_key(key) else value


def _each(value: Json, change: _Change) -> Json:
    """A text changed, or each text of a list."""
    if isinstance(value, list):
        return [_each(member, change) for member in value]
    return change(value) if isinstance(value, str) else value


def _secret(value: str) -> str:
    return REDACTED if value else value


def _context(context: dict[str, Json]) -> dict[str, Json]:
    identity = context.get("identity")
    if not isinstance(identity, dict):
        return context
    kept = {name: _each(value, _secret) if name in _IDENTITY else value for name, value in identity.items()}
    return {**context, "identity": kept}


def _credentials(value: str) -> str:
    if value.startswith(_SIGV4):  # REST APIs keep it from the function, so it must stay one
        return f"{_SIGV4} {REDACTED}"
    scheme, space, _ = value.strip().partition(" ")
    return f"{scheme} {REDACTED}" if space and scheme.lower() in _SCHEMES else _secret(scheme)


def _cookies(value: str) -> str:
    return "; ".join(_cookie(pair) for pair in value.split("; "))


def _set_cookie(value: str) -> str:
    pair, semicolon, attributes = value.partition(";")
    return _cookie(pair) + semicolon + attributes


def _cookie(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={_secret(value)}" if equals else _secret(pair)


def redaction_with(headers: Iterable[str] = (), query_keys: Iterable[str] = ()) -> Redaction:
    """The default rules and these names."""
    return Redaction(
        DEFAULT_HEADERS | {name.lower() for name in headers}, DEFAULT_QUERY_KEYS | {key.lower() for key in query_keys}
    )
