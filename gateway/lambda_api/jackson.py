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

import re
from typing import Final, NamedTuple, NoReturn

from gateway.lambda_api.java_text import describe, is_identifier_part, is_identifier_start

MAX_DEPTH: Final = 1000
_SOURCE: Final = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_NON_STANDARD: Final = "Non-standard token '{}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
_TOKEN_SHOWN: Final = 256
_BOM: Final = b"\xef\xbb\xbf"
_PLAIN: Final = re.compile(rb'[^\x00-\x1f"\\\x80-\xff]*')
_DIGITS: Final = re.compile(rb"[0-9]*")
_WORDS: Final = {ord("t"): "true", ord("f"): "false", ord("n"): "null"}
_OTHER_WORDS: Final = {ord("N"): "NaN", ord("I"): "Infinity"}
_SIMPLE_ESCAPES: Final = frozenset(b'btnfr"/\\')
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_MINUS, _PLUS, _ZERO, _DOT, _QUOTE, _COMMA, _COLON, _SLASH = b'-+0.",:/'
_OPENING: Final = {ord("["): "Array", ord("{"): "Object"}
_CLOSING: Final = {ord("]"): "Array", ord("}"): "Object"}
_CLOSER: Final = {"Array": "]", "Object": "}"}
_TRAILING: Final = (
    "Trailing token (of type {}) found after value (bound as `com.fasterxml.jackson.databind.JsonNode`): "
    "not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
)


class NotJson(Exception):
    """The bytes are not JSON; the text is the parser's, with the location."""


class _Scope(NamedTuple):
    kind: str
    line: int
    column: int


def refusal(body: bytes) -> str | None:
    """The parser's text for a body that it refuses, None when it accepts it."""
    try:
        _Reader(body).document()
    except NotJson as error:
        return str(error)
    return None


