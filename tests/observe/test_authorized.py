"""A flavour in front of which an authorizer has spoken."""

import json

import pytest

from gateway.errors import Fault, FaultKind, UsageError
from gateway.observe.authorized import Authorized
from gateway.observe.flavour_options import make_flavour
from gateway.translation.flavour_options import build_flavour
from tests.observe.exchanges import ARRIVAL, REQUEST, RESULT


@pytest.mark.parametrize(
    ("name", "options"), [("rest", {}), ("http", {}), ("http-v1", {}), ("url", {"auth_type": "AWS_IAM"})]
)
def test_its_words_are_in_the_event(name: str, options: dict[str, str]) -> None:
    """Where the front door puts them."""
    flavour = make_flavour(name, dict(options))

    event = json.loads(Authorized(flavour, {"user": "7"}).encode(REQUEST, ARRIVAL))

    assert event["requestContext"]["authorizer"] == {"user": "7"}


@pytest.mark.parametrize("name", ["alb", "http"])
def test_without_an_authorizer_everything_is_the_flavours_own(name: str) -> None:
    """Event, answer, refusal, match, preflight and limits."""
    flavour = build_flavour(name)
    authorized = Authorized(flavour, None)
    fault = Fault(FaultKind.TIMED_OUT)

    assert authorized.route(REQUEST) == flavour.route(REQUEST)
    assert authorized.preflight(REQUEST, ARRIVAL) == flavour.preflight(REQUEST, ARRIVAL)
    assert authorized.encode(REQUEST, ARRIVAL) == flavour.encode(REQUEST, ARRIVAL)
    assert authorized.decode(RESULT, REQUEST, ARRIVAL) == flavour.decode(RESULT, REQUEST, ARRIVAL)
    assert authorized.refuse(fault, REQUEST, ARRIVAL) == flavour.refuse(fault, REQUEST, ARRIVAL)
    assert authorized.limits == flavour.limits


def test_a_load_balancer_has_no_authorizer() -> None:
    """A recording that says otherwise was not written by the gateway."""
    with pytest.raises(UsageError, match="no authorizers"):
        Authorized(build_flavour("alb"), {"user": "7"}).encode(REQUEST, ARRIVAL)
