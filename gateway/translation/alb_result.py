"""A function's result as an Application Load Balancer reads it: lax about what is missing, strict about the rest.

Facts, from the AWS ELB user guide ("Lambda functions as targets") and from reports against real load balancers

- ``statusCode`` must be there and be an integer; a string is refused (apig-wsgi issue 52).
- Everything else may be missing; null is refused everywhere (aws-lambda-dotnet issue 507 for ``statusDescription``,
  aws-lambda-go issue 529 for the headers, Powertools for Python issue 4671 for ``body``).
- A header's value must be a string, a number or boolean is refused (serverless-express issues 563 and 688).
- ``statusDescription`` is "200 OK", also without the number; "" counts as missing (aws-lambda-go always sends it).
- Unknown members are ignored (serverless-http issue 244), and so is the other mode's header map, whatever it holds.
"""

import re
from typing import Final, NamedTuple, NoReturn, TypeAlias

from gateway.errors import BadResult
from gateway.translation.body import from_base64
from gateway.translation.error_page import STANDARD_REASONS
from gateway.translation.headers import is_field_value, is_token
from gateway.translation.result import load_result
from gateway.types import Json

Fields: TypeAlias = list[tuple[str, str]]
"""Header lines in the function's order."""

_number_and_space: Final = re.compile(r"\d{3}( |$)").match


class AlbResult(NamedTuple):
    """A result that the load balancer accepts; ``body`` is decoded, ``fields`` can stand on the wire."""

    status: int
    reason: bytes
    fields: Fields
    body: bytes


def read(payload: bytes, *, multi_value_headers: bool) -> AlbResult:
    """The result in a payload.

    Raises:
        BadResult: The load balancer would answer 502; the pointer names the member.
    """
    result = load_result(payload)
    if not isinstance(result, dict):
        raise BadResult("", "an object", result)
    status = _status(result)
    fields = _multi_fields(result) if multi_value_headers else _single_fields(result)
    return AlbResult(status, _reason(result, status), fields, _body(result))


def _status(result: dict[str, Json]) -> int:
    if "statusCode" not in result:
        raise BadResult("/statusCode", "an integer 200-599", "<nothing>")
    status = result["statusCode"]
    # bool is an int; outside 200-599 no evidence exists and nothing that HTTP allows as a final answer
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadResult("/statusCode", "an integer 200-599", status)
    return status


def _reason(result: dict[str, Json], status: int) -> bytes:
    description = result.get("statusDescription", "")
    if not isinstance(description, str) or not is_field_value(description):
        raise BadResult("/statusDescription", "a string without control characters", description)
    reason = description[4:] if _number_and_space(description) else description
    return reason.encode() or STANDARD_REASONS.get(status, b"")


def _body(result: dict[str, Json]) -> bytes:
    body = result.get("body", "")
    encoded = result.get("isBase64Encoded", False)
    if not isinstance(body, str):
        raise BadResult("/body", "a string", body)
    if not isinstance(encoded, bool):
        raise BadResult("/isBase64Encoded", "a boolean", encoded)
    try:
        return from_base64(body) if encoded else body.encode()
    except UnicodeEncodeError as error:
        raise BadResult("/body", "Unicode text", f"<a lone surrogate at {error.start}>") from error
    except ValueError as error:
        raise BadResult("/body", "standard base64, padded, without line breaks", f"<{error}>") from error


def _single_fields(result: dict[str, Json]) -> Fields:
    headers = result.get("headers", {})
    if not isinstance(headers, dict):
        raise BadResult("/headers", "an object", headers)
    fields = []
    for name, value in headers.items():
        if not isinstance(value, str):
            raise BadResult(f"/headers/{_escaped(name)}", "a string", value)
        fields.append((name, value))
    if not _all_fit(fields):
        _blame("/headers", fields)
    return fields


def _multi_fields(result: dict[str, Json]) -> Fields:
    headers = result.get("multiValueHeaders", {})
    if not isinstance(headers, dict):
        raise BadResult("/multiValueHeaders", "an object", headers)
    fields = []
    for name, values in headers.items():
        if not isinstance(values, list):
            raise BadResult(f"/multiValueHeaders/{_escaped(name)}", "a list of strings", values)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise BadResult(f"/multiValueHeaders/{_escaped(name)}/{index}", "a string", value)
            fields.append((name, value))
    if not _all_fit(fields):
        _blame("/multiValueHeaders", fields)
    return fields


def _all_fit(fields: Fields) -> bool:
    """Whether every name and value can stand on the wire: two looks at the whole instead of two per line."""
    if not fields:
        return True
    names, values = zip(*fields, strict=True)
    return "" not in names and is_token("".join(names)) and is_field_value("".join(values))


def _blame(pointer: str, fields: Fields) -> NoReturn:
    """Name the line that does not fit."""
    for name, value in fields:
        if not is_token(name):
            raise BadResult(f"{pointer}/{_escaped(name)}", "a header name (RFC 9110 token)", name)
        if not is_field_value(value):
            raise BadResult(f"{pointer}/{_escaped(name)}", "a header value without control characters", value)
    raise BadResult(pointer, "Unicode text", "<surrogates that only pair across lines>")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
