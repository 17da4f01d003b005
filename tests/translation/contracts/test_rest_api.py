"""The request behind an event of a REST API."""

import json

import pytest

from gateway.observe.flavour_options import make_flavour
from gateway.translation.rebuild import rebuild
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, REQUEST
from tests.translation.contracts.events import again


@pytest.mark.parametrize(
    ("path", "context_path", "options"),
    [
        ("/pets/7", "/pets/7", {"addressing": "domain"}),
        ("/pets/7", "/prod/pets/7", {"addressing": "execute-api"}),
        ("/shop/pets/7", "/shop/pets/7", {"addressing": "domain", "base_path": "shop"}),
        ("/shop/prod/pets/7", "/shop/prod/pets/7", {"addressing": "domain-stage", "base_path": "shop"}),
        ("/prod/pets/7", "/prod/pets/7", {"addressing": "domain-stage"}),
    ],
)
def test_the_addressing_of_a_rest_api_is_found(path: str, context_path: str, options: dict[str, Json]) -> None:
    """A stage, a base path, both or nothing stand in front of the resource; a custom domain says which it was."""
    given_options: dict[str, Json] = {**options, "routes": ["GET /pets/{id} GetPet"], "stage_variables": {"a": "b"}}
    request = REQUEST._replace(method="GET", raw_path=context_path.encode())
    event = json.loads(make_flavour("rest", given_options).encode(request, ARRIVAL))

    assert event["path"] == path
    assert again(event) == []
    assert {name: rebuild(event).options.get(name) for name in options} == options


@pytest.mark.parametrize("options", [{}, {"base_path": "shop"}, {"base_path": "shop", "addressing": "domain-stage"}])
def test_an_older_event_of_a_custom_domain(options: dict[str, Json]) -> None:
    """Without ``customDomain`` the path says the same, and the member is no difference."""
    context_path = "/shop/prod/pets" if "addressing" in options else f"/{options.get('base_path', '')}/pets"
    routed: dict[str, Json] = {**options, "routes": ["ANY /{proxy+}"]}
    request = REQUEST._replace(raw_path=context_path.replace("//", "/").encode())
    event = json.loads(make_flavour("rest", routed).encode(request, ARRIVAL))
    del event["requestContext"]["customDomain"]

    assert again(event) == []
    assert {name: rebuild(event).options.get(name) for name in options} == options


def test_what_only_aws_knows_is_masked() -> None:
    """Ids of its own, and the caller of a signed request."""
    event = json.loads(make_flavour("rest", {}).encode(REQUEST, ARRIVAL))
    event["requestContext"] |= {"resourceId": "abc123", "extendedRequestId": "x"}
    event["requestContext"]["identity"]["caller"] = "AIDA"

    assert again(event) == []
    assert "/event/requestContext/identity/caller" in rebuild(event).mask


def test_a_binary_body_is_a_binary_media_type() -> None:
    """Which one is not known, so it is any."""
    event = json.loads(make_flavour("rest", {"binary_media_types": ["application/json"]}).encode(REQUEST, ARRIVAL))

    assert again(event) == []
    assert rebuild(event).request.body == REQUEST.body


@pytest.mark.parametrize("sent", ["", "198.51.100.7, "])
def test_an_edge_optimised_api_is_seen_by_its_addresses(sent: str) -> None:
    """CloudFront's is the last one, ``sourceIp`` the one before, which is not compared."""
    lines = [(b"Host", b"a.example"), (b"X-Forwarded-For", f"{sent}192.0.2.1".encode())]
    event = json.loads(
        make_flavour("rest", {}).encode(REQUEST._replace(headers=lines, client=("203.0.113.208", 1)), ARRIVAL)
    )
    event["requestContext"]["identity"]["sourceIp"] = "192.0.2.1"

    rebuilt = rebuild(event)

    assert again(event) == []
    assert rebuilt.request.client[0] == "203.0.113.208"
    assert dict(rebuilt.request.headers)[b"X-Forwarded-For"] == f"{sent}192.0.2.1".encode()
    assert "/event/requestContext/identity/sourceIp" in rebuilt.mask


def test_an_address_twice_is_no_sign_of_an_edge_optimised_api() -> None:
    """Who sends its own address on is still the last one."""
    lines = [(b"Host", b"a.example"), (b"X-Forwarded-For", b"192.0.2.1")]
    event = json.loads(make_flavour("rest", {}).encode(REQUEST._replace(headers=lines), ARRIVAL))

    assert again(event) == []
    assert "/event/requestContext/identity/sourceIp" not in rebuild(event).mask
