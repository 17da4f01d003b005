"""The request behind an event of an HTTP API."""

import json

from gateway.observe.flavour_options import make_flavour
from gateway.translation.rebuild import rebuild
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, REQUEST
from tests.translation.contracts.events import again


def test_a_named_stage_of_an_http_api_is_found() -> None:
    """It is the first segment of the path, and its variables are in the event."""
    options: dict[str, Json] = {"stages": {"test": {"a": "b"}}, "routes": ["POST /pets/{id}"]}
    event = json.loads(make_flavour("http", options).encode(REQUEST._replace(raw_path=b"/test/pets/a%20b"), ARRIVAL))

    assert again(event) == []
    assert rebuild(event).request.raw_path == b"/test/pets/a%20b"
    assert rebuild(event).options["stages"] == {"test": {"a": "b"}}


def test_the_identity_of_a_signed_request_is_masked() -> None:
    """``authentication`` is what a client certificate gave."""
    event = json.loads(make_flavour("http", {}).encode(REQUEST, ARRIVAL))
    event["requestContext"] |= {"authentication": {"clientCert": {}}, "requestId": "own"}

    assert again(event) == []


def test_a_named_stage_in_format_1_0() -> None:
    """It is the first segment of the path, and its variables are in the event."""
    options: dict[str, Json] = {"stages": {"test": {"a": "b"}}, "routes": ["POST /pets/{id}"]}
    event = json.loads(make_flavour("http-v1", options).encode(REQUEST._replace(raw_path=b"/test/pets/a%20b"), ARRIVAL))

    assert again(event) == []
    assert rebuild(event).options["stages"] == {"test": {"a": "b"}}
