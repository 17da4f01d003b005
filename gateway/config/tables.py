"""From settings classes to the pydantic models that read their tables from a file: `gateway.config.keys` has the words.

A model has every key of its class and nothing else, and what it has read becomes an instance of the class, so that no
key and no default can stand on one side only.
"""

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache, reduce
from itertools import pairwise
from operator import or_
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gateway.config import authentication, conditions, doors, keys, rules, transforms, values
from gateway.config.keys import Before, Check, Known, Length, Mark, Matching, OrJust, Range
from gateway.config.not_allowed import NotAllowed

_NAMES: Final = {
    name: value
    for module in (keys, values, rules, conditions, authentication, transforms, doors)
    for name, value in vars(module).items()
}
"""What settings import for types only."""


class Strict(BaseModel):
    """A table of the file; a key that it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_MODELS: Final[dict[type, type[BaseModel]]] = {}


def model_of(settings: type) -> type[BaseModel]:
    """The model of a table; what it validates becomes an instance of ``settings``, a dataclass or a named tuple.

    Relative paths count from the validation's ``context``, a folder.
    """
    if settings in _MODELS:
        return _MODELS[settings]
    validators: dict[str, Any] = {"become": model_validator(mode="after")(_becoming(settings))}
    if hasattr(settings, "with_defaults"):
        validators["complete"] = model_validator(mode="before")(_completing(settings.with_defaults))
    _MODELS[settings] = create_model(
        f"{settings.__name__.removesuffix('Settings')}Model",
        __base__=Strict,
        __doc__=summary(settings),
        __validators__=validators,
        **fields_of(settings),
    )
    return _MODELS[settings]


def fields_of(settings: type, **known: object) -> dict[str, Any]:
    """The fields of a class as `pydantic.create_model` takes them, in the order in which messages name the keys.

    Args:
        settings: The class.
        known: What its annotations mean with some names.
    """
    hints = _hints(settings, **known)
    texts = {name: text for kind in reversed(settings.__mro__) for name, text in _texts(kind).items()}
    word = _word(hints)
    fields = {
        name: (_typed(hints[name]), _field(hints[name], default, texts.get(name)))
        for name, default in _defaults(settings).items()
        if name != word and Mark.NO_KEY not in _marks(hints[name])
    }
    inherited = {name: fields.pop(name) for name in _defaults(settings.__base__) if name in fields}
    return {**inherited, **({word: (_plain(hints[word]), ...)} if word else {}), **fields}


def given(model: BaseModel, settings: type) -> dict[str, Any]:
    """What a file gives of the keys of a class; null is nothing."""
    table = {name: getattr(model, name) for name in _defaults(settings) if name in model.model_fields_set}
    return {name: value for name, value in table.items() if value is not None}


def summary(settings: type) -> str:
    """The first paragraph of a class's documentation."""
    return inspect.cleandoc(settings.__doc__ or "").split("\n\n")[0]


