"""What differs between two JSON values, by JSON Pointer (RFC 6901)."""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.observe.redaction import REDACTED
from gateway.types import Json

NOTHING: Final = "(nothing)"
"""Stands for a member that is not there."""

_NUMBERS: Final = (int, float)
_SHOWN: Final = 120
_BEFORE: Final = 30
"""Characters that are shown of a long text, and of those in front of the first difference."""


class Difference(NamedTuple):
    """One place where a replay is not as recorded; texts are JSON, or ``(nothing)``."""

    pointer: str
    recorded: str
    now: str

    def __str__(self) -> str:
        """Three lines."""
        return f"{self.pointer}\n    recorded {self.recorded}\n    now      {self.now}"


def differences(recorded: Json, now: Json, pointer: str, ignore: Sequence[str] = ()) -> list[Difference]:
    """Every place that differs.

    A member ``body`` that holds JSON on both sides is compared member by member.  The word ``redacted`` in a recorded
    text stands for any text, alone for any number too.

    Args:
        recorded: What was.
        now: What is.
        pointer: Where both stand.
        ignore: Pointers of what may differ, with all below them; ``*`` stands for any one member.
    """
    return list(_differences(recorded, now, pointer, [_segments(path) for path in ignore]))


def ignored(pointer: str, ignore: Iterable[str]) -> bool:
    """Whether this place may differ."""
    return _covered(pointer, [_segments(path) for path in ignore])


def _differences(recorded: Json, now: Json, pointer: str, ignore: list[list[str]]) -> Iterator[Difference]:
    if _covered(pointer, ignore):
        return
    if isinstance(recorded, dict) and isinstance(now, dict):
        yield from _members(recorded, now, pointer, ignore)
    elif isinstance(recorded, list) and isinstance(now, list) and len(recorded) == len(now):
        for index, (old, new) in enumerate(zip(recorded, now, strict=True)):
            yield from _differences(old, new, f"{pointer}/{index}", ignore)
    elif isinstance(recorded, str) and isinstance(now, str):
        yield from _texts(recorded, now, pointer, ignore)
    # 1 and true are equal in Python, and so are 1 and 1.0.
    elif (type(recorded) is not type(now) or recorded != now) and not (recorded == REDACTED and type(now) in _NUMBERS):
        yield Difference(pointer, _shown(recorded), _shown(now))


def _members(
    recorded: dict[str, Json], now: dict[str, Json], pointer: str, ignore: list[list[str]]
) -> Iterator[Difference]:
    for key in [*recorded, *(key for key in now if key not in recorded)]:
        inner = f"{pointer}/{_escaped(key)}"
        if key in recorded and key in now:
            yield from _differences(recorded[key], now[key], inner, ignore)
        elif not _covered(inner, ignore):
            gone = key in recorded
            yield Difference(inner, _shown(recorded[key]) if gone else NOTHING, NOTHING if gone else _shown(now[key]))


def _texts(recorded: str, now: str, pointer: str, ignore: list[list[str]]) -> Iterator[Difference]:
    if recorded == now:
        return
    if pointer.endswith("/body"):
        recorded, now = _plain(recorded, now)
        old, new = _container(recorded), _container(now)
        found = [] if old is None or new is None else [*_differences(old, new, pointer, ignore)]
        # JSON that is only written otherwise is still another body, unless what differs may differ.
        if found or ((ignore or REDACTED in recorded) and old is not None and new is not None):
            yield from found
            return
    if REDACTED in recorded and _matches(recorded, now):
        return
    start = max(_first_difference(recorded, now) - _BEFORE, 0)
    yield Difference(pointer, _part(recorded, start), _part(now, start))


def _plain(recorded: str, now: str) -> tuple[str, str]:
    """Two bodies, decoded when they are base64 and something in the recorded one is redacted."""
    try:
        old, new = (base64.b64decode(text, validate=True).decode() for text in (recorded, now))
    except ValueError:
        return recorded, now
    return (old, new) if REDACTED in old else (recorded, now)


def _container(text: str) -> Json:
    """An object or a list that a text holds, else None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        parsed: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def _matches(recorded: str, now: str) -> bool:
    """The pieces between the words follow each other: the first at the start, the last at the end."""
    first, *between, last = recorded.split(REDACTED)
    if not now.startswith(first) or not now.endswith(last) or len(first) + len(last) > len(now):
        return False
    position, end = len(first), len(now) - len(last)
    for piece in between:
        position = now.find(piece, position, end) + len(piece)
        if position < len(piece):
            return False
    return True


def _first_difference(one: str, other: str) -> int:
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)


def _part(text: str, start: int) -> str:
    end = start + _SHOWN
    return ("…" if start else "") + json.dumps(text[start:end], ensure_ascii=False) + ("…" if end < len(text) else "")


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _segments(pointer: str) -> list[str]:
    return pointer.split("/")


def _covered(pointer: str, ignore: list[list[str]]) -> bool:
    if not ignore:
        return False
    way = _segments(pointer)
    return any(
        len(path) <= len(way) and all(step in ("*", found) for step, found in zip(path, way, strict=False))
        for path in ignore
    )
