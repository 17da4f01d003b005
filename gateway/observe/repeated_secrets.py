"""Values that were secrets under one name, out of everything else that is written down with it."""

import re
from typing import Final
from urllib.parse import quote, unquote

import pybase64

from gateway.types import Json

_SHORTEST: Final = 6
"""A shorter value would be found in words that have nothing to do with it."""
_INSIDE_FROM: Final = 12
"""As long as this a value is looked for inside of words too."""
_LONGEST: Final = 8192
_MOST: Final = 200
"""Further secrets of one exchange are not looked for elsewhere: each is a walk through all of it."""

_STAYS: Final = frozenset({"flavour", "arrival", "times_ms", "recorded_at", "mask", "source", "method", "http_version"})
"""Members of a document that come from the gateway."""


class RepeatedSecrets:
    """Gathers secrets and finds them again."""

    def __init__(self, redacted: str) -> None:
        self._redacted = redacted
        self._secrets: dict[str, None] = {}

    def add(self, secret: str) -> None:
        """One more, as it is written; its decoded and encoded forms count too."""
        for form in (secret, unquote(secret), quote(secret, safe="")):
            if _SHORTEST <= len(form) <= _LONGEST and len(self._secrets) < _MOST:
                self._secrets.setdefault(form)

    def without(self, document: dict[str, Json]) -> dict[str, Json]:
        """The document with none of them in any text of it."""
        if not self._secrets:
            return document
        # The longest first, since one may be a part of another.
        ordered = sorted(self._secrets, key=len, reverse=True)
        return {name: member if name in _STAYS else self._walk(member, ordered) for name, member in document.items()}

    def _walk(self, value: Json, ordered: list[str]) -> Json:
        if isinstance(value, str):
            return self._text(value, ordered)
        if isinstance(value, list):
            return [self._walk(member, ordered) for member in value]
        if not isinstance(value, dict):
            return value
        changed = {key: self._walk(member, ordered) for key, member in value.items()}
        for name in ("body_base64", "body" if value.get("isBase64Encoded") is True else ""):
            encoded = value.get(name)
            if isinstance(encoded, str):
                changed[name] = self._base64(encoded, ordered)
        return changed

    def _base64(self, encoded: str, ordered: list[str]) -> str:
        try:
            content = pybase64.b64decode(encoded, validate=True).decode("latin-1")
        except ValueError:
            return encoded
        # Latin-1 takes every byte there and back; the secrets are looked for as UTF-8.
        forms = [secret.encode("utf-8", "replace").decode("latin-1") for secret in ordered]
        return pybase64.b64encode(self._text(content, forms).encode("latin-1")).decode("ascii")

    def _text(self, text: str, ordered: list[str]) -> str:
        for secret in ordered:
            if secret in text:
                if len(secret) >= _INSIDE_FROM:
                    text = text.replace(secret, self._redacted)
                else:
                    text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", self._redacted, text)
        return text