def _is_settings(kind: object) -> bool:
    return isinstance(kind, type) and (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"))


def _hints(settings: type, **known: object) -> dict[str, Any]:
    """The annotations of all fields, as each class means them in its own module."""
    hints: dict[str, Any] = {}
    for kind in reversed(settings.__mro__):
        own = type(kind.__name__, (), {"__annotations__": inspect.get_annotations(kind)})
        names = {**_NAMES, **vars(sys.modules[kind.__module__]), "Json": JsonValue, **known}
        hints |= get_type_hints(own, localns=names, include_extras=True)
    return hints


def _plain(hint: Any) -> Any:  # noqa: ANN401 - annotations are values here
    return get_args(hint)[0] if get_origin(hint) is ClassVar else hint


def _word(hints: Mapping[str, Any]) -> str:
    """The name of the key that tells a table from others, which may have one word only; "" for none."""
    return next(
        (it for it, hint in hints.items() if get_origin(_plain(hint)) is Literal and len(get_args(_plain(hint))) == 1),
        "",
    )


def _defaults(settings: type | None) -> dict[str, dict[str, Any]]:
    """The names of all fields, and their defaults as arguments of `pydantic.Field`."""
    if not dataclasses.is_dataclass(settings):
        defaults = getattr(settings, "_field_defaults", {})
        return {it: {"default": defaults[it]} if it in defaults else {} for it in getattr(settings, "_fields", ())}
    return {
        it.name: {
            name: value
            for name, value in (("default", it.default), ("default_factory", it.default_factory))
            if value is not dataclasses.MISSING
        }
        for it in dataclasses.fields(settings)
    }


def _field(hint: Any, default: dict[str, Any], text: str | None) -> Any:  # noqa: ANN401 - annotations are values here
    """The field of a key: its default here is only what editors show."""
    if Mark.OR_NULL in _marks(hint):
        default = {"default": None}
    elif _is_settings(type(default.get("default"))):
        default = {"default": model_of(type(default["default"])).model_construct()}
    elif any(isinstance(mark, Known) for mark in _marks(hint)):
        default = {"default_factory": dict}
    return Field(**default, description=text)


def _marks(hint: Any) -> tuple[object, ...]:  # noqa: ANN401 - as above
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def _typed(hint: Any) -> Any:  # noqa: ANN401 - as above
    """An annotation in pydantic's words."""
    arguments = get_args(hint)
    match get_origin(hint):
        case origin if origin is Annotated:
            return _marked(*arguments)
        case origin if origin in (Union, UnionType):
            members = reduce(or_, map(_typed, arguments))
            tables = [it for it in arguments if _is_settings(it)]
            return Annotated[members, Field(discriminator=_word(_hints(tables[0])))] if len(tables) > 1 else members
        case origin if origin is Mapping:
            return dict.__class_getitem__(tuple(map(_typed, arguments)))
        case origin if origin is tuple:
            return tuple.__class_getitem__(tuple(map(_typed, arguments)))
    if _is_settings(hint):
        return model_of(hint)
    return Annotated[Path, AfterValidator(_absolute)] if hint is Path else hint


def _marked(hint: Any, *marks: object) -> Any:  # noqa: ANN401 - as above
    if Mark.ANY_JSON in marks:
        return dict[str, JsonValue]
    typed = next((_attributes(mark) for mark in marks if isinstance(mark, Known)), None) or _typed(hint)
    for mark in marks:
        metadata = _metadata(mark, typed)
        typed = typed if metadata is None else Annotated[typed, metadata]
    return typed | None if Mark.OR_NULL in marks else typed


def _metadata(mark: object, typed: Any) -> object:  # noqa: ANN401 - as above
    match mark:
        case Range(low, high):
            return Field(ge=low, le=high)
        case Length(low, high):
            return Field(min_length=low, max_length=high)
        case Matching(pattern, allowed):
            return AfterValidator(_matching(re.compile(pattern), allowed))
        case Check(function):
            return AfterValidator(_telling(function))
        case Before(function, taken):
            return BeforeValidator(_telling(function), json_schema_input_type=taken or typed)
        case OrJust(key):
            return BeforeValidator(
                lambda value: {key: value} if isinstance(value, str) else value,
                json_schema_input_type=str | typed,
            )
        case Mark() | Known():
            return None
        case _:
            return mark


def _matching(pattern: re.Pattern[str], allowed: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise NotAllowed(f"found {{found}}; allowed: {allowed}")
        return text

    return _telling(check)


def _attributes(known: Known) -> Any:  # noqa: ANN401 - as above
    """A table with a key for each attribute, read into a mapping of all of them."""
    fields: dict[str, Any] = {}
    for key, (default, minimum, maximum, choices) in known.attributes.items():
        limits: dict[str, Any] = {"ge": minimum, "le": maximum} if maximum else {}
        kind = Literal[choices] if choices else type(default)
        fields[key.replace(".", "__")] = (kind, Field(default, alias=key, **limits))
    model = create_model(known.title, __base__=Strict, **fields)
    return Annotated[model, AfterValidator(lambda table: table.model_dump(by_alias=True))]


def _absolute(path: Path, info: ValidationInfo) -> Path:
    return (info.context / path.expanduser()).resolve() if info.context else path


def _completing(complete: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda table: complete(table) if isinstance(table, dict) else table


def _becoming(settings: type) -> Callable[[Any], Any]:
    def become(model: BaseModel) -> object:
        table = settings(**given(model, settings))
        if hasattr(table, "check_keys"):
            table.check_keys()
        return table

    return _telling(become)


def _telling(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same function; what it refuses becomes a fault."""

    def checked(value: Any) -> Any:  # noqa: ANN401 - whatever the check takes
        try:
            return check(value)
        except NotAllowed as no:
            context = {"message": no.message, "derived": no.derived, "below": no.below}
            raise PydanticCustomError("gateway_fault", "{message}", context) from None

    return checked


def _texts(kind: type) -> Mapping[str, str]:
    """The documentation below each field of a class."""
    return _texts_of_module(kind.__module__).get(kind.__name__, {}) if _is_settings(kind) else {}


@cache
def _texts_of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """The same for each class of a module."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except OSError:  # a package without its source: editors show no documentation
        return {}
    return {
        node.name: {
            field.target.id: inspect.cleandoc(text)
            for field, below in pairwise(node.body)
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(text := below.value.value, str)
        }
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
