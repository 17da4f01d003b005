"""The tokens of a JSON text, read for the first mistake only; `gateway.lambda_api.jackson` has the facts."""

import re
from typing import Final, NamedTuple, NoReturn

from gateway.lambda_api.java_text import describe, is_identifier_part, is_identifier_start

_SOURCE: Final = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_NON_STANDARD: Final = "Non-standard token '{}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
_TOKEN_SHOWN: Final = 256
_BOM: Final = b"\xef\xbb\xbf"
_PLAIN: Final = re.compile(rb'[^\x00-\x1f"\\\x80-\xff]*')
_DIGITS: Final = re.compile(rb"[0-9]*")
WORDS: Final = {ord("t"): "true", ord("f"): "false", ord("n"): "null"}
_OTHER_WORDS: Final = {ord("N"): "NaN", ord("I"): "Infinity"}
_SIMPLE_ESCAPES: Final = frozenset(b'btnfr"/\\')
_LEADS: Final = {1: (0xE0, 0xC0), 2: (0xF0, 0xE0), 3: (0xF8, 0xF0)}
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
MINUS, _PLUS, _ZERO, _DOT, QUOTE, _SLASH = b'-+0."/'


class NotJson(Exception):
    """The bytes are not JSON; the text is the parser's, with the location."""


class JsonScope(NamedTuple):
    """An open array or object, and where it began."""

    kind: str
    line: int
    column: int


def source(line: int, column: int) -> str:
    """A location as the parser writes it; the source itself is never shown."""
    return _SOURCE.format(line, column)


class Tokens:
    """The reading position, and one method for each kind of token; all of them raise `NotJson` at a mistake.

    Attributes:
        token: The parser's name for the last token, ``null`` before the first; it stands in some texts.
    """

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = len(_BOM) if body.startswith(_BOM) else 0
        self.line = 1
        self.line_start = 0
        self.scopes: list[JsonScope] = []
        self.token = "null"  # noqa: S105 - a Java null: no token yet

    def location(self, back: int = 0) -> str:
        """The position in the parser's words, ``back`` bytes before the next one."""
        return source(self.line, self.at - back - self.line_start + 1)

    def refuse(self, text: str, back: int = 0) -> NoReturn:
        """End with a text and a position."""
        raise NotJson(f"{text}\n at {self.location(back)}")

    def refuse_byte(self, code: int, comment: str) -> NoReturn:
        """Refuse the byte or character just read, at its own position."""
        self.refuse(f"Unexpected character ({describe(code)}): {comment}", back=1)

    def refuse_end(self, where: str) -> NoReturn:
        """End because the input does."""
        self.refuse(f"Unexpected end-of-input{where}")

    def scope_kind(self) -> str:
        """What the parser calls the innermost open scope."""
        return self.scopes[-1].kind if self.scopes else "root"

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
        """Refuse a control character between tokens."""
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

    def number(self, code: int) -> None:
        """A number whose first byte is read."""
        self_token, ended = self.token, " in " + self.token
        if code == MINUS:
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
        """Refuse what stands behind a minus sign and is no digit."""
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
        """Refuse the byte just read as part of a number."""
        self.refuse(f"Unexpected character ({describe(code)}) in numeric value: {comment}", back=1)

    def digits_end(self) -> int:
        """Where the digits from here end."""
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

    def string(self, ended: str, what: str) -> None:
        """The rest of a string; ``ended`` and ``what`` are how its mistakes are called."""
        while True:
            plain = _PLAIN.match(self.body, self.at)
            self.at = plain.end() if plain else self.at
            code = self.next_or_end(ended)
            if code == QUOTE:
                return
            if code == 0x5C:
                self.escape()
            elif code < 0x20:
                text = f"Illegal unquoted character ({describe(code)}): has to be escaped using backslash"
                self.refuse(f"{text} to be included in {what}", back=1)
            else:
                self.character(code, ended)

    def escape(self) -> None:
        """The rest of an escape sequence whose backslash is read."""
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
        following = next((n for n, (mask, lead) in _LEADS.items() if first & mask == lead), 0)
        if not following:
            self.refuse(f"Invalid UTF-8 start byte 0x{first:x}")
        code = first & 0x3F >> following
        for _ in range(following):
            byte = self.next_or_end(ended or f" in {self.token}")
            if byte & 0xC0 != 0x80:
                self.refuse(f"Invalid UTF-8 middle byte 0x{byte:x}")
            code = code << 6 | byte & 0x3F
        return min(code, 0x10FFFF)
