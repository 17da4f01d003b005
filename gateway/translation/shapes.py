"""Whether an event is one that a flavour sends: names, types, and what is null where others are absent."""

from gateway.translation.contracts.contract import contract_of
from gateway.translation.shape import Misfit, base64_misfits
from gateway.types import Json


def event_misfits(name: str, event: Json) -> list[Misfit]:
    """Every difference between an event and those of a flavour; the order of the members does not matter.

    Raises:
        UsageError: There is no such flavour.
    """
    contract = contract_of(name)
    found = [*contract.shape.misfits(event), *base64_misfits(event)]
    return [*found, *contract.misfits(event)] if isinstance(event, dict) else found
