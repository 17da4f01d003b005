"""From a settings class to what reads its table: nothing of a key is written down twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

import pytest
from pydantic import ValidationError

from gateway.config.attributes import Attribute
from gateway.config.keys import Before, Check, Known, Length, Mark, Matching, OrJust, Range
from gateway.config.model import FileModel
from gateway.config.not_allowed import NotAllowed
from gateway.config.tables import model_of, summary
from gateway.types import Json
from tests.config.reading import read


class Inner(NamedTuple):
    """A table in a table."""

    path: Path = Path()
    """Where it is."""
    size: Annotated[int, Range(1, 9), Mark.OR_NULL] = 4
    """How large."""


def _even(number: int) -> int:
    if number % 2:
        raise NotAllowed("found {found}; allowed: even ones")
    return number + 100


_INNER: Final = Inner()


@dataclass(frozen=True, slots=True)
class Base:
    """What both kinds have."""

    port: int
    """The port."""


@dataclass(frozen=True, slots=True)
class Wide(Base):
    """The first paragraph.

    The second is for readers of the code.
    """

    type: ClassVar[Literal["wide"]] = "wide"
    name: Annotated[str, Mark.NO_KEY] = "unnamed"
    inner: Inner = _INNER
    even: Annotated[int, Check(_even)] = 2
    word: Annotated[str, Length(2, 3), Matching("[a-z]*", "small letters")] = "ab"
    digits: Annotated[str, Before(str, str | int)] = "7"
    tables: Mapping[str, Annotated[Inner, OrJust("path")]] = field(default_factory=dict)
    attributes: Annotated[Mapping[str, bool | int | str], Known({"a.b": Attribute(5, 1, 9)}, "Attributes")] = field(
        default_factory=lambda: {"a.b": 5}
    )
    free: Annotated[Mapping[str, Json], Mark.ANY_JSON] = field(default_factory=dict)

    def check_keys(self) -> None:
        """Raise `NotAllowed` for a combination."""
        if self.port == 13 and self.even == 102:
            raise NotAllowed("not together", below=("even",))


@dataclass(frozen=True, slots=True)
class Narrow(Base):
    """Another."""

    type: ClassVar[Literal["narrow"]] = "narrow"


class Either(NamedTuple):
    """One of two kinds."""

    kinds: tuple[Wide | Narrow, ...]


def wide(**keys: Json) -> Wide:
    """What a table becomes."""
    return read(Wide, {"type": "wide", "port": 1, **keys})


def faults(**keys: Json) -> list[tuple[tuple[int | str, ...], str, Any]]:
    """What is said about a table."""
    with pytest.raises(ValidationError) as caught:
        wide(**keys)
    return [(it["loc"], it["type"], it.get("ctx", {}).get("message")) for it in caught.value.errors()]


def test_what_is_left_out_has_the_default_of_the_class() -> None:
    """The class alone says defaults."""
    assert wide() == Wide(1)


def test_what_is_given() -> None:
    """Each mark does what it says, and tables in tables become instances of their classes."""
    settings = wide(
        inner={"size": 5},
        even=4,
        digits=42,
        tables={"a": "x", "b": {"path": "y"}},
        attributes={"a.b": 6},
        free={"a": [1]},
    )

    assert settings.inner == Inner(size=5)
    assert (settings.even, settings.digits) == (104, "42")
    assert settings.tables == {"a": Inner(Path("x")), "b": Inner(Path("y"))}
    assert (settings.attributes, settings.free) == ({"a.b": 6}, {"a": [1]})


def test_null_is_left_out() -> None:
    """Where null may stand it means nothing else than no key."""
    assert wide(inner={"size": None}).inner == Inner()


def test_paths_count_from_the_folder(tmp_path: Path) -> None:
    """A relative path is one in the folder of the file."""
    assert read(Inner, {"path": "a/../b"}, tmp_path).path == tmp_path / "b"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"name": "a"}, [(("name",), "extra_forbidden", None)]),
        ({"nobody": 1}, [(("nobody",), "extra_forbidden", None)]),
        ({"type": "narrow"}, [(("type",), "literal_error", None)]),
        ({"even": 3}, [(("even",), "gateway_fault", "found {found}; allowed: even ones")]),
        ({"word": "AB"}, [(("word",), "gateway_fault", "found {found}; allowed: small letters")]),
        ({"word": "abcd"}, [(("word",), "string_too_long", None)]),
        ({"inner": {"size": 0}}, [(("inner", "size"), "greater_than_equal", None)]),
        ({"attributes": {"a.b": 10}}, [(("attributes", "a.b"), "less_than_equal", None)]),
        ({"port": 13}, []),
        ({"port": 13, "even": 2}, [((), "gateway_fault", "not together")]),
    ],
)
def test_faults(keys: dict[str, Json], expected: object) -> None:
    """What is no key, and values and combinations that are not allowed."""
    if expected:
        assert faults(**keys) == expected
    else:
        assert wide(**keys) == Wide(13)


def test_order_and_documentation() -> None:
    """Inherited keys come first, then the word that tells the table from others; texts below fields describe them."""
    schema = model_of(Wide).model_json_schema(by_alias=True)
    inner = model_of(Inner).model_json_schema()["properties"]

    assert list(schema["properties"])[:3] == ["port", "type", "inner"]
    assert schema["properties"]["port"]["description"] == "The port."
    assert (schema["title"], schema["description"]) == ("WideModel", "The first paragraph.")
    assert schema["required"] == ["port", "type"]
    assert schema["properties"]["inner"]["default"] == {"path": ".", "size": None}
    assert (inner["path"]["description"], inner["size"]["default"]) == ("Where it is.", None)
    assert summary(Wide) == "The first paragraph."


def test_one_model_for_each_class() -> None:
    """It is made once, however often a class is used."""
    assert model_of(Inner) is model_of(Inner)


def test_the_word_tells_the_tables_of_a_place_apart() -> None:
    """Each of them becomes an instance of its own class."""
    tables: Json = [{"type": "narrow", "port": 1}, {"type": "wide", "port": 2}]

    assert read(Either, {"kinds": tables}).kinds == (Narrow(1), Wide(2))
    with pytest.raises(ValidationError, match="'wide', 'narrow'"):
        read(Either, {"kinds": [{"type": "other"}]})


def _descriptions(schema: Mapping[str, Any]) -> dict[str, list[str]]:
    """The keys without a description, by the table."""
    return {
        name: [key for key, value in table["properties"].items() if "description" not in value and "const" not in value]
        for name, table in schema["$defs"].items()
        if "properties" in table and not name.endswith("Attributes")
    }


def test_every_key_has_a_text() -> None:
    """Editors show what each key is for; only the word that tells tables apart, and AWS's attributes, go without."""
    schema = FileModel.model_json_schema(by_alias=True)

    assert {name: keys for name, keys in _descriptions(schema).items() if keys} == {}
