"""Members that events of before do not have."""

import json

from gateway.translation.contracts.ages import SINCE
from gateway.translation.flavour_options import build_flavour
from tests.observe.exchanges import ARRIVAL, HTTP_FLAVOURS, REQUEST


def test_each_is_a_member_of_todays_events() -> None:
    """Of one listener type at least."""
    events = [json.loads(build_flavour(name).encode(REQUEST, ARRIVAL)) for name in HTTP_FLAVOURS]

    for pointer in SINCE:
        assert any(_has(event, pointer.split("/")[1:]) for event in events), pointer


def _has(value: object, way: list[str]) -> bool:
    return not way or (isinstance(value, dict) and way[0] in value and _has(value[way[0]], way[1:]))
