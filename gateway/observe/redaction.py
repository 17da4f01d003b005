"""Secrets out of what is written down: by names, by their shape, and wherever a value that was one stands again.

The same value becomes the same text in the request, in its event, in the function's result and in the response, so a
redacted request still gives the redacted event.  What is kept shows the shape: the scheme of ``Authorization``, the
names of cookies, the attributes of ``Set-Cookie``, the members of a body.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote, unquote, unquote_plus

import pybase64

from gateway.observe.repeated_secrets import RepeatedSecrets
from gateway.observe.secret_bodies import Bodies
from gateway.observe.secret_names import Place, hides_all, is_secret_name
from gateway.observe.secret_shapes import without_shapes
from gateway.translation.headers import first_value
from gateway.translation.payload_v2 import joined_query
from gateway.translation.proxy_headers import is_signature
from gateway.types import HeaderList, Json

REDACTED: Final = "redacted"

DEFAULT_HEADERS: Final = frozenset({"x-amzn-oidc-data", "x-amzn-oidc-identity"})
"""Lower-case names of headers that hold secrets, though no word of theirs says so."""

_SIGV4: Final = "AWS4-HMAC-SHA256"
_SCHEMES: Final = frozenset({"basic", "bearer", "digest", "dpop", "negotiate", "token"})
_COOKIES: Final = frozenset({"cookie", "set-cookie"})
_PROTOCOLS: Final = "sec-websocket-protocol"
_KNOWN_PROTOCOLS: Final = frozenset({
    "actioncable-v1-json", "amqp", "binary", "chat", "graphql-transport-ws", "graphql-ws", "json", "mqtt", "mqttv3.1",
    "ocpp1.6", "ocpp2.0.1", "sip", "soap", "v10.stomp", "v11.stomp", "v12.stomp", "wamp.2.json", "xmpp",
})  # fmt: skip
"""Subprotocols of WebSockets (IANA's registry, and common ones); browsers, which set no headers, send tokens here."""
_SURE_FROM: Final = 16
"""A cookie whose name promises no secret is looked for elsewhere when its value is as long as this."""

_Change: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Redaction:
    """Which values are secrets; names are compared without case.

    Attributes:
        headers: Lower-case names of request and response headers.
        query_keys: Lower-case keys of a query, decoded, of a form and of JSON.
        patterns: Names and values that look like secrets are, too.
    """

    headers: frozenset[str] = DEFAULT_HEADERS
    query_keys: frozenset[str] = frozenset()
    patterns: bool = True

    def named(self, name: str, place: Place) -> bool:
        """Whether what stands under a name is a secret."""
        lower = (unquote_plus(name) if place is Place.FIELD else name).lower()
        if lower in (self.headers if place is Place.HEADER else self.query_keys):
            return True
        return self.patterns and (is_secret_name(name, place) or (place is Place.HEADER and lower in _COOKIES))

    def redactor(self) -> "Redactor":
        """What takes the secrets out of one exchange."""
        return Redactor(self)


class Redactor:
    """Takes the secrets out of one exchange, and remembers them for `again`."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._named = redaction.named
        self._found = RepeatedSecrets(REDACTED)
        self._bodies = Bodies(self._named, self._secret, self.path, self._pair)

    @property
    def idle(self) -> bool:
        """Nothing is a secret."""
        rules = self._redaction
        return not (rules.patterns or rules.headers or rules.query_keys)

    def again(self, document: dict[str, Json]) -> dict[str, Json]:
        """A document without the secrets that were found, wherever they stand."""
        return self._found.without(document)

    def value(self, name: str, value: str) -> str:
        """A header's value as it may be written down."""
        lower = name.lower()
        if self._named(name, Place.HEADER):
            if lower in _COOKIES:
                return self._cookies(value) if lower == "cookie" else self._set_cookie(value)
            # Part by part: an event may have joined several lines with a comma.
            return ",".join(self._credentials(part) for part in value.split(","))
        if lower == _PROTOCOLS and self._redaction.patterns:
            return self._protocols(value)
        return self._no_form(value)

    def lines(self, lines: HeaderList) -> list[tuple[bytes, bytes]]:
        """Header lines as they may be written down; Latin-1 takes every byte there and back."""
        return [
            (name, self.value(name.decode("latin-1"), value.decode("latin-1")).encode("latin-1"))
            for name, value in lines
        ]

    def query(self, query: str) -> str:
        """A query, still encoded, without secret values."""
        return "&".join(map(self._pair, query.split("&")))

    def path(self, path: str) -> str:
        """A path, still encoded, or any other text that is no body."""
        return self._text(path) if self._redaction.patterns else path

    def body(self, body: bytes, lines: HeaderList) -> bytes:
        """A body with the header lines of its message."""
        return body if self.idle else self._bodies.content(body, first_value(lines, b"content-type").decode("latin-1"))

    def event(self, event: Json) -> Json:
        """An event of any front door, changed where a secret stands."""
        if not isinstance(event, dict) or self.idle:
            return event
        changed = self._message(event)
        for name in ("queryStringParameters", "multiValueQueryStringParameters"):
            if isinstance(members := event.get(name), dict):
                changed[name] = {key: self._parameter(key, value) for key, value in members.items()}
        raw_query = event.get("rawQueryString")
        if isinstance(raw_query, str) and raw_query:
            changed["rawQueryString"] = redacted = self.query(raw_query)
            # The map holds joined values, so it is made anew like the front door made it.
            if "queryStringParameters" in changed:
                changed["queryStringParameters"] = joined_query(redacted.encode())
        return changed

    def result(self, result: Json) -> Json:
        """A function's result; one that is no response object is a body."""
        if self.idle:
            return result
        return self._message(result) if isinstance(result, dict) else self.json(result)

    def json(self, value: Json, *, secret: bool = False) -> Json:
        """Any JSON by the names of its members; ``secret`` says that all of it is."""
        if isinstance(value, dict):
            return {key: self._member(key, member, secret=secret) for key, member in value.items()}
        if isinstance(value, list):
            return [self.json(member, secret=secret) for member in value]
        if isinstance(value, str):
            return self._secret(value) if secret else self._bodies.text(value)
        return self._secret(str(value)) if secret and isinstance(value, int | float) and value is not True else value

    def _member(self, key: str, value: Json, *, secret: bool = False) -> Json:
        named = self._named(key, Place.MEMBER) and (not isinstance(value, dict) or hides_all(key))
        return self.json(value, secret=secret or named)

    def _message(self, message: dict[str, Json]) -> dict[str, Json]:
        """An event or a result: headers, cookies and body by their own rules, all other members by their names."""
        changed: dict[str, Json] = {}
        for member, value in message.items():
            if member in ("headers", "multiValueHeaders") and isinstance(value, dict):
                changed[member] = {name: self._header(name, header) for name, header in value.items()}
            elif member == "cookies" and isinstance(value, list):
                name = "set-cookie" if "statusCode" in message else "cookie"
                changed[member] = [self._header(name, cookie) for cookie in value]
            elif member == "body" and isinstance(value, str):
                changed[member] = self._body(value, message)
            else:
                changed[member] = self._member(member, value)
        return changed

    def _body(self, body: str, message: Mapping[str, Json]) -> str:
        kind = _content_type(message)
        if message.get("isBase64Encoded") is not True:
            return self._bodies.content(body.encode("utf-8", "surrogatepass"), kind).decode("utf-8", "surrogatepass")
        try:
            content = pybase64.b64decode(body, validate=True)
        except ValueError:
            return body
        return pybase64.b64encode(self._bodies.content(content, kind)).decode("ascii")

    def _header(self, name: str, value: Json) -> Json:
        return _each(value, lambda text: self.value(name, text))

    def _parameter(self, key: str, value: Json) -> Json:
        """A value of a map, which may be encoded as in the query."""
        return _each(value, lambda text: self._pair(f"{key}={text}")[len(key) + 1 :])

    def _pair(self, pair: str) -> str:
        """A pair of a query or a form; in a value that is no secret a URL may stand that has some."""
        key, _, value = pair.partition("=")
        if not value:
            return pair
        if self._named(key, Place.FIELD):
            return f"{key}={self._secret(value)}"
        plain = unquote(value)
        changed = self._no_form(plain)
        if changed == plain:
            return pair
        return f"{key}={changed if plain == value else quote(changed, safe='+')}"

    def _no_form(self, text: str) -> str:
        """A text that holds no pairs by itself: those of a form are taken apart once, and headers have none."""
        return self._bodies.text(text) if text[:1] in ("{", "[") else self.path(text)

    def _text(self, text: str) -> str:
        return without_shapes(text, self._secret)

    def _secret(self, value: str) -> str:
        if not value or value == REDACTED:
            return value
        self._found.add(value)
        return REDACTED

    def _credentials(self, value: str) -> str:
        if is_signature(value):  # REST APIs keep it from the function, so it must stay one
            return f"{_SIGV4} {REDACTED}"
        scheme, space, rest = value.strip().partition(" ")
        if space and scheme.lower() in _SCHEMES:
            return f"{scheme} {self._secret(rest)}"
        return self._secret(value.strip())

    def _protocols(self, value: str) -> str:
        """Known subprotocols stay, and a first part that announces a token, such as ``access_token``."""
        parts = [(part[: len(part) - len(part.lstrip())], part.strip()) for part in value.split(",")]
        first = parts[0][1]
        kept = {*_KNOWN_PROTOCOLS, *([first.lower()] if len(parts) > 1 and first.replace("_", "").isalpha() else [])}
        return ",".join(f"{space}{name if name.lower() in kept else self._secret(name)}" for space, name in parts)

    def _cookies(self, value: str) -> str:
        return "; ".join(self._cookie(pair) for pair in value.split("; "))

    def _set_cookie(self, value: str) -> str:
        pair, semicolon, attributes = value.partition(";")
        return self._cookie(pair) + semicolon + attributes

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return self._secret(pair)
        if self._named(name, Place.FIELD) or len(value) >= _SURE_FROM:
            return f"{name}={self._secret(value)}"
        return f"{name}={REDACTED if value else value}"


def _content_type(message: Mapping[str, Json]) -> str:
    for member in ("headers", "multiValueHeaders"):
        headers = message.get(member)
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if name.lower() == "content-type":
                first = value[0] if isinstance(value, list) and value else value
                return first if isinstance(first, str) else ""
    return ""


def _each(value: Json, change: _Change) -> Json:
    """A text changed, or each text of a list."""
    if isinstance(value, list):
        return [_each(member, change) for member in value]
    return change(value) if isinstance(value, str) else value


def redaction_with(headers: Iterable[str] = (), query_keys: Iterable[str] = ()) -> Redaction:
    """The default rules and these names."""
    return Redaction(DEFAULT_HEADERS | {name.lower() for name in headers}, frozenset(key.lower() for key in query_keys))
