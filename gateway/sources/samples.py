"""Events of other AWS services, made from templates: one JSON file for each service beside this module.

A file maps the event's name to ``help``, ``source`` (where the shape is from), ``parameters`` (name → default, or
``{"default", "help"}``) and ``event``.  In the texts of an event ``${name}`` stands for a parameter and
``${name|filter}`` for what a filter makes of it; a text that is nothing else becomes the value itself, number and
object included.  The same values give the same event.

Facts: keys in S3 events are URL-encoded with ``+`` for spaces and plain slashes (Amazon S3 user guide, "Event message
structure"); bodies of SQS messages have their MD5 beside them (Amazon SQS API reference, ``Message``); CloudWatch Logs
are gzipped JSON in base64 (AWS Lambda developer guide, "Using Lambda with CloudWatch Logs").
"""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote_plus

from gateway.errors import UsageError
from gateway.types import Json

_PLACEHOLDER: Final = re.compile(r"\$\{([a-z0-9-]+)((?:\|[a-z0-9]+)*)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something in an event that can be chosen; values are texts, as on a command line."""

    default: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One event.

    Attributes:
        help: One sentence.
        source: Where the shape is from.
        parameters: By name, with hyphens.
        event: With placeholders.
    """

    help: str
    source: str
    parameters: Mapping[str, Parameter]
    event: Json


def _s3_key(text: str) -> str:
    return quote_plus(text, safe="/")


def _number(text: str) -> int:
    return int(text)


def _json(text: str) -> Json:
    value: Json = json.loads(text)
    return value


def _text_of(value: Any) -> str:  # noqa: ANN401 - what a filter before has made
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _attribute_values(text: str) -> Json:
    """A plain JSON object as DynamoDB writes it: ``{"Id": 1}`` → ``{"Id": {"N": "1"}}``."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("expected an object")
    return {name: _attribute_value(member) for name, member in value.items()}


def _attribute_value(value: Json) -> Json:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": json.dumps(value)}
        case list():
            return {"L": [_attribute_value(item) for item in value]}
        case dict():
            return {"M": {name: _attribute_value(member) for name, member in value.items()}}


_FILTERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "s3key": _s3_key,
    "md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    # Without a time in its head, so that the same text gives the same bytes
    "gzip": lambda text: base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode(),
    "number": _number,
    "json": _json,
    "dynamodb": _attribute_values,
    "bytes": lambda text: len(text.encode()),
    "lower": str.lower,
}

_RULES: Final[Mapping[str, tuple[str, str]]] = {
    "account-id": (r"\d{12}", "twelve digits"),
    "region": (r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1"),
    "partition": (r"aws(-[a-z-]+)?", "aws, aws-cn or aws-us-gov"),
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "3 to 63 lower-case letters, digits, dots and hyphens"),
    "key": (r"(?s).{1,1024}", "1 to 1024 characters"),
    "size": (r"\d+", "a number of bytes"),
    "queue": (r"[A-Za-z0-9_-]{1,80}(\.fifo)?", "letters, digits, hyphens and underscores, at most 80"),
    "topic": (r"[A-Za-z0-9_-]{1,256}(\.fifo)?", "letters, digits, hyphens and underscores"),
    "table": (r"[A-Za-z0-9_.-]{3,255}", "3 to 255 letters, digits, dots, hyphens and underscores"),
    "stream": (r"[A-Za-z0-9_.-]{1,128}", "letters, digits, dots, hyphens and underscores"),
    "uri": (r"/\S*", "a path that begins with a slash"),
    "status": (r"[2-5]\d\d", "a status from 200 to 599"),
    "event-name": (r"INSERT|MODIFY|REMOVE", "INSERT, MODIFY or REMOVE"),
}
"""What the service itself demands of a value, by the parameter's name."""


def service_names() -> list[str]:
    """The services that have templates."""
    folder = files("gateway.sources") / "templates"
    return sorted(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))


@cache
def load_templates(service: str) -> Mapping[str, Template]:
    """The events of one service by name.

    Raises:
        UsageError: There is no such service.
    """
    if service not in service_names():
        raise UsageError(f"there are no events of {service!r}; there are {', '.join(service_names())}")
    text = (files("gateway.sources") / "templates" / f"{service}.json").read_text("utf-8")
    return {name: _template(given) for name, given in json.loads(text).items()}


def _template(given: dict[str, Any]) -> Template:
    parameters = {
        name: Parameter(**fact) if isinstance(fact, dict) else Parameter(fact)
        for name, fact in given["parameters"].items()
    }
    return Template(given["help"], given["source"], parameters, given["event"])


def build_sample(template: Template, values: Mapping[str, str] | None = None) -> Json:
    """The event with values in the places of its parameters.

    Args:
        template: From `load_templates`.
        values: By parameter; those left out have their defaults.

    Raises:
        UsageError: There is no such parameter, or the service would not take the value.
    """
    given = {name: parameter.default for name, parameter in template.parameters.items()}
    for name, value in (values or {}).items():
        if name not in given:
            raise UsageError(f"there is no {name!r} in this event; there are {', '.join(given) or 'no parameters'}")
        _check(name, value)
        given[name] = value
    return _filled(template.event, given)


def _check(name: str, value: str) -> None:
    pattern, said = _RULES.get(name, ("(?s).*", ""))
    if not re.fullmatch(pattern, value):
        raise UsageError(f"--{name} {value!r}: expected {said}")


def _filled(value: Json, given: Mapping[str, str]) -> Json:
    if isinstance(value, dict):
        return {str(_filled(name, given)): _filled(member, given) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(item, given) for item in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole:
        return _filtered(whole, given)
    return _PLACEHOLDER.sub(lambda found: _text_of(_filtered(found, given)), value)


def _filtered(found: re.Match[str], given: Mapping[str, str]) -> Json:
    name, filters = found[1], found[2].split("|")[1:]
    value: Any = given[name]
    for each in filters:
        try:
            value = _FILTERS[each](_text_of(value))
        except (TypeError, ValueError) as error:
            raise UsageError(f"--{name} {given[name]!r}: {error}") from error
    result: Json = value
    return result
