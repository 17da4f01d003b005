"""What the models of the configuration file share: no unknown keys, and the small types of its values."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gateway.config.attributes import Attribute
from gateway.config.regex import RegexNotSupported, compile_regex


class Strict(BaseModel):
    """A table of the file; a key that it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def fault(message: str) -> PydanticCustomError:
    """A fault whose text is the message as it stands."""
    return PydanticCustomError("gateway_fault", "{message}", {"message": message})


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        allowed = "an IPv4 or IPv6 block in CIDR format without host bits, such as 127.0.0.0/8 or ::1/128"
        raise fault(f"found {text!r}; allowed: {allowed}") from None
    if "/" not in text:
        raise fault(f"found {text!r}; allowed: CIDR format, such as {network}")
    if str(network) == "255.255.255.255/32":
        raise fault("found '255.255.255.255/32'; AWS does not allow this block")
    return text


def _regex(text: str) -> str:
    try:
        compile_regex(text)
    except RegexNotSupported as error:
        allowed = "RE2 syntax without look-around, back-references and Unicode classes"
        raise fault(f"found {text!r}: {error}; allowed: {allowed}") from None
    return text


Cidr: TypeAlias = Annotated[str, AfterValidator(_network)]
RegexText: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_regex)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,140}$")]
Port: TypeAlias = Annotated[int, Field(ge=0, le=65535)]


def _text(value: object) -> object:
    """A number is as good as its digits: ``status_code = "404"`` and ``port = 443`` are both written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


TextOrNumber: TypeAlias = Annotated[str, BeforeValidator(_text)]


def attribute_fields(table: Mapping[str, Attribute]) -> dict[str, object]:
    """Fields for `pydantic.create_model`: one for each attribute, its AWS key as alias."""
    return {key.replace(".", "__"): (_type(attribute), _field(key, attribute)) for key, attribute in table.items()}


def _type(attribute: Attribute) -> object:
    return type(attribute.default)


def _field(key: str, attribute: Attribute) -> object:
    if attribute.choices:
        return Field(attribute.default, alias=key, pattern=f"^({'|'.join(attribute.choices)})$")
    if attribute.maximum:
        return Field(attribute.default, alias=key, ge=attribute.minimum, le=attribute.maximum)
    return Field(attribute.default, alias=key)
