"""Payload format 1.0: what REST APIs and HTTP APIs share in event and result.

Facts:

- Maps come twice: with the last value and with all of them; empty ones are null (recorded:
  localstack/localstack@8b9a79f0, 2024; aws/aws-lambda-dotnet@f5e639feb, 2025).
- Where ``headers`` and ``multiValueHeaders`` name the same header, REST APIs write the list first and the single value
  last, spelled as in the list; HTTP APIs the single value first (same two sources).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from gateway.errors import BadResult
from gateway.translation.messages import Arrival, Request
from gateway.translation.percent import decode_pairs
from gateway.translation.proxy_headers import FORWARDED_PORT, FORWARDED_PROTO, forwarded_for, text_lines, trace
from gateway.translation.result import load_result
from gateway.translation.result_text import header_name, header_value, mapping, scalar, sequence
from gateway.types import HeaderList, Json

Lines = list[tuple[bytes, bytes]]

_MEMBERS: Final = "statusCode, headers, multiValueHeaders, body, isBase64Encoded"
_NAMES: Final = frozenset(_MEMBERS.split(", "))


class Maps(NamedTuple):
    """Names and values twice: the last value, and all values."""

    single: dict[str, Json]
    multi: dict[str, Json]

    def text(self, name: str) -> str:
        """The last value of a name, "" without one."""
        value = self.single.get(name)
        return value if isinstance(value, str) else ""

    def joined(self, name: str) -> str:
        """All values of a name in one line."""
        values = self.multi.get(name)
        return ", ".join(map(str, values)) if isinstance(values, list) else ""

    def set(self, name: str, value: str) -> None:
        """Replace whatever stands under a name."""
        self.single[name] = value
        self.multi[name] = [value]


def header_maps(headers: HeaderList, spelled: Callable[[bytes], str]) -> Maps:
    """Header lines as both maps; ``spelled`` gives the front door's spelling of a name, "" for one that it drops."""
    return _maps(text_lines(headers, spelled))


def forward(headers: Maps, request: Request, arrival: Arrival) -> None:
    """Add what the front door adds: trace id and X-Forwarded."""
    headers.set("X-Amzn-Trace-Id", trace(headers.text("X-Amzn-Trace-Id"), arrival.trace_id))
    peer = request.client[0]
    if "X-Forwarded-For" in headers.single:
        peer = forwarded_for(headers.joined("X-Forwarded-For"), peer)
    headers.set("X-Forwarded-For", peer)
    headers.set("X-Forwarded-Port", FORWARDED_PORT)
    headers.set("X-Forwarded-Proto", FORWARDED_PROTO)


def query_maps(raw_query: bytes) -> Maps | None:
    """The query as both maps, None when it is empty."""
    if not raw_query:
        return None
    pairs = decode_pairs(raw_query)
    return _maps(pairs) if pairs else None


def _maps(pairs: list[tuple[str, str]]) -> Maps:
    single: dict[str, Json] = dict(pairs)
    if len(single) == len(pairs):
        return Maps(single, {name: [value] for name, value in pairs})
    lists: dict[str, list[Json]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return Maps(single, dict(lists))


def result_members(payload: bytes) -> dict[str, Json]:
    """The result of a Lambda proxy integration of REST and WebSocket APIs: an object without members of other names.

    Raises:
        BadResult: It is none.
    """
    result = load_result(payload)
    if not isinstance(result, dict):
        raise BadResult("", "an object", result)
    for name in result:
        if name not in _NAMES:
            raise BadResult(f"/{name}", f"none but {_MEMBERS}", name)
    return result


def multi_value_lines(value: Json, single: Lines, *, multi_first: bool) -> Lines:
    """``multiValueHeaders`` and the lines of ``headers`` in one list.

    Args:
        value: ``multiValueHeaders``.
        single: The lines of ``headers``.
        multi_first: The REST API's order, in which a pair that stands in both goes out once (API Gateway developer
            guide, "Output format of a Lambda function for proxy integration").
    """
    multi: Lines = []
    for name, members in mapping(value, "/multiValueHeaders").items():
        pointer = f"/multiValueHeaders/{name}"
        raw_name = header_name(name)
        multi.extend(
            (raw_name, header_value(scalar(member, pointer), pointer)) for member in sequence(members, pointer)
        )
    if not multi:
        return single
    first, second = single, multi
    if multi_first:
        pairs = {(raw.lower(), text) for raw, text in multi}
        first, second = multi, [line for line in single if (line[0].lower(), line[1]) not in pairs]
    merged: dict[bytes, Lines] = {}
    for raw, text in (*first, *second):
        # The same name in another spelling joins the lines, and the spelling, of the first.
        group = merged.setdefault(raw.lower(), [])
        group.append((group[0][0] if group else raw, text))
    return [line for group in merged.values() for line in group]
