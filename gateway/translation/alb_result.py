"""A function's result as an Application Load Balancer reads it: lax about what is missing, strict about the rest.

Facts, from the AWS ELB user guide ("Lambda functions as targets") and from reports against real load balancers

- ``statusCode`` must be there and be an integer; a string is refused (apig-wsgi issue 52).
- Everything else may be missing; null is refused everywhere (aws-lambda-dotnet issue 507 for ``statusDescription``,
  aws-lambda-go issue 529 for the headers, Powertools for Python issue 4671 for ``body``).
- A header's value must be a string, a number or boolean is refused (serverless-express issues 563 and 688).
- ``statusDescription`` is "200 OK", also without the number; "" counts as missing (aws-lambda-go always sends it).
- Unknown members are ignored (serverless-http issue 244), and so is the other mode's header map, whatever it holds.
"""

from functools import lru_cache
from typing import Final, Literal, TypeAlias

from gateway.errors import BadResult
from gateway.translation.body import from_base64
from gateway.translation.error_page import STANDARD_REASONS
from gateway.translation.headers import HOP_BY_HOP, is_field_value, is_token
from gateway.translation.result import load_result
from gateway.types import Json

_Place: TypeAlias = Literal["own", "date", "content-type", "dropped", "nowhere"]
_DROPPED: Final = HOP_BY_HOP | {"content-length", "server"}


OwnLines: TypeAlias = tuple[bytes, bool, list[tuple[bytes, bytes]]]
"""What a function says in its headers, fit for the wire: its content type (b"" for none), whether ``Date`` is among the
lines, and the lines that the load balancer does not own, in reversed order."""


def result_object(payload: bytes) -> dict[str, Json]:
    """The JSON object in a payload; raises `BadResult` for anything else."""
    result = load_result(payload)
    if not isinstance(result, dict):
        raise BadResult("", "an object", result)
    return result


def status_of(result: dict[str, Json]) -> int:
    """The status code, 200-599; raises `BadResult`."""
    if "statusCode" not in result:
        raise BadResult("/statusCode", "an integer 200-599", "<nothing>")
    status = result["statusCode"]
    # bool is an int to Python; outside 200-599 no evidence exists and nothing that HTTP allows as a final answer
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadResult("/statusCode", "an integer 200-599", status)
    return status


def reason_of(result: dict[str, Json], status: int) -> bytes:
    """The reason phrase, the standard one when the function gives none; raises `BadResult`."""
    if "statusDescription" not in result:
        return STANDARD_REASONS.get(status, b"")
    description = result["statusDescription"]
    if not isinstance(description, str) or not is_field_value(description):
        raise BadResult("/statusDescription", "a string without control characters", description)
    # statusCode decides about the number, whatever the description says
    reason = description[4:] if description[:3].isdigit() and description[3:4] in ("", " ") else description
    return reason.encode() or STANDARD_REASONS.get(status, b"")


def body_of(result: dict[str, Json]) -> bytes:
    """The body's bytes; raises `BadResult`."""
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
        # binascii's error, and that of text which is not ASCII
        raise BadResult("/body", "standard base64, padded, without line breaks", f"<{error}>") from error


def single_lines(result: dict[str, Json]) -> OwnLines:
    """The lines of ``headers``; raises `BadResult`."""
    headers = result.get("headers", {})
    if not isinstance(headers, dict):
        raise BadResult("/headers", "an object", headers)
    return _own_lines("/headers", list(headers.items()))


def multi_lines(result: dict[str, Json]) -> OwnLines:
    """The lines of ``multiValueHeaders``, one per value; raises `BadResult`."""
    headers = result.get("multiValueHeaders", {})
    if not isinstance(headers, dict):
        raise BadResult("/multiValueHeaders", "an object", headers)
    fields: list[tuple[str, Json]] = []
    for name, values in headers.items():
        if not isinstance(values, list):
            raise BadResult(f"/multiValueHeaders/{_escaped(name)}", "a list of strings", values)
        fields += [(name, value) for value in values]
    return _own_lines("/multiValueHeaders", fields)


def _own_lines(pointer: str, fields: list[tuple[str, Json]]) -> OwnLines:
    content_type = b""
    dated = False
    own = []
    for name, value in reversed(fields):
        if not isinstance(value, str):
            raise BadResult(f"{pointer}/{_escaped(name)}", "a string", value)
        # the first half spares most values a call
        if not ((value.isascii() and value.isprintable()) or is_field_value(value)):
            raise BadResult(f"{pointer}/{_escaped(name)}", "a header value without control characters", value)
        # Names are compared by case only here: Set-Cookie and set-cookie are two lines.
        raw, place = _placed(name)
        if place == "own":
            own.append((raw, value.encode()))
        elif place == "date":
            own.append((raw, value.encode()))
            dated = True
        elif place == "content-type":
            # reversed, so the first one met is the last one given
            content_type = content_type or value.encode()
        elif place == "nowhere":
            raise BadResult(f"{pointer}/{_escaped(name)}", "a header name (RFC 9110 token)", name)
    return content_type, dated, own


@lru_cache(maxsize=256)  # a function uses the same few names again and again
def _placed(name: str) -> tuple[bytes, _Place]:
    """The name as bytes and where its line goes."""
    lower = name.lower()
    if not is_token(name):
        return b"", "nowhere"
    if lower in _DROPPED:
        return b"", "dropped"
    if lower == "content-type":
        return b"", "content-type"
    return name.encode(), "date" if lower == "date" else "own"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
