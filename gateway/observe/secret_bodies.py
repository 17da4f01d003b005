"""Bodies without secrets: JSON, forms, multipart forms, XML and other text, each otherwise byte for byte as it was.

What a body is shows by itself more surely than by its type: JSON begins with a bracket, also as ``text/plain``.  A body
that was compressed, or that is no text, is kept as it is.
"""

import json
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from gateway.observe.secret_names import Place, hides_all
from gateway.observe.secret_shapes import OnSecret

IsSecret: TypeAlias = Callable[[str, Place], bool]
"""Whether a name is one of a secret."""

_DEEPEST: Final = 4
"""How often JSON may stand in texts of JSON."""
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_KEY: Final = re.compile(r'"([^"]*)"\s*:')
_NUMBER: Final = re.compile(r"-?[0-9]")
_FORM: Final = re.compile(r"[^\s&=<>{}\"'?#/:]{1,200}=[^\s&<>]*(?:&[^\s&=<>]{0,200}(?:=[^\s&<>]*)?)*")
_ELEMENT: Final = re.compile(r"<(?:[\w.-]{1,100}:)?([\w.-]{1,100})(?:\s[^<>]*)?>([^<>]+)(?=<)")
_BOUNDARY: Final = re.compile(r"boundary=\"?([^\";,\s]{1,70})", re.IGNORECASE)
_FIELD_NAME: Final = re.compile(r";\s{0,9}name=(?:\"([^\"]{0,200})|([^\s;\"]{1,200}))", re.IGNORECASE)


class Bodies:
    """Takes secrets out of bodies.

    Args:
        named: Whether a name is one of a secret.
        secret: What is written instead of a value.
        plain: Text without what looks like a secret.
        pair: A pair of a form, as it is written, without its secret.
    """

    def __init__(
        self, named: IsSecret, secret: OnSecret, plain: Callable[[str], str], pair: Callable[[str], str]
    ) -> None:
        self._named = named
        self._secret = secret
        self._plain = plain
        self._pair = pair

    def content(self, content: bytes, content_type: str) -> bytes:
        """A body as it came over the wire; one that is not UTF-8 is looked through as a multipart form only."""
        if content_type.lower().startswith("multipart/") and (found := _BOUNDARY.search(content_type)):
            return self._multipart(content, b"--" + found[1].encode("latin-1", "replace"))
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return content
        return self.text(text).encode()

    def text(self, text: str, depth: int = _DEEPEST) -> str:
        """A body, or any other text."""
        start = text.lstrip()[:1]
        if start and start in "{[" and depth:
            return self._json(text, depth)
        if "=" in text and _FORM.fullmatch(text):
            return "&".join(map(self._pair, text.split("&")))
        if start == "<":
            text = _ELEMENT.sub(self._element, text)
        return self._plain(text)

    def _element(self, found: re.Match[str]) -> str:
        if not found[2].strip() or not self._named(found[1], Place.MEMBER):
            return found[0]
        return f"{found[0][: found.start(2) - found.start()]}{self._secret(found[2])}"

    def _json(self, text: str, depth: int) -> str:
        # Without a backslash no text holds JSON, and all of them can be looked at in one.
        plain = "\\" not in text and not any(self._named(name, Place.MEMBER) for name in set(_KEY.findall(text)))
        return text if plain and self._plain(text) == text else self._json_by_token(text, depth)

    def _json_by_token(self, text: str, depth: int) -> str:
        """So that everything else stays as it was written, and broken JSON is no trouble."""
        parts: list[str] = []
        done = 0
        inside = [(False, False)]  # for each open bracket: whether it is an object, and whether all below is secret
        key, before = "", ""
        for token in _TOKEN.finditer(text):
            word = token[0]
            is_object, secret = inside[-1]
            if word in ("{", "["):
                hidden = is_object and self._named(key, Place.MEMBER) and (word == "[" or hides_all(key))
                inside.append((word == "{", secret or hidden))
            elif word in ("}", "]"):
                del inside[max(len(inside) - 1, 1) :]
            elif is_object and before in ("{", ",") and word[0] == '"':
                key = _plain(word)
            elif word not in (":", ",") and (word[0] == '"' or _NUMBER.match(word)):
                changed = self._value(
                    word, secret=secret or (is_object and self._named(key, Place.MEMBER)), depth=depth
                )
                if changed != word:
                    parts += (text[done : token.start()], changed)
                    done = token.end()
            before = word
        return "".join((*parts, text[done:])) if parts else text

    def _value(self, word: str, *, secret: bool, depth: int) -> str:
        if word[0] != '"':
            return json.dumps(self._secret(word)) if secret else word
        plain = _plain(word)
        changed = (self._secret(plain) if plain else plain) if secret else self.text(plain, depth - 1)
        return word if changed == plain else json.dumps(changed)

    def _multipart(self, content: bytes, delimiter: bytes) -> bytes:
        return delimiter.join(map(self._part, content.split(delimiter)))

    def _part(self, part: bytes) -> bytes:
        head, blank, value = part.partition(b"\r\n\r\n")
        if not blank:
            return part
        lines = head.decode("latin-1")
        name = _FIELD_NAME.search(lines)
        inner, end = (value[:-2], value[-2:]) if value.endswith(b"\r\n") else (value, b"")
        if name and inner and self._named(name[1] or name[2] or "", Place.FIELD):
            return head + blank + self._secret(inner.decode("latin-1")).encode("latin-1") + end
        return head + blank + self.content(inner, "") + end


def _plain(word: str) -> str:
    """A text of JSON; what cannot be read as one is taken as it stands."""
    try:
        return str(json.loads(word, strict=False))
    except ValueError:
        return word[1:-1]
