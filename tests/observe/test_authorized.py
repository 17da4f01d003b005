"""A flavour in front of which an authorizer has spoken."""

import json

import pytest

from gateway.errors import Fault, FaultKind
from gateway.observe.authorized import Authorized
from gateway.observe.flavour_options import make_flavour
from gateway.translation.flavours.table import FLAVOURS
from tests.observe.exchanges import ARRIVAL, REQUEST, RESULT


@pytest.mark.parametrize(
    ("name", "options"), [("rest", {}), ("http", {}), ("http-v1", {}), ("url", {"auth_type": "AWS_IAM"})]
)
def test_its_words_are_in_the_event(name: str, options: dict[str, str]) -> None:
    """Where the front door puts them."""
    flavour = make_flavour(name, dict(options))

    event = json.loads(Authorized(flavour, {"user": "7"}).encode(REQUEST, ARRIVAL))

    assert event["requestContext"]["authorizer"] == {"user": "7"}


@pytest.mark.parametrize("authorizer", [None, {"user": "7"}])
def test_a_load_balancer_has_none(authorizer: dict[str, str] | None) -> None:
    """Everything is the flavour's own."""
    alb = FLAVOURS["alb"]()
    authorized = Authorized(alb, dict(authorizer) if authorizer else None)
    fault = Fault(FaultKind.TIMED_OUT)

    assert authorized.encode(REQUEST, ARRIVAL) == alb.encode(REQUEST, ARRIVAL)
    assert authorized.decode(RESULT, REQUEST, ARRIVAL) == alb.decode(RESULT, REQUEST, ARRIVAL)
    assert authorized.refuse(fault, REQUEST, ARRIVAL) == alb.refuse(fault, REQUEST, ARRIVAL)
    assert authorized.limits == alb.limits
