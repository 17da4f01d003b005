"""What tests and imports of events know of a flavour beyond its translation."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from gateway.listener_types import named_flavour
from gateway.loading import load
from gateway.translation.contracts.rebuilt import Rebuilt
from gateway.translation.shape import Misfit, Shape
from gateway.types import Json

DEVELOPER_GUIDE: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
"""Where API Gateway describes the formats of results."""

Event = Mapping[str, Any]


def _fits(_event: dict[str, Json]) -> Iterator[Misfit]:
    return iter(())


class Contract(NamedTuple):
    """What one flavour promises.

    Attributes:
        source: Where the format of a result is described.
        members: What it reads of a result.
        shape: Of its events.
        recognises: Whether it made an event; the second argument is the event's ``requestContext``.
        rebuild: The request behind such an event.  Raises a UsageError for events that no client's request is behind,
            and whatever reading raises where members are missing.
        reports: Better evidence than the page, by the first member of a result's pointer.
        infers: A result without ``statusCode`` is a body.
        note: What to say of every result that it accepts, in place of what is said of members; "" for nothing.
        misfits: What a shape cannot say of an event.
        unordered: Pointers of members whose own members come in any order.
    """

    source: str
    members: frozenset[str]
    shape: Shape
    recognises: Callable[[Event, Event], bool]
    rebuild: Callable[[Event], Rebuilt]
    reports: Mapping[str, str] = {}
    infers: bool = False
    note: str = ""
    misfits: Callable[[dict[str, Json]], Iterator[Misfit]] = _fits
    unordered: tuple[str, ...] = ()


def contract_of(name: str) -> Contract:
    """The contract of a flavour.

    Raises:
        UsageError: There is no flavour of this name.
    """
    contract: Contract = load(named_flavour(name).contract)
    return contract
