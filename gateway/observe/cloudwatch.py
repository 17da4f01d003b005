"""Events out of a function's log.

A line may be the event itself, text in front of it, Lambda's JSON log format, or what ``aws logs filter-log-events``
and CloudWatch Logs Insights give: JSON with the line in ``message`` or ``@message``.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.observe.cases import authorizer_of
from gateway.observe.differences import NOTHING, Difference, differences
from gateway.observe.flavour_options import make_flavour
from gateway.observe.member_order import is_sorted, order_differences
from gateway.observe.recording import Recording
from gateway.translation.contracts.ages import SINCE
from gateway.translation.contracts.contract import contract_of
from gateway.translation.flavour_options import encode_as
from gateway.translation.rebuild import rebuild
from gateway.types import Json

_EVENT: Final = "/event"
_DEPTH: Final = 4
"""How many wrappings are looked into."""


def events_of(text: str) -> Iterator[tuple[int, Json]]:
    """The events of a log with the number of their line; a log that is one JSON document is looked through too."""
    try:
        document: Json = json.loads(text)
    except ValueError:
        for number, line in enumerate(text.splitlines(), start=1):
            for event in _in_text(line, _DEPTH):
                yield number, event
    else:
        for event in _in_value(document, _DEPTH):
            yield 1, event


def captured(event: Json, source: str) -> Recording:
    """An event that AWS wrote, with the request behind it.

    Raises:
        UsageError: No client's request is behind it.
    """
    rebuilt = rebuild(event)
    return Recording(
        rebuilt.flavour,
        rebuilt.options,
        rebuilt.request,
        rebuilt.arrival,
        event,
        mask=rebuilt.mask,
        source=source,
    )


class Comparison(NamedTuple):
    """What became of a captured event.

    Attributes:
        differences: What this gateway writes otherwise than AWS did, the order of members included.
        notes: What was not compared, and why.
    """

    differences: list[Difference]
    notes: list[str]


def compare(recording: Recording) -> Comparison:
    """Hold what this gateway writes against what AWS wrote.

    Raises:
        Fault: This gateway would not forward the request at all.
    """
    assert recording.arrival is not None  # noqa: S101 - `captured` gives one
    event, mask = recording.event, recording.mask
    flavour, authorizer = make_flavour(recording.flavour, recording.options), authorizer_of(event)
    granted = authorizer if isinstance(authorizer, dict) else None
    now: Json = json.loads(encode_as(flavour, recording.request, recording.arrival, granted))
    year = datetime.fromtimestamp(recording.arrival.epoch_ms / 1000, UTC).year if recording.arrival.epoch_ms else None
    found, notes = _without_newer(differences(event, now, _EVENT, mask), year)
    if is_sorted(event):
        notes.append("the order of members is not compared: the log has them sorted by name")
    else:
        unordered = [_EVENT + pointer for pointer in contract_of(recording.flavour).unordered]
        found += order_differences(event, now, _EVENT, [*mask, *unordered])
    return Comparison(found, notes)


def _without_newer(found: list[Difference], year: int | None) -> tuple[list[Difference], list[str]]:
    """The differences that are not only a member's age; the year of the event is None where it has no time."""
    kept, notes = [], []
    for difference in found:
        since = SINCE.get(difference.pointer.removeprefix(_EVENT))
        if since is None or year is None or year > since or difference.recorded != NOTHING:
            kept.append(difference)
        else:
            notes.append(f"{difference.pointer} is not compared: AWS sends it since {since}, this event is of {year}")
    return kept, notes


def _in_text(text: str, depth: int) -> Iterator[Json]:
    start = text.find("{")
    if start < 0:
        return
    try:
        value: Json
        value, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        yield from _in_text(text[start + 1 :], depth)
        return
    yield from _in_value(value, depth)


def _in_value(value: Json, depth: int) -> Iterator[Json]:
    if isinstance(value, dict) and isinstance(value.get("requestContext"), dict):
        yield value
    elif depth == 0:
        return
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _in_value(member, depth - 1)
    elif isinstance(value, str) and "requestContext" in value:
        yield from _in_text(value, depth - 1)


def nothing_found(name: str) -> UsageError:
    """Why a log without events is of no use."""
    return UsageError(
        f"{name} holds no event: let the function log it as JSON, such as print(json.dumps(event)), "
        "and save those lines with: aws logs tail GROUP --format json"
    )
