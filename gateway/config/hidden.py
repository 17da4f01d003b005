"""Values of ``${VAR}`` out of what is told about a configuration: messages show the variable instead."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from gateway.errors import UsageError

_WORDS_FROM: Final = 4
"""A shorter value is no secret, and would be found everywhere."""
_ANYWHERE_FROM: Final = 8
"""A value as long as this is looked for inside of words too."""
_CUT_FROM: Final = 16
"""What is left of a longer value is looked for from this many characters on."""


def hidden(text: str, variables: Mapping[str, str]) -> str:
    """A text with ``${NAME}`` in the place of every value of a variable, also where it stands as Python writes it.

    Of a value that a message has cut off, what is left of it goes too.
    """
    forms: dict[str, str] = {}
    for name, value in variables.items():
        for form in (value, repr(value)[1:-1]):
            if len(form) >= _WORDS_FROM:
                forms.setdefault(form, f"${{{name}}}")
    if not forms:
        return text
    # The longest first, since one value may be a part of another.
    longest_first = sorted(forms, key=len, reverse=True)
    for form in longest_first:
        if len(form) > _CUT_FROM:
            text = _without_start(text, form, forms[form])
    pattern = "|".join(map(_pattern, longest_first))
    return re.sub(pattern, lambda found: forms[found[0]], text)


def _without_start(text: str, form: str, mark: str) -> str:
    """The text with a mark in the place of every beginning of a form."""
    parts: list[str] = []
    start, position = form[:_CUT_FROM], 0
    while (found := text.find(start, position)) >= 0:
        parts += (text[position:found], mark)
        position = found + len(start)
        for letter in form[len(start) :]:
            if not text.startswith(letter, position):
                break
            position += 1
    return "".join((*parts, text[position:]))


@contextmanager
def hiding(variables: Mapping[str, str]) -> Iterator[None]:
    """Let a `UsageError` pass with `hidden` values."""
    try:
        yield
    except UsageError as error:
        raise UsageError(hidden(str(error), variables)) from error


def _pattern(value: str) -> str:
    escaped = re.escape(value)
    return escaped if len(value) >= _ANYWHERE_FROM else rf"(?<!\w){escaped}(?!\w)"
