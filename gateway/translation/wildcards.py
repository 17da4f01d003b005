"""Patterns with ``*`` and ``?`` as regular expressions that read a text in one pass.

``*`` stands for any run of characters, ``?`` for exactly one.  What stands between two stars has a fixed length, so its
first place in the text is as good as any later one: it is taken and never given back (the atomic groups), and the last
part is compared at the end of the text only.  Written with ``.*``, four stars and 800 characters take a minute.
"""

import re
from collections.abc import Iterable

STAR = "*"
MARK = "?"


def wildcard_expression(pieces: Iterable[tuple[bool, str]]) -> str:
    """The expression of a pattern, for `re.DOTALL` and a match of the whole text.

    Args:
        pieces: Texts, and ``*`` or ``?`` as pieces of their own with True before them.
    """
    parts, length = [""], 0
    for wild, text in pieces:
        if wild and text == STAR:
            parts.append("")
            length = 0
        else:
            parts[-1] += "." if wild else re.escape(text)
            length += len(text)
    if len(parts) == 1:
        return parts[0]
    first, *between, last = parts
    found = "".join(f"(?>.*?{part})" for part in between if part)
    return f"{first}{found}(?>.{{{length},}})(?<={last})"
