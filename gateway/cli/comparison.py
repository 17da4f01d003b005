"""One request as every front door tells it, with the differences marked."""

import json
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from gateway.translation.shape import escaped
from gateway.types import Json

Leaves: TypeAlias = dict[str, dict[str, Json]]
"""Pointer → front door → value; a front door without the member is not there."""

_SAME: Final = "="
_DIFFERENT: Final = "≠"
_ABSENT: Final = "(absent)"


def leaves_of(events: Mapping[str, Json]) -> Leaves:
    """Every value of every event by its pointer, in the order in which they first come."""
    found: Leaves = {}
    for name, event in events.items():
        for pointer, value in _leaves(event, ""):
            found.setdefault(pointer, {})[name] = value
    return found


def _leaves(value: Json, pointer: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(member, f"{pointer}/{escaped(name)}")
    else:
        yield pointer, value


def comparison_lines(events: Mapping[str, Json]) -> Iterator[str]:
    """Plain text: ``=`` before what all front doors send alike, ``≠`` before what they do not, and who sends what."""
    leaves = leaves_of(events)
    for pointer, by_name in sorted(leaves.items()):
        groups: dict[str, list[str]] = {}
        for name in events:
            shown = json.dumps(by_name[name], ensure_ascii=False) if name in by_name else _ABSENT
            groups.setdefault(shown, []).append(name)
        if len(groups) == 1:
            yield f"{_SAME} {pointer}  {next(iter(groups))}"
            continue
        yield f"{_DIFFERENT} {pointer}"
        width = max(len(", ".join(names)) for names in groups.values())
        for shown, names in groups.items():
            yield f"    {', '.join(names):{width}}  {shown}"
