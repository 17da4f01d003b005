"""The facts of a request that come from outside: its ids and its time."""

import re
import time
import uuid

from gateway.listeners.arrivals import arrive


def test_request_id_is_a_random_uuid() -> None:
    """Lower case, version 4, and never the same."""
    ids = [arrive().request_id for _ in range(200)]

    assert len(set(ids)) == 200
    assert all(str(uuid.UUID(text)) == text for text in ids)
    assert {uuid.UUID(text).version for text in ids} == {4}
    assert {uuid.UUID(text).variant for text in ids} == {uuid.RFC_4122}


def test_trace_id_has_the_time() -> None:
    """A trace id begins with the seconds of the arrival, in hex."""
    before = int(time.time())
    arrival = arrive()
    after = int(time.time())

    matched = re.fullmatch(r"1-([0-9a-f]{8})-[0-9a-f]{24}", arrival.trace_id)
    assert matched
    assert before <= int(matched[1], 16) <= after
    assert before * 1000 <= arrival.epoch_ms < (after + 1) * 1000
