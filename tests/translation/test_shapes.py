"""What the events of each front door look like."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Fault, UsageError
from gateway.listener_types import FLAVOURS
from gateway.translation.flavour_options import build_flavour
from gateway.translation.messages import Request
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request
from gateway.translation.shapes import event_misfits
from tests.translation.flavours.apigw_requests import requests

NAMES = sorted(FLAVOURS)


def event_of(name: str, request: Request) -> Any:  # noqa: ANN401 - JSON
    """The event that a front door makes."""
    return json.loads(build_flavour(name).encode(request, SAMPLE_ARRIVAL))


FULL = sample_request("POST", "/pets?tag=a&tag=b", {"X-A": "1", "Cookie": "a=1; b=2"}, b"\xff")


def test_a_flavour_that_does_not_exist() -> None:
    """The message says what there is."""
    with pytest.raises(UsageError, match="there are alb"):
        event_misfits("nlb", {})


@pytest.mark.parametrize("name", NAMES)
@given(request=requests())
def test_our_own_events_fit(name: str, request: Request) -> None:
    """Whatever a front door sends has its shape."""
    try:
        event = event_of(name, request)
    except Fault:
        return
    assert event_misfits(name, event) == []


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_no_member_can_be_taken_away_unnoticed(name: str, data: st.DataObject) -> None:
    """A member of the wrong type, or an unknown one, is found where it stands."""
    event = event_of(name, FULL)
    member = data.draw(st.sampled_from(sorted(event)))
    changed = copy.deepcopy(event)
    changed[member] = data.draw(st.sampled_from([7.5, ["x", 1], {"x": 1.5}]))

    assert any(misfit.pointer.startswith(f"/{member}") for misfit in event_misfits(name, changed))
    assert [misfit.pointer for misfit in event_misfits(name, {**event, "queryString": {}})] == ["/queryString"]


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("alb", {"multiValueHeaders": {}}, "/multiValueHeaders: is what the other mode sends (alb-multi)"),
        ("alb-multi", {"headers": None}, "/headers: is what the other mode sends (alb)"),
        ("alb", {"queryStringParameters": None}, "/queryStringParameters: expected an object, got None"),
        ("alb", {"headers": {"Host": "x"}}, "/headers/Host: expected the name in lower case"),
        ("alb", {"body": None}, "/body: expected a string, got None"),
        ("rest", {"queryStringParameters": {}}, "/queryStringParameters: an empty object is never sent here"),
        ("rest", {"multiValueQueryStringParameters": None}, "/queryStringParameters: and /multiValue"),
        ("rest", {"version": "1.0"}, "/version: is never sent by this front door"),
        ("http", {"body": None}, "/body: is null; without a value it is absent"),
        ("http", {"version": "1.0"}, "/version: expected '2.0', got '1.0'"),
        ("http", {"headers": {"cookie": "a=1"}}, "/headers/cookie: is never sent by HTTP APIs"),
        ("http-v1", {"version": "2.0"}, "/version: expected '1.0', got '2.0'"),
        ("url", {"body": "%", "isBase64Encoded": True}, "/body: is no base64"),
    ],
)
def test_usual_mistakes(name: str, changes: dict[str, Any], said: str) -> None:
    """What people copy from elsewhere is named, once."""
    found = [str(misfit) for misfit in event_misfits(name, {**event_of(name, FULL), **changes})]

    assert sum(line.startswith(said) for line in found) == 1, found


@pytest.mark.parametrize(
    ("member", "said"), [("deploymentId", " since 2024"), ("apiId", ""), ("identity/principalOrgId", " since 2018")]
)
def test_a_member_that_is_new_is_said_to_be(member: str, said: str) -> None:
    """An event of before has none, and a listener of today sends none without it."""
    event = event_of("rest", FULL)
    *way, last = member.split("/")
    (event["requestContext"][way[0]] if way else event["requestContext"]).pop(last)

    (misfit,) = event_misfits("rest", event)

    assert str(misfit) == f"/requestContext/{member}: is missing; it is always there{said}"


def test_an_event_of_another_front_door() -> None:
    """Each front door refuses the others' events."""
    for name in NAMES:
        for other in NAMES:
            fits = not event_misfits(name, event_of(other, FULL))
            same = (
                name == other
                or {name, other} == {"url", "url-stream"}
                or (name in {"url", "url-stream"} and other == "http")
            )
            assert fits == same, (name, other)


@pytest.mark.parametrize("event", [None, [], "x", 1])
def test_what_is_no_object(event: Any) -> None:  # noqa: ANN401 - wrong on purpose
    """An event is an object."""
    assert all(event_misfits(name, event)[0].pointer == "" for name in NAMES)
