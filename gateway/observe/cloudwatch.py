"""Events out of a function's log.

A line may be the event itself, text in front of it, Lambda's JSON log format, or what ``aws logs filter-log-events``
and CloudWatch Logs Insights give: JSON with the line in ``message`` or ``@message``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.observe.authorizer_events import is_of_authorizer, read_authorizer_event
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
_AUTHORIZER: Final = "/event/requestContext/authorizer"
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


class Captured(NamedTuple):
    """An event that AWS wrote.

    Attributes:
        recording: It, with the request behind it.
        taken: What was chosen after the event itself, so that the same one comes out, with pointers to the members that
            show nothing but this choice.
        made: How an authorizer's event is made from that of the function behind it; None for a function's own.
    """

    recording: Recording
    taken: Mapping[str, tuple[str, ...]]
    made: Callable[[Mapping[str, Json]], Json] | None = None


def captured(event: Json, source: str) -> Captured:
    """Read an event that AWS wrote.

    Raises:
        UsageError: No client's request is behind it.
    """
    asked = read_authorizer_event(event) if isinstance(event, dict) and is_of_authorizer(event) else None
    rebuilt = rebuild(asked.proxied if asked else event)
    recording = Recording(
        rebuilt.flavour,
        rebuilt.options,
        rebuilt.request,
        rebuilt.arrival,
        event,
        mask=rebuilt.mask,
        source=source,
    )
    taken = {**rebuilt.taken, **(asked.taken if asked else {"authorizer": (_AUTHORIZER,)})}
    present = {name: tuple(pointer for pointer in taken[name] if _has(event, pointer)) for name in taken}
    shown = {name: pointers for name, pointers in present.items() if pointers}
    return Captured(recording, shown, asked.made if asked else None)


def _has(event: Json, pointer: str) -> bool:
    """Whether a member is there."""
    for name in pointer.removeprefix(_EVENT + "/").split("/"):
        if not isinstance(event, dict) or name not in event:
            return False
        event = event[name]
    return True


class Comparison(NamedTuple):
    """What became of a captured event.

    Attributes:
        differences: What this gateway writes otherwise than AWS did, the order of members included.
        notes: What was not compared, and why.
    """

    differences: list[Difference]
    notes: list[str]


def compare(capture: Captured) -> Comparison:
    """Hold what this gateway writes against what AWS wrote.

    Raises:
        Fault: This gateway would not forward the request at all.
    """
    recording, taken, made = capture
    assert recording.arrival is not None  # noqa: S101 - `captured` gives one
    event, mask = recording.event, [*recording.mask, *chain.from_iterable(taken.values())]
    flavour, authorizer = make_flavour(recording.flavour, recording.options), authorizer_of(event)
    granted = authorizer if isinstance(authorizer, dict) else None
    now: Json = json.loads(encode_as(flavour, recording.request, recording.arrival, granted))
    now = made(now) if made and isinstance(now, dict) else now
    year = datetime.fromtimestamp(recording.arrival.epoch_ms / 1000, UTC).year if recording.arrival.epoch_ms else None
    found, notes = _without_newer(differences(event, now, _EVENT, mask), year)
    notes += _said(capture)
    if is_sorted(event):
        notes.append("the order of members is not compared: the log has them sorted by name")
    else:
        unordered = [_EVENT + pointer for pointer in contract_of(recording.flavour).unordered]
        found += order_differences(event, now, _EVENT, [*mask, *unordered])
    return Comparison(found, notes)


def _said(capture: Captured) -> Iterator[str]:
    """What is not compared since its value came from the event, or can come from AWS only."""
    if capture.taken:
        shown = ", ".join(f"{name} ({', '.join(pointers)})" for name, pointers in capture.taken.items())
        yield f"taken from the event itself, so not compared: {shown}"
    if masked := [pointer for pointer in capture.recording.mask if _has(capture.recording.event, pointer)]:
        yield f"known to AWS alone, so not compared: {', '.join(masked)}"


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
    if isinstance(value, dict) and (isinstance(value.get("requestContext"), dict) or is_of_authorizer(value)):
        yield value
    elif depth == 0:
        return
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _in_value(member, depth - 1)
    elif isinstance(value, str) and ("requestContext" in value or "methodArn" in value):
        yield from _in_text(value, depth - 1)


def nothing_found(name: str) -> UsageError:
    """Why a log without events is of no use."""
    return UsageError(
        f"{name} holds no event: let the function log it as JSON, such as print(json.dumps(event)), "
        "and save those lines with: aws logs tail GROUP --format json"
    )
