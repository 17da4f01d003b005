"""Events of a WebSocket API."""

import json

import pytest

from gateway.errors import UsageError
from gateway.translation.flavour_options import build_flavour
from gateway.translation.rebuild import flavour_of, rebuild
from tests.observe.exchanges import ARRIVAL, REQUEST


def test_they_are_recognised_and_have_no_request_behind_them() -> None:
    """A message and the end of a connection are no HTTP requests."""
    event = json.loads(build_flavour("websocket").encode(REQUEST, ARRIVAL))

    assert flavour_of(event) == "websocket"
    with pytest.raises(UsageError, match="no HTTP request behind each event"):
        rebuild(event)
