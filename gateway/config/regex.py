r"""Regular expressions that meet what clients send: RE2 runs them, in a time that grows with the text and no faster.

Facts, from the AWS ELB user guide (listener rules, 2025)

- Rules and transforms take no look-ahead, look-behind, back-references, atomic groups, possessive quantifiers,
  subroutines, recursion and Unicode classes such as ``\p{L}``.  RE2 itself refuses all of these but the last.

How large an expression may be AWS does not say, except for its characters.  RE2 visits up to each instruction of the
program at each byte, and copies each group on the way: the limits keep 16 KB, the longest line of a request, below a
second even for an expression that is made to be slow.  RE2 is the extra ``re2``; only this module imports it.
"""

import re
from functools import cache
from types import ModuleType
from typing import Annotated, Any, Final, Protocol, TypeAlias

from gateway.config.keys import Check, NonEmpty
from gateway.config.not_allowed import NotAllowed
from gateway.errors import UsageError

_MAX_PROGRAM: Final = 2500
"""Instructions; ``([a-z0-9-]{1,63}\\.){1,8}`` has 2,000, most expressions have less than 100."""
_MAX_GROUPS: Final = 32
_MAX_MEMORY: Final = 1 << 20
"""Bytes of states that RE2 keeps of one expression, an eighth of its default: clients decide what states there are, and
a load balancer may have 500 expressions.  With half of it, an expression near the limit becomes ten times slower."""
_ESCAPED: Final = re.compile(r"\\Q.*?(?:\\E|\Z)|\\(.)", re.DOTALL)
_SYNTAX: Final = "RE2 syntax, without look-around and back-references"
_ALLOWED: Final = "ASCII characters without Unicode classes"


class Found(Protocol):
    """Where an expression was found first."""

    def __getitem__(self, group: int, /) -> bytes | None:
        """What a group took; None when it was not needed."""
        ...

    def start(self) -> int:
        """Its first byte."""
        ...

    def end(self) -> int:
        """The byte behind it."""
        ...


class Regex(Protocol):
    """A compiled expression."""

    @property
    def groups(self) -> int:
        """How many it captures."""
        ...

    def search(self, text: bytes, /) -> Found | None:
        """Look for it anywhere."""
        ...

    def fullmatch(self, text: bytes, /) -> Found | None:
        """Hold it against the whole text."""
        ...


class ExpressionRefused(UsageError):
    """An expression cannot be taken.

    Attributes:
        reason: What is wrong with it; may have a part of it.
        allowed: What can be taken.
    """

    def __init__(self, reason: str, allowed: str) -> None:
        super().__init__(f"{reason}; allowed: {allowed}")
        self.reason = reason
        self.allowed = allowed


def compile_regex(pattern: str, *, ignore_case: bool = False, captures: bool = False) -> Regex:
    """An expression of a load balancer; each byte is a character.

    Args:
        pattern: As the user wrote it.
        ignore_case: Upper and lower case are the same.
        captures: Groups can be asked for; without, they only hold together.

    Raises:
        UsageError: RE2 is not installed, or a load balancer would not take the pattern, or it is too large.
    """
    re2 = _engine()
    if not pattern.isascii() or any(found[1] in ("p", "P") for found in _ESCAPED.finditer(pattern)):
        what = "a Unicode class" if pattern.isascii() else "a character that is not ASCII"
        raise ExpressionRefused(f"it has {what}", _ALLOWED)
    options = re2.Options()
    options.encoding = options.Encoding.LATIN1  # a path is bytes: none of them can be invalid
    options.never_capture = not captures
    options.case_sensitive = not ignore_case
    return _compiled(re2, pattern, options)


def compile_text_regex(pattern: str, *, dot_all: bool = False) -> Regex:
    """An expression of an API, for the UTF-8 of texts; groups only hold together.

    Args:
        pattern: As the user wrote it.
        dot_all: The dot takes the end of a line too.

    Raises:
        UsageError: RE2 is not installed, or does not take the pattern, or it is too large.
    """
    re2 = _engine()
    options = re2.Options()
    options.never_capture = True
    options.dot_nl = dot_all
    return _compiled(re2, pattern, options)


def _compiled(re2: ModuleType, pattern: str, options: Any) -> Regex:  # noqa: ANN401 - RE2 has no types
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        compiled: Any = re2.compile(pattern.encode(), options)
    except re2.error as error:
        message = error.args[0] if error.args else b""
        raise ExpressionRefused(f"RE2 refuses it, {message.decode('utf-8', 'replace')}", _SYNTAX) from None
    if compiled.programsize > _MAX_PROGRAM or compiled.groups > _MAX_GROUPS:
        raise ExpressionRefused("too large", f"{_MAX_PROGRAM} instructions of RE2 and {_MAX_GROUPS} groups")
    regex: Regex = compiled
    return regex


@cache
def _engine() -> ModuleType:
    try:
        import re2  # noqa: PLC0415 - an extra, and most gateways have no expression
        from re2 import Options  # noqa: F401, PLC0415 - other packages have a module of this name
    except ImportError:
        raise UsageError(
            "regular expressions need RE2: install it with pip install 'lambda-http-gateway[re2]'"
        ) from None
    module: ModuleType = re2
    return module


def _regex(text: str) -> str:
    # With the options that make the largest program, so that what passes here can always be compiled.
    try:
        compile_regex(text, ignore_case=True, captures=True)
    except UsageError as error:
        raise _refused(error) from None
    return text


def _text_expression(text: str) -> str:
    try:
        if text:
            compile_text_regex(text, dot_all=True)
    except UsageError as error:
        raise _refused(error) from None
    return text


def _refused(error: UsageError) -> NotAllowed:
    if isinstance(error, ExpressionRefused):
        return NotAllowed(f"found {{found}}{{derived}}; allowed: {error.allowed}", f": {error.reason}")
    return NotAllowed(f"found {{found}}: {error}")


RegexText: TypeAlias = Annotated[NonEmpty, Check(_regex)]
TextExpression: TypeAlias = Annotated[str, Check(_text_expression)]
