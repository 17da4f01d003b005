"""What is taken away from what a front door added."""

import json

import pytest

from gateway.translation.contracts.rebuilt import body_of, sent_trace, without_peer
from gateway.translation.flavour_options import build_flavour
from gateway.translation.rebuild import rebuild
from tests.observe.exchanges import ARRIVAL, REQUEST


@pytest.mark.parametrize(
    ("value", "sent", "trace_id"),
    [
        ("Root=1-a-b", "", "1-a-b"),
        ("Root=1-a-b;Parent=c", "Root=1-a-b;Parent=c", "1-a-b"),
        ("Self=1;Root=1-a-b", "Self=1;Root=1-a-b", "1-a-b"),
        ("", "", ""),
    ],
)
def test_a_trace_of_only_a_root_is_the_front_door_s(value: str, sent: str, trace_id: str) -> None:
    """Other fields were the client's."""
    assert sent_trace(value)[1] == trace_id
    assert sent_trace(value)[0] == sent


@pytest.mark.parametrize(
    ("value", "sent"), [("192.0.2.1", ""), ("10.0.0.1, 192.0.2.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1"), ("", "")]
)
def test_the_peer_is_taken_from_the_end(value: str, sent: str) -> None:
    """And only from there."""
    assert without_peer(value, "192.0.2.1") == sent


def test_bodies_are_decoded() -> None:
    """Text, base64, and none."""
    assert body_of({"body": "ä", "isBase64Encoded": False}) == "ä".encode()
    assert body_of({"body": "/w==", "isBase64Encoded": True}) == b"\xff"
    assert body_of({"body": None}) == b""


@pytest.mark.parametrize(
    ("name", "options", "taken"),
    [
        ("rest", {}, ["api_id", "account_id", "stage", "deployment_id", "routes"]),
        (
            "rest",
            {"binary_media_types": ["*/*"]},
            ["api_id", "account_id", "stage", "deployment_id", "routes", "binary"],
        ),
        ("http", {"domain_name": "a.example"}, ["api_id", "account_id", "domain_name", "stages", "routes"]),
        ("http-v1", {}, ["api_id", "account_id", "stages", "routes"]),
        ("url", {}, ["url_id", "tls_version", "tls_cipher"]),
    ],
)
def test_each_option_that_was_read_off_an_event_is_told(
    name: str, options: dict[str, object], taken: list[str]
) -> None:
    """But for the addressing of a REST API, whose paths are compared all the same."""
    rebuilt = rebuild(json.loads(build_flavour(name, options).encode(REQUEST, ARRIVAL)))

    assert [option.removesuffix("_media_types") for option in rebuilt.taken] == taken
    assert {option for option in rebuilt.options if option != "addressing"} == set(rebuilt.taken)
