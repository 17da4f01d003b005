"""What every flavour promises."""

import json

import pytest

from gateway.errors import UsageError
from gateway.listener_types import FLAVOURS
from gateway.translation.contracts.contract import Contract, contract_of
from gateway.translation.flavour_options import build_flavour
from tests.observe.exchanges import ARRIVAL, REQUEST


@pytest.mark.parametrize("name", FLAVOURS)
def test_every_flavour_has_a_contract(name: str) -> None:
    """A flavour cannot come without one, and it says where its rules are from."""
    contract = contract_of(name)

    assert isinstance(contract, Contract)
    assert contract.source.startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize("name", FLAVOURS)
def test_an_event_is_recognised_by_one_flavour(name: str) -> None:
    """The order in which they are asked does not matter; the events of ``url-stream`` are those of ``url``."""
    event = json.loads(build_flavour(name).encode(REQUEST, ARRIVAL))

    asked = [it for it in FLAVOURS if contract_of(it).recognises(event, event["requestContext"])]

    assert asked == [name.removesuffix("-stream")]


def test_there_is_no_contract_of_what_does_not_exist() -> None:
    """The message says what there is."""
    with pytest.raises(UsageError, match="there are alb"):
        contract_of("nlb")
