"""What the models of the configuration file share: no unknown keys, and the small types of its values."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gateway.config.attributes import Attribute
from gateway.config.regex import ExpressionRefused, compile_regex, compile_text_regex
from gateway.errors import UsageError


class Strict(BaseModel):
    """A table of the file; a key that it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def fault(message: str, derived: str = "", below: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """A fault; the arguments are those of `gateway.config.source.Fault`."""
    return PydanticCustomError("gateway_fault", "{message}", {"message": message, "derived": derived, "below": below})


def matching(pattern: str, allowed: str) -> AfterValidator:
    """A check that the whole text matches; the fault tells what is allowed in words."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise fault(f"found {{found}}; allowed: {allowed}")
        return text

    return AfterValidator(check)


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        allowed = "an IPv4 or IPv6 block in CIDR format without host bits, such as 127.0.0.0/8 or ::1/128"
        raise fault(f"found {{found}}; allowed: {allowed}") from None
    if "/" not in text:
        raise fault("found {found}; allowed: CIDR format{derived}", f", such as {network}")
    if str(network) == "255.255.255.255/32":
        raise fault("found {found}; AWS does not allow this block")
    return text


def _regex(text: str) -> str:
    # With the options that make the largest program, so that what passes here can always be compiled.
    try:
        compile_regex(text, ignore_case=True, captures=True)
    except UsageError as error:
        raise _refused(error) from None
    return text


def _text_expression(text: str) -> str:
    try:
        if text:
            compile_text_regex(text, dot_all=True)
    except UsageError as error:
        raise _refused(error) from None
    return text


def _refused(error: UsageError) -> PydanticCustomError:
    if isinstance(error, ExpressionRefused):
        return fault(f"found {{found}}{{derived}}; allowed: {error.allowed}", f": {error.reason}")
    return fault(f"found {{found}}: {error}")


Cidr: TypeAlias = Annotated[str, AfterValidator(_network)]
RegexText: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_regex)]
TextExpression: TypeAlias = Annotated[str, AfterValidator(_text_expression)]
Name: TypeAlias = Annotated[str, matching(r"[A-Za-z0-9_-]{1,140}", "up to 140 letters, digits, - and _")]
AbsolutePath: TypeAlias = Annotated[str, matching(r"/.*", "a path that begins with /")]
Port: TypeAlias = Annotated[int, Field(ge=0, le=65535)]


def _text(value: object) -> object:
    """A number is as good as its digits: ``status_code = "404"`` and ``port = 443`` are both written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


TextOrNumber: TypeAlias = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int)]


def attribute_fields(table: Mapping[str, Attribute]) -> dict[str, object]:
    """Fields for `pydantic.create_model`: one for each attribute, its AWS key as alias."""
    return {key.replace(".", "__"): (_type(attribute), _field(key, attribute)) for key, attribute in table.items()}


def _type(attribute: Attribute) -> object:
    return Literal[attribute.choices] if attribute.choices else type(attribute.default)


def _field(key: str, attribute: Attribute) -> object:
    if attribute.maximum:
        return Field(attribute.default, alias=key, ge=attribute.minimum, le=attribute.maximum)
    return Field(attribute.default, alias=key)
