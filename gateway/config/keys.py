"""What a key of the configuration file is, written down once: as a field of the settings that its table becomes.

The field's name, type and default are the key's, the text below the field is its documentation, and the marks here, in
``Annotated``, say what a plain type cannot.  Of a class, the first paragraph documents the table, ``check_keys`` looks
at several keys together, and ``with_defaults`` completes the table of a file with defaults that depend on other keys.
A key that may have one word only, ``Literal["alb"]``, tells the table from others in its place; the file must have it.

`gateway.config.tables` reads all that when there is a file to read.  Nothing here imports a third party, so that a
gateway without a file starts without pydantic.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any, NamedTuple, TypeAlias

from gateway.config.attributes import Attribute
from gateway.config.not_allowed import NotAllowed


class Range(NamedTuple):
    """A number from ``low`` to ``high``, both included; None for no end."""

    low: int
    high: int | None = None


class Length(NamedTuple):
    """How many characters a text has, or entries a list or table; None for no limit."""

    low: int | None = None
    high: int | None = None


class Matching(NamedTuple):
    """The whole text matches ``pattern``; ``allowed`` says in words what does."""

    pattern: str
    allowed: str


class Check(NamedTuple):
    """A function of the value that returns what it becomes, and raises `NotAllowed`."""

    function: Callable[[Any], Any]


class Before(NamedTuple):
    """The same of what stands in the file, before its type is checked; ``taken`` is its type in the JSON Schema."""

    function: Callable[[Any], Any]
    taken: Any = None


class OrJust(NamedTuple):
    """In place of the table the file may have just the text under one of its keys."""

    key: str


class Known(NamedTuple):
    """A table of attributes under AWS's keys, all of them present when it has been read; ``title`` is its name."""

    attributes: Mapping[str, Attribute]
    title: str


class Mark(Enum):
    """Marks without arguments."""

    NO_KEY = "comes from elsewhere than the table"
    OR_NULL = "null in the file is the same as left out, and so the default that editors show"
    ANY_JSON = "a table of any JSON values, which nobody looks into"


def _text(value: object) -> object:
    """A number is as good as its digits: ``status_code = "404"`` and ``port = 443`` are both written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _network(text: str) -> str:
    import ipaddress  # noqa: PLC0415 - takes long, and most gateways have no blocks

    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        allowed = "an IPv4 or IPv6 block in CIDR format without host bits, such as 127.0.0.0/8 or ::1/128"
        raise NotAllowed(f"found {{found}}; allowed: {allowed}") from None
    if "/" not in text:
        raise NotAllowed("found {found}; allowed: CIDR format{derived}", f", such as {network}")
    if str(network) == "255.255.255.255/32":
        raise NotAllowed("found {found}; AWS does not allow this block")
    return text


Name: TypeAlias = Annotated[str, Matching(r"[A-Za-z0-9_-]{1,140}", "up to 140 letters, digits, - and _")]
AbsolutePath: TypeAlias = Annotated[str, Matching(r"/.*", "a path that begins with /")]
Cidr: TypeAlias = Annotated[str, Check(_network)]
NonEmpty: TypeAlias = Annotated[str, Length(1)]
Port: TypeAlias = Annotated[int, Range(0, 65535)]
TextOrNumber: TypeAlias = Annotated[str, Before(_text, str | int)]
