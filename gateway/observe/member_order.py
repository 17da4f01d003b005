"""Where two JSON values have the same members in another order, which tests of events and logs of them show."""

import json
from collections.abc import Iterator, Sequence

from gateway.observe.differences import Difference, ignored
from gateway.translation.shape import escaped
from gateway.types import Json


def order_differences(recorded: Json, now: Json, pointer: str, ignore: Sequence[str] = ()) -> Iterator[Difference]:
    """Every object whose members that both have are not in the same order; the texts begin where the orders part.

    Arguments as for `differences`.
    """
    if ignored(pointer, ignore):
        return
    if isinstance(recorded, dict) and isinstance(now, dict):
        both = [name for name in recorded if name in now]
        found = [name for name in now if name in recorded]
        if both != found:
            start = next(at for at, name in enumerate(both) if name != found[at])
            yield Difference(pointer, _shown(both[start:]), _shown(found[start:]))
        for name in both:
            yield from order_differences(recorded[name], now[name], f"{pointer}/{escaped(name)}", ignore)
    elif isinstance(recorded, list) and isinstance(now, list):
        for index, (old, new) in enumerate(zip(recorded, now, strict=False)):
            yield from order_differences(old, new, f"{pointer}/{index}", ignore)


def is_sorted(event: Json) -> bool:
    """Whether a logger has sorted the members of an event: no listener type sends them by name."""
    return isinstance(event, dict) and list(event) == sorted(event)


def _shown(names: list[str]) -> str:
    shown = json.dumps(names[:4], ensure_ascii=False)
    return f"order {shown[:-1]}, …]" if len(names) > 4 else f"order {shown}"
