"""Characters as Java sees them: what the parser's error texts depend on.

Facts, from the documentation of ``java.lang.Character``: an identifier starts with a letter, a letter number, a
currency or a connecting sign; it goes on with these, digits, marks, format characters and the control characters that
an identifier ignores.
"""

from typing import Final
from unicodedata import category

_START: Final = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "Pc"))
_PART: Final = _START | {"Nd", "Mn", "Mc", "Cf"}


def is_control(code: int) -> bool:
    """``Character.isISOControl``."""
    return code < 0x20 or 0x7F <= code <= 0x9F


def is_identifier_start(code: int) -> bool:
    """``Character.isJavaIdentifierStart``."""
    return category(chr(code)) in _START


def is_identifier_part(code: int) -> bool:
    """``Character.isJavaIdentifierPart``: white space among the control characters is none."""
    if is_control(code):
        return code <= 0x08 or 0x0E <= code <= 0x1B or code >= 0x7F
    return category(chr(code)) in _PART


def describe(code: int) -> str:
    """A character as the parser shows it: in quotes with its number, or as a control character."""
    if is_control(code):
        return f"(CTRL-CHAR, code {code})"
    return f"'{chr(code)}' (code {code})" if code <= 0xFF else f"'{chr(code)}' (code {code} / 0x{code:x})"
