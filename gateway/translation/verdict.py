"""Would a front door accept this result, and if not, which rule does it break?

The rules are those of the flavours' own ``decode``; here they get the page, or the report, that says so.
"""

import contextlib
from typing import NamedTuple

from gateway.errors import BadResult, Fault
from gateway.listener_types import named_flavour
from gateway.translation.contracts.contract import Contract, contract_of
from gateway.translation.flavour import Flavour
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.result import load_result
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request
from gateway.types import Json


class Verdict(NamedTuple):
    """What becomes of a result.

    Attributes:
        accepted: The client gets the function's answer.
        response: The HTTP response, the function's or the front door's own.
        pointer: RFC 6901 pointer to what is wrong, "" when all of it is, or nothing.
        rule: What was expected and what was found, "" when it was accepted.
        source: Where the rule is from, "" when it was accepted.
        notes: What was accepted and may still surprise.
    """

    accepted: bool
    response: Response
    pointer: str = ""
    rule: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()


def judge(
    name: str,
    flavour: Flavour,
    payload: bytes,
    request: Request | None = None,
    arrival: Arrival = SAMPLE_ARRIVAL,
) -> Verdict:
    """What a front door makes of a result.

    Args:
        name: The front door's name, a name of `gateway.listener_types.FLAVOURS`.
        flavour: The front door.
        payload: The result as JSON.
        request: What is answered; None for ``GET /``, which takes any media type.
        arrival: Gives the date and the ids of the response.
    """
    if request is None:
        request = sample_request("GET", "/", {"Accept": "*/*"}, scheme=named_flavour(name).scheme)
    try:
        response = flavour.decode(payload, request, arrival)
    except Fault as fault:
        pointer = fault.pointer if isinstance(fault, BadResult) else ""
        refused = flavour.refuse(fault, request, arrival)
        return Verdict(False, refused, pointer, fault.detail, source_of(name, pointer))
    return Verdict(True, response, notes=_notes(contract_of(name), payload, response))


def source_of(name: str, pointer: str) -> str:
    """Where the rule about a member is from."""
    contract = contract_of(name)
    first = pointer[1:].partition("/")[0]
    return contract.reports.get(first) or contract.source


def _notes(contract: Contract, payload: bytes, response: Response) -> tuple[str, ...]:
    if contract.note:
        return (contract.note,)
    result: Json = None
    with contextlib.suppress(BadResult):
        result = load_result(payload)
    if not isinstance(result, dict) or (contract.infers and "statusCode" not in result):
        return ("without statusCode the whole result is the body of a 200 with application/json",)
    notes = [f"/{key} is ignored" for key in result if key not in contract.members]
    if response.status == 204 and result.get("body"):
        notes.append("/body is ignored: a 204 has none")
    return tuple(notes)
