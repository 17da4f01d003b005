r"""Regular expressions of rules and transforms: RE2's syntax, less what a load balancer refuses.

Facts, from the AWS ELB user guide (condition types and transforms for listener rules, 2025)

- Not supported: look-ahead, look-behind, back-references, atomic groups, possessive quantifiers, subroutines,
  recursion, and Unicode classes such as ``\p{L}``.

What remains is close to Python's own syntax; the few spellings that only RE2 has (``\z``, ``\Q…\E``, ``[[:alpha:]]``,
``(?<name>…)``) are translated, and what only Python has is refused.  One difference stays: RE2 runs in linear time and
Python backtracks, so a pattern such as ``(a+)+$`` can be slow here.
"""

import re
from typing import Final

_MAX_REPEAT: Final = 1000
_PLAIN_ESCAPES: Final = frozenset("dDsSwWbBAafnrtv01234567x")
_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_GROUPS: Final = (
    ("(?=", "a look-ahead"),
    ("(?!", "a look-ahead"),
    ("(?<=", "a look-behind"),
    ("(?<!", "a look-behind"),
    ("(?>", "an atomic group"),
    ("(?P=", "a back-reference"),
    ("(?P>", "a subroutine"),
    ("(?&", "a subroutine"),
    ("(?R", "recursion"),
    ("(?(", "a conditional"),
    ("(?#", "a comment"),
)
_SUBROUTINE: Final = re.compile(r"\(\?[+-]?\d")
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")
_REPEAT: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_QUANTIFIER: Final = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}")


class RegexNotSupported(ValueError):
    """A pattern that a load balancer refuses; the message names the feature and its place."""

    def __init__(self, feature: str, position: int) -> None:
        super().__init__(f"{feature} at character {position + 1} is not supported")


def compile_regex(pattern: str, *, ignore_case: bool = False) -> re.Pattern[bytes]:
    """The pattern, ready to search in bytes.

    Raises:
        RegexNotSupported: It uses what RE2 or a load balancer does not know, or it is not well formed.
    """
    translated = _Translation(pattern).run()
    try:
        return re.compile(translated.encode("ascii"), re.IGNORECASE if ignore_case else 0)
    except UnicodeEncodeError as error:
        raise RegexNotSupported("a character that is not ASCII", error.start) from None
    except re.error as error:
        raise RegexNotSupported(f"a malformed part ({error.msg})", error.pos or 0) from None


class _Translation:
    """One walk over a pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.parts: list[str] = []

    def run(self) -> str:
        """Translate to the end."""
        while self.position < len(self.pattern):
            match self.pattern[self.position]:
                case "\\":
                    self._escape()
                case "[":
                    self._character_class()
                case "(":
                    self._group()
                case _:
                    self._plain()
        return "".join(self.parts)

    def _take(self, length: int, translated: str | None = None) -> None:
        end = self.position + length
        self.parts.append(self.pattern[self.position : end] if translated is None else translated)
        self.position = end

    def _refuse(self, feature: str) -> RegexNotSupported:
        return RegexNotSupported(feature, self.position)

    def _plain(self) -> None:
        quantifier = _QUANTIFIER.match(self.pattern, self.position)
        if quantifier is None:
            self._take(1)
            return
        repeat = _REPEAT.match(self.pattern, self.position)
        if repeat and max(int(number) for number in repeat.groups() if number) > _MAX_REPEAT:
            raise self._refuse(f"a repetition over {_MAX_REPEAT}")
        self._take(len(quantifier.group()))
        if self.pattern.startswith("+", self.position):
            raise self._refuse("a possessive quantifier")

    def _group(self) -> None:
        rest = self.pattern[self.position : self.position + 5]
        for start, feature in _GROUPS:
            if rest.startswith(start):
                raise self._refuse(feature)
        if _SUBROUTINE.match(self.pattern, self.position):
            raise self._refuse("a subroutine")
        if rest.startswith("(?<"):
            self._take(3, "(?P<")
        elif rest.startswith("(?P<"):
            self._take(4)
        elif rest.startswith("(?"):
            self._flags()
        else:
            self._take(1)

    def _flags(self) -> None:
        flags = _FLAGS.match(self.pattern, self.position)
        if flags is None or not set((flags[1] or "") + (flags[2] or "")) <= set("ims"):
            raise self._refuse("a flag other than i, m and s")
        self._take(len(flags[0]))

    def _escape(self) -> None:
        letter = self.pattern[self.position + 1 : self.position + 2]
        if letter == "Q":
            end = self.pattern.find("\\E", self.position)
            quoted = self.pattern[self.position + 2 : end if end >= 0 else None]
            self._take(len(quoted) + (4 if end >= 0 else 2), re.escape(quoted))
        elif letter == "z":
            self._take(2, r"\Z")
        else:
            self._take_escape(letter)

    def _take_escape(self, letter: str) -> None:
        if letter and letter in "pP":
            raise self._refuse("a Unicode class")
        if letter and letter in "kg":
            raise self._refuse("a back-reference")
        if letter and letter in "123456789" and not re.match(r"[0-7]{3}", self.pattern[self.position + 1 :]):
            raise self._refuse("a back-reference")
        if not letter or (letter.isalnum() and letter not in _PLAIN_ESCAPES):
            raise self._refuse(f"the escape \\{letter}")
        self._take(2)

    def _character_class(self) -> None:
        start = self.position
        self._take(2 if self.pattern.startswith("[^", self.position) else 1)
        if self.pattern.startswith("]", self.position):
            self._take(1, "\\]")
        while not self.pattern.startswith("]", self.position):
            if self.position >= len(self.pattern):
                raise RegexNotSupported("a character class without its end", start)
            self._class_item()
        self._take(1)

    def _class_item(self) -> None:
        posix = re.compile(r"\[:(\^?)([a-z]+):\]").match(self.pattern, self.position)
        if posix:
            if posix[1] or posix[2] not in _POSIX:
                raise self._refuse(f"the class {posix[0]}")
            self._take(len(posix[0]), _POSIX[posix[2]])
        elif self.pattern.startswith("\\", self.position):
            self._take_escape(self.pattern[self.position + 1 : self.position + 2])
        elif self.pattern.startswith("[", self.position):
            self._take(1, "\\[")
        else:
            self._take(1)
