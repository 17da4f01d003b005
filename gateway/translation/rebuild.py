"""Events read backwards: which flavour made an event, from which request, with which options.

What an event does not keep is chosen so that the same event comes out again: header names in the event's spelling, an
order of query keys, a port of the client.
"""

from typing import Final

from gateway.errors import UsageError
from gateway.listener_types import FLAVOURS
from gateway.translation.contracts.contract import contract_of
from gateway.translation.contracts.rebuilt import Rebuilt
from gateway.translation.flavour_options import build_flavour
from gateway.types import Json

_LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999, after which there is no ``requestTime``."""


def flavour_of(event: Json) -> str:
    """The name of the flavour that made an event.

    Raises:
        UsageError: None did.
    """
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(context, dict):
        raise UsageError("this is no event of an HTTP front door: it has no requestContext")
    for name in FLAVOURS:
        if contract_of(name).recognises(event, context):
            return name
    raise UsageError("this is no event that a front door of AWS writes: neither elb, version nor resource is there")


def rebuild(event: Json) -> Rebuilt:
    """The request behind an event.

    Raises:
        UsageError: It is no event of a client's request, or a member of it is missing or cannot be read.
    """
    name = flavour_of(event)
    assert isinstance(event, dict)  # noqa: S101 - flavour_of has looked
    contract = contract_of(name)
    like = f"this looks like an event of {name}, but"
    misfit = next((misfit for misfit in contract.shape.misfits(event) if misfit.kind), None)
    if misfit is not None:
        raise UsageError(f"{like} it cannot be read: {misfit}")
    try:
        rebuilt = contract.rebuild(event)
    except KeyError as error:
        raise UsageError(f"{like} {error.args[0]} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{like} it cannot be read: {error}") from error
    if not 0 <= rebuilt.arrival.epoch_ms <= _LAST_MS:
        raise UsageError(f"{like} {rebuilt.arrival.epoch_ms} is no time of a request, in milliseconds")
    build_flavour(rebuilt.flavour, rebuilt.options)
    return rebuilt
