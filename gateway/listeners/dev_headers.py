"""Developer headers: knobs for one request, read only when ``--dev-headers`` is given.

They leave the request before anything else sees it:

- ``X-Gateway-Claims``: a JSON object; the authorizer of the route is not asked, these are its claims.
- ``X-Gateway-Source-Ip``: the address of the client.
- ``X-Gateway-Time``: when the request arrived, ISO 8601 or milliseconds since 1970.
- ``X-Gateway-Throttle``: ``api`` for the API's own throttling, ``function`` for the function's.
- ``X-Gateway-Cold-Start``: ``true`` gives the function new execution environments first.
"""

import ipaddress
from datetime import UTC, datetime
from typing import Final, NamedTuple

import orjson

from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request
from gateway.types import EpochMs, Json

_PREFIX: Final = b"x-gateway-"
_NAMES: Final = ("claims", "source-ip", "time", "throttle", "cold-start")


class Knobs(NamedTuple):
    """What the developer headers of one request ask for.

    Attributes:
        claims: Instead of an authorizer's; None asks the authorizer.
        throttle: ``api``, ``function`` or "".
        cold_start: The function gets new execution environments first.
    """

    claims: dict[str, Json] | None = None
    throttle: str = ""
    cold_start: bool = False


NO_KNOBS: Final = Knobs()
"""A request without developer headers."""


def read_knobs(request: Request, arrival: Arrival) -> tuple[Request, Arrival, Knobs]:
    """The request without its developer headers, and what they ask for.

    Raises:
        Refused: A header has an unknown name or a value that it cannot have; the client is told which.
    """
    given: dict[str, str] = {}
    kept = []
    for line in request.headers:
        lower = line[0].lower()
        if lower.startswith(_PREFIX):
            given[lower[len(_PREFIX) :].decode("latin-1")] = line[1].decode("latin-1").strip()
        else:
            kept.append(line)
    if not given:
        return request, arrival, NO_KNOBS
    for name in given:
        if name not in _NAMES:
            raise _bad(name, f"unknown; there are {', '.join(f'X-Gateway-{known.title()}' for known in _NAMES)}")
    request = request._replace(headers=kept)
    if "source-ip" in given:
        request = request._replace(client=(_address(given["source-ip"]), request.client[1]))
    if "time" in given:
        arrival = arrival._replace(epoch_ms=_time(given["time"]))
    return request, arrival, _knobs(given)


def _knobs(given: dict[str, str]) -> Knobs:
    throttle = given.get("throttle", "")
    if throttle not in {"", "api", "function"}:
        raise _bad("throttle", f"{throttle!r} is not api or function")
    cold_start = given.get("cold-start", "false")
    if cold_start not in {"true", "false"}:
        raise _bad("cold-start", f"{cold_start!r} is not true or false")
    return Knobs(_claims(given["claims"]) if "claims" in given else None, throttle, cold_start == "true")


def _claims(text: str) -> dict[str, Json]:
    try:
        claims: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        claims = None
    if not isinstance(claims, dict):
        raise _bad("claims", f"{text!r} is no JSON object")
    return claims


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise _bad("source-ip", f"{text!r} is no IP address") from None


def _time(text: str) -> EpochMs:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _bad("time", f"{text!r} is neither ISO 8601 nor milliseconds since 1970") from None
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)


def _bad(name: str, problem: str) -> Refused:
    text = f"X-Gateway-{name.title()}: {problem}"
    return Refused(Cause.BAD_REQUEST, text, message=text)
