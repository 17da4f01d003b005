"""Whether an event is one that a flavour sends: names, types, and what is null where others are absent."""

from gateway.translation.contracts.ages import SINCE
from gateway.translation.contracts.contract import contract_of
from gateway.translation.shape import MISSING, Misfit, base64_misfits
from gateway.types import Json


def event_misfits(name: str, event: Json) -> list[Misfit]:
    """Every difference between an event and those of a flavour; the order of the members does not matter.

    Raises:
        UsageError: There is no such flavour.
    """
    contract = contract_of(name)
    found = [_with_age(misfit) for misfit in contract.shape.misfits(event)]
    found += base64_misfits(event)
    return [*found, *contract.misfits(event)] if isinstance(event, dict) else found


def _with_age(misfit: Misfit) -> Misfit:
    """A member that is missing may be newer than the event."""
    if misfit.rule != MISSING or misfit.pointer not in SINCE:
        return misfit
    return misfit._replace(rule=f"is missing; it is always there since {SINCE[misfit.pointer]}")
