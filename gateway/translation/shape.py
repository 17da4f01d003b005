"""Shapes of JSON values: enough to say where an event differs from what a front door sends, and how."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from gateway.types import Json

MISSING: Final = "is missing; it is always there"


class Misfit(NamedTuple):
    """One difference.

    Attributes:
        pointer: Where, an RFC 6901 pointer.
        rule: What is wrong, a sentence.
        kind: The value is of another kind: what it means cannot be read.
    """

    pointer: str
    rule: str
    kind: bool = False

    def __str__(self) -> str:
        return f"{self.pointer or '(event)'}: {self.rule}"


class Shape(Protocol):
    """What a value may be."""

    def misfits(self, value: Json, pointer: str = "") -> Iterator[Misfit]:
        """Every difference between a value and this shape."""
        ...


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of one kind; a boolean is no number."""

    kind: type
    said: str

    def misfits(self, value: Json, pointer: str = "") -> Iterator[Misfit]:
        """Whether the kind is right."""
        if type(value) is not self.kind:
            yield Misfit(pointer, f"expected {self.said}, got {value!r:.60}", kind=True)


TEXT: Final = Scalar(str, "a string")
WHOLE: Final = Scalar(int, "an integer")
FLAG: Final = Scalar(bool, "true or false")
NULL: Final = Scalar(type(None), "null")


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value at all."""

    def misfits(self, value: Json, pointer: str = "") -> Iterator[Misfit]:  # noqa: ARG002 - a Shape's signature
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class OrNull:
    """null, or a value of a shape."""

    shape: Shape

    def misfits(self, value: Json, pointer: str = "") -> Iterator[Misfit]:
        """Those of the shape, unless it is null."""
        return iter(()) if value is None else self.shape.misfits(value, pointer)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list with at least one item."""

    shape: Shape

    def misfits(self, value: Json, pointer: str = "") -> Iterator[Misfit]:
        """Those of the items."""
        if not isinstance(value, list) or not value:
            yield Misfit(pointer, f"expected a list that is not empty, got {value!r:.60}", not isinstance(value, list))
            return
        for index, item in enumerate(value):
            yield from self.shape.misfits(item, f"{pointer}/{index}")


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with any names.

    Attributes:
        shape: Of the values.
        empty: It may be empty.
        lower: The names are in lower case.
    """

    shape: Shape
    empty: bool = True
    lower: bool = False

    def misfits(self, value: Json, pointer: str = "") -> Iterator[Misfit]:
        """Those of the values and of the names."""
        if not isinstance(value, dict):
            yield Misfit(pointer, f"expected an object, got {value!r:.60}", kind=True)
            return
        if not value and not self.empty:
            yield Misfit(pointer, "an empty object is never sent here")
        for name, member in value.items():
            place = f"{pointer}/{escaped(name)}"
            if self.lower and name != name.lower():
                yield Misfit(place, f"expected the name in lower case, {name.lower()}")
            yield from self.shape.misfits(member, place)


@dataclass(frozen=True, slots=True)
class Members:
    """An object with known names.

    Attributes:
        required: Always there.
        optional: Absent when there is no value; null is something else than absent.
        closed: No other names.
        never: Names that are never there, with what to say of them.
    """

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    closed: bool = True
    never: Mapping[str, str] = field(default_factory=dict)

    def misfits(self, value: Json, pointer: str = "") -> Iterator[Misfit]:
        """Those of the members, missing and unknown ones included."""
        if not isinstance(value, dict):
            yield Misfit(pointer, f"expected an object, got {value!r:.60}", kind=True)
            return
        for name, said in self.never.items():
            if name in value:
                yield Misfit(f"{pointer}/{escaped(name)}", said)
        for name, shape in self.required.items():
            if name not in value:
                yield Misfit(f"{pointer}/{name}", MISSING)
            else:
                yield from shape.misfits(value[name], f"{pointer}/{name}")
        for name, member in value.items():
            if name in self.optional:
                yield from self._optional(name, member, f"{pointer}/{name}")
            elif self.closed and name not in self.required and name not in self.never:
                yield Misfit(f"{pointer}/{escaped(name)}", "is never sent by this front door")

    def _optional(self, name: str, member: Json, pointer: str) -> Iterator[Misfit]:
        found = list(self.optional[name].misfits(member, pointer))
        if found and member is None:
            yield Misfit(pointer, "is null; without a value it is absent")
        else:
            yield from found


def escaped(name: str) -> str:
    """A name as a step of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def base64_misfits(event: Json) -> Iterator[Misfit]:
    """``body`` against ``isBase64Encoded``."""
    if isinstance(event, dict) and event.get("isBase64Encoded") is True and isinstance(event.get("body"), str):
        try:
            base64.b64decode(str(event["body"]), validate=True)
        except (binascii.Error, ValueError) as error:
            yield Misfit("/body", f"is no base64, although isBase64Encoded is true: {error}")


def pair_misfits(event: Json, single: str, multi: str) -> Iterator[Misfit]:
    """Two maps of the same: the single value is the last of the list."""
    if not isinstance(event, dict):
        return
    one, many = event.get(single), event.get(multi)
    if (one is None) != (many is None):
        yield Misfit(f"/{single}", f"and /{multi} are null together or not at all")
    if not isinstance(one, dict) or not isinstance(many, dict):
        return
    for name in sorted({*one, *many}):
        values = many.get(name)
        if name not in one or not isinstance(values, list) or not values or values[-1] != one[name]:
            yield Misfit(f"/{single}/{escaped(name)}", f"is not the last value of /{multi}/{escaped(name)}")
