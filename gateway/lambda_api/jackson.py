"""Why a request body is not JSON, in the words of the parser that the Lambda service uses.

Facts: recordings of 2025-11 (localstack/localstack@8b9a79f0) show the texts and positions of FasterXML's
jackson-core 2.18 or later reading bytes.  Two kinds are recorded (a start byte that is not UTF-8, an unexpected
character); the others follow the published behaviour of that library:

- Lines and columns count from 1, columns in bytes.  An unexpected character is located at itself, any other mistake
  behind the last byte read.
- The source itself is never shown: ``REDACTED``.
- A word that is no token is read on as far as a Java identifier goes; a byte from 0x80 on at the place of a value is
  taken for the Latin-1 character of that number.
- Overlong UTF-8 and lone surrogates pass; so does a byte order mark.
"""

from typing import Final

from gateway.lambda_api.jackson_tokens import MINUS, QUOTE, WORDS, JsonScope, NotJson, Tokens, source

_MAX_DEPTH: Final = 1000
_OPENING: Final = {ord("["): "Array", ord("{"): "Object"}
_CLOSING: Final = {ord("]"): "Array", ord("}"): "Object"}
_CLOSER: Final = {"Array": "]", "Object": "}"}
_TRAILING: Final = (
    "Trailing token (of type {}) found after value (bound as `com.fasterxml.jackson.databind.JsonNode`): "
    "not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
)
_COMMA, _COLON = b",:"


def refusal(body: bytes) -> str | None:
    """The parser's text for a body that it refuses, None when it accepts it."""
    try:
        _Reader(body).document()
    except NotJson as error:
        return str(error)
    return None


class _Reader(Tokens):
    """Reads one document and forgets it; only the position of the first mistake matters."""

    def document(self) -> None:
        """Read one value and the end of the input."""
        code = self.next_significant()
        if code < 0:
            raise NotJson("No content to map due to end-of-input\n at " + source(1, 0))
        self.item(code)
        while self.scopes:
            self.next_in_scope()
        code = self.next_significant()
        if code >= 0:
            self.item(code)
            self.refuse(_TRAILING.format(self.token))

    def next_in_scope(self) -> None:
        code = self.next_significant()
        scope = self.scopes[-1]
        if code < 0:
            start = source(scope.line, scope.column)
            self.refuse_end(f": expected close marker for {scope.kind} (start marker at {start})")
        if code in _CLOSING:
            self.close(code)
            return
        if self.token not in ("START_ARRAY", "START_OBJECT"):
            if code != _COMMA:
                self.refuse_byte(code, f"was expecting comma to separate {scope.kind} entries")
            code = self.required()
        if scope.kind == "Object":
            code = self.name(code)
        self.value(code)

    def item(self, code: int) -> None:
        """A value at the root, where a closing marker has its own refusal."""
        if code in _CLOSING:
            self.close(code)
        self.value(code)

    def close(self, code: int) -> None:
        kind = _CLOSING[code]
        if not self.scopes:
            self.refuse(f"Unexpected close marker '{chr(code)}': no open {kind} to close", back=1)
        scope = self.scopes[-1]
        if scope.kind != kind:
            start = source(scope.line, scope.column)
            text = f"Unexpected close marker '{chr(code)}': expected '{_CLOSER[scope.kind]}'"
            self.refuse(f"{text} (for {scope.kind} starting at {start})", back=1)
        self.scopes.pop()
        self.token = f"END_{kind.upper()}"

    def name(self, code: int) -> int:
        """A member's name and its colon; the first byte of its value."""
        if code != QUOTE:
            self.refuse_byte(self.character(code), "was expecting double-quote to start field name")
        at_once = ": was expecting closing '\"' for name" if self.at >= len(self.body) else " in field name"
        self.string(at_once, "name")
        self.token = "FIELD_NAME"  # noqa: S105 - the parser's word
        code = self.required()
        if code != _COLON:
            self.refuse_byte(code, "was expecting a colon to separate field name and value")
        return self.required()

    def value(self, code: int) -> None:
        """One scalar, or the opening of a scope."""
        if code == QUOTE:
            self.token = "VALUE_STRING"  # noqa: S105 - the parser's word
            self.string(" in VALUE_STRING", "string value")
        elif code in _OPENING:
            kind = _OPENING[code]
            self.scopes.append(JsonScope(kind, self.line, self.at - self.line_start))
            self.token = f"START_{kind.upper()}"
            if len(self.scopes) > _MAX_DEPTH:
                allowed = f"({_MAX_DEPTH}, from `StreamReadConstraints.getMaxNestingDepth()`)"
                raise NotJson(f"Document nesting depth ({len(self.scopes)}) exceeds the maximum allowed {allowed}")
        elif code == MINUS or chr(code) in "0123456789":
            self.number(code)
        elif code in WORDS:
            self.word(WORDS[code])
            self.token = f"VALUE_{WORDS[code].upper()}"
        else:
            self.unexpected(code)