class _Reader:
    """Reads one document and forgets it; only the position of the first mistake matters."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = len(_BOM) if body.startswith(_BOM) else 0
        self.line = 1
        self.line_start = 0
        self.scopes: list[_Scope] = []
        self.token = "null"  # noqa: S105 - a Java null: no token yet

    # Positions and refusals

    def location(self, back: int = 0) -> str:
        return _SOURCE.format(self.line, self.at - back - self.line_start + 1)

    def refuse(self, text: str, back: int = 0) -> NoReturn:
        raise NotJson(f"{text}\n at {self.location(back)}")

    def refuse_byte(self, code: int, comment: str) -> NoReturn:
        """Refuse the byte or character just read, at its own position."""
        self.refuse(f"Unexpected character ({describe(code)}): {comment}", back=1)

    def refuse_end(self, where: str) -> NoReturn:
        self.refuse(f"Unexpected end-of-input{where}")

    def scope_kind(self) -> str:
        return self.scopes[-1].kind if self.scopes else "root"

    # Bytes

    def next_or_end(self, where: str) -> int:
        """Read one byte; the end of the input is refused as ``where`` says."""
        if self.at >= len(self.body):
            self.refuse_end(where)
        self.at += 1
        return self.body[self.at - 1]

    def next_significant(self) -> int:
        """Read past white space to the next byte; -1 at the end."""
        while self.at < len(self.body):
            code = self.body[self.at]
            self.at += 1
            if code == _SLASH:
                comment = "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' "
                self.refuse_byte(code, comment + "not enabled for parser)")
            if code > 0x20:
                return code
            if code in b"\r\n":
                if code == 0x0D and self.body[self.at : self.at + 1] == b"\n":
                    self.at += 1
                self.line += 1
                self.line_start = self.at
            elif code not in b" \t":
                self.refuse_control(code)
        return -1

    def refuse_control(self, code: int) -> NoReturn:
        text = rf"Illegal character ({describe(code)}): only regular white space (\r, \n, \t) is allowed between tokens"
        if code == 0x1E:
            text += (
                " (consider enabling `JsonReadFeature.ALLOW_RS_CONTROL_CHAR` to allow use of Record Separators"
                r" (\u001E))"
            )
        self.refuse(text)

    def required(self) -> int:
        """The next significant byte inside a scope, where something must follow."""
        code = self.next_significant()
        if code < 0:
            self.refuse_end(f" within/between {self.scope_kind()} entries")
        return code

    # Structure

    def document(self) -> None:
        """Read one value and the end of the input."""
        code = self.next_significant()
        if code < 0:
            raise NotJson("No content to map due to end-of-input\n at " + _SOURCE.format(1, 0))
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
            start = _SOURCE.format(scope.line, scope.column)
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
            start = _SOURCE.format(scope.line, scope.column)
            text = f"Unexpected close marker '{chr(code)}': expected '{_CLOSER[scope.kind]}'"
            self.refuse(f"{text} (for {scope.kind} starting at {start})", back=1)
        self.scopes.pop()
        self.token = f"END_{kind.upper()}"

    def name(self, code: int) -> int:
        """A member's name and its colon; the first byte of its value."""
        if code != _QUOTE:
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
        if code == _QUOTE:
            self.token = "VALUE_STRING"  # noqa: S105 - the parser's word
            self.string(" in VALUE_STRING", "string value")
        elif code in _OPENING:
            kind = _OPENING[code]
            self.scopes.append(_Scope(kind, self.line, self.at - self.line_start))
            self.token = f"START_{kind.upper()}"
            if len(self.scopes) > MAX_DEPTH:
                allowed = f"({MAX_DEPTH}, from `StreamReadConstraints.getMaxNestingDepth()`)"
                raise NotJson(f"Document nesting depth ({len(self.scopes)}) exceeds the maximum allowed {allowed}")
        elif code == _MINUS or chr(code) in "0123456789":
            self.number(code)
        elif code in _WORDS:
            self.word(_WORDS[code])
            self.token = f"VALUE_{_WORDS[code].upper()}"
        else:
            self.unexpected(code)

    # Words

    def unexpected(self, code: int) -> NoReturn:
        """Refuse a byte that begins no value."""
        if code in b",}" or (code == ord("]") and self.scope_kind() == "Array"):
            self.refuse_byte(code, "expected a value")
        if code in _OTHER_WORDS:
            self.word(_OTHER_WORDS[code])
            self.refuse(_NON_STANDARD.format(_OTHER_WORDS[code]))
        if code == _PLUS:
            self.next_or_end(" in a Number value")
            option = "`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS`"
            self.refuse_number(_PLUS, f"JSON spec does not allow numbers to have plus signs: enable {option} to allow")
        if is_identifier_start(code):
            self.refuse_token(chr(code))
        self.refuse_byte(code, f"expected a valid value {_VALUES}")

    def word(self, word: str) -> None:
        """The rest of a token whose first letter is read."""
        for length, letter in enumerate(word[1:], 1):
            if self.body[self.at : self.at + 1] != letter.encode():
                self.refuse_token(word[:length])
            self.at += 1
        if self.at < len(self.body) and self.body[self.at] >= _ZERO and self.body[self.at] not in b"]}":
            code = self.body[self.at]
            if code < 0x80 and is_identifier_part(code):
                self.refuse_token(word)

    def refuse_token(self, seen: str) -> NoReturn:
        """Refuse a word, shown as far as a Java identifier goes."""
        while self.at < len(self.body):
            self.at += 1
            code = self.character(self.body[self.at - 1])
            if not is_identifier_part(code):
                break
            seen += chr(code)
            if len(seen) >= _TOKEN_SHOWN:
                seen += "..."
                break
        self.refuse(f"Unrecognized token '{seen}': was expecting {_VALUES}")

    # Numbers

    def number(self, code: int) -> None:
        """A number whose first byte is read."""
        self_token, ended = self.token, " in " + self.token
        if code == _MINUS:
            code = self.next_or_end(ended)
            if code == _DOT:
                self.unexpected(code)
            if code not in b"0123456789":
                self.refuse_minus(code)
        if code == _ZERO and self.body[self.at : self.at + 1].isdigit():
            self.refuse("Invalid numeric value: Leading zeroes not allowed")
        self.token = "VALUE_NUMBER_INT"  # noqa: S105 - the parser's word
        self.at = self.digits_end()
        if self.body[self.at : self.at + 1] == b".":
            self.at += 1
            self.digits("Decimal point not followed by a digit", "")
        if self.body[self.at : self.at + 1] in (b"e", b"E"):
            self.at += 1
            if self.body[self.at : self.at + 1] in (b"+", b"-"):
                self.at += 1
            self.digits("Exponent indicator not followed by a digit", f" in {self_token}")
        if not self.scopes and self.at < len(self.body) and self.body[self.at] not in b" \t\r\n":
            self.at += 1
            self.refuse_byte(self.body[self.at - 1], "Expected space separating root-level values")

    def refuse_minus(self, code: int) -> NoReturn:
        if code == ord("I"):
            code = self.next_or_end(" in a Number value")
            match = {ord("N"): "-INF", ord("n"): "-Infinity"}.get(code)
            if match:
                for length, letter in enumerate(match[3:], 3):
                    if self.body[self.at : self.at + 1] != letter.encode():
                        self.refuse_token(match[:length])
                    self.at += 1
                self.refuse(_NON_STANDARD.format(match))
        self.refuse_number(code, "expected digit (0-9) to follow minus sign, for valid numeric value")

    def refuse_number(self, code: int, comment: str) -> NoReturn:
        self.refuse(f"Unexpected character ({describe(code)}) in numeric value: {comment}", back=1)

    def digits_end(self) -> int:
        found = _DIGITS.match(self.body, self.at)
        return found.end() if found else self.at

    def digits(self, missing: str, ended: str) -> None:
        """At least one digit.  At the end of the input a point is refused as itself, an exponent as an end."""
        end = self.digits_end()
        if end == self.at:
            if self.at >= len(self.body) and not ended:
                self.refuse_number(_DOT, missing)
            self.refuse_number(self.next_or_end(ended), missing)
        self.at = end

    # Strings

    def string(self, ended: str, what: str) -> None:
        """The rest of a string; ``ended`` and ``what`` are how its mistakes are called."""
        while True:
            plain = _PLAIN.match(self.body, self.at)
            self.at = plain.end() if plain else self.at
            code = self.next_or_end(ended)
            if code == _QUOTE:
                return
            if code == 0x5C:
                self.escape()
            elif code < 0x20:
                text = f"Illegal unquoted character ({describe(code)}): has to be escaped using backslash"
                self.refuse(f"{text} to be included in {what}", back=1)
            else:
                self.character(code, ended)

    def escape(self) -> None:
        ended = " in character escape sequence"
        code = self.next_or_end(ended)
        if code == ord("u"):
            for _ in range(4):
                digit = self.next_or_end(ended)
                if digit not in _HEX:
                    self.refuse_byte(digit, "expected a hex-digit for character escape sequence")
        elif code not in _SIMPLE_ESCAPES:
            self.refuse(f"Unrecognized character escape {describe(self.character(code))}", back=1)

    def character(self, first: int, ended: str = "") -> int:
        """The code point that begins with the byte ``first``; refuses bytes that are not UTF-8."""
        if first < 0x80:
            return first
        for mask, lead, following in ((0xE0, 0xC0, 1), (0xF0, 0xE0, 2), (0xF8, 0xF0, 3)):
            if first & mask == lead:
                break
        else:
            self.refuse(f"Invalid UTF-8 start byte 0x{first:x}")
        code = first & ~mask & 0xFF
        for _ in range(following):
            byte = self.next_or_end(ended or f" in {self.token}")
            if byte & 0xC0 != 0x80:
                self.refuse(f"Invalid UTF-8 middle byte 0x{byte:x}")
            code = code << 6 | byte & 0x3F
        return min(code, 0x10FFFF)
