"""One recorded or documented edge of an API Gateway front door, as a file: how it is read and compared.

Members of a file: ``why``, ``source``, ``evidence``, then ``options`` of the flavour, ``request``, ``arrival``, and

- ``event`` with ``compare``: "ordered" (values and key order), "exact" (values), "members" (only those given),
  "header-names"; ``mask`` holds pointers to values that are random, ``absent`` pointers to what must not be there; or
- ``result`` (a value), ``payload`` (its JSON as text), ``fault`` (a FaultKind) or ``refusal`` (a Cause) with
  ``response``: ``status``, ``body``, ``among`` (in any order), ``lines`` (in this order, among others), ``all_lines``
  (no others, in any order), ``wire`` (no others, this order), where the value "…" stands for any; or
- ``refused``: the Cause that routing or encoding raises.
"""

import base64
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from gateway.errors import Fault, FaultKind
from gateway.translation.flavour import Flavour
from gateway.translation.flavour_options import build_flavour
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response, Tls
from gateway.translation.route import ANY, DEFAULT, Route, RouteMatch

DATA: Final = Path(__file__).parents[2] / "data" / "flavours"
EVIDENCE: Final = {"captured", "documented", "reported", "inferred", "unknown"}


class Case(NamedTuple):
    """A file, read."""

    flavour: Flavour
    request: Request
    arrival: Arrival
    facts: dict[str, Any]


def cases(flavour: str) -> list[Path]:
    """The files of one flavour."""
    return sorted((DATA / flavour).glob("*.json"))


def load_case(path: Path) -> Case:
    """Read one file."""
    facts = json.loads(path.read_text("utf-8"))
    assert facts["why"]
    assert facts["source"]
    assert facts["evidence"] in EVIDENCE
    return Case(
        build_flavour(path.parent.name, facts.get("options", {})),
        to_request(facts.get("request", {})),
        Arrival(**{**_ARRIVAL, **facts.get("arrival", {})}),
        facts,
    )


_ARRIVAL: Final[dict[str, Any]] = {
    "request_id": "8af0f750-fdfc-4b2e-bf85-0218623df93e",
    "epoch_ms": 1744668620123,
    "trace_id": "1-67fd87cc-09a86408172acd0726c798d5",
}


def to_request(given: dict[str, Any]) -> Request:
    """A request as a file describes it."""
    body = base64.b64decode(given["body_base64"]) if "body_base64" in given else given.get("body", "").encode()
    return Request(
        method=given.get("method", "GET"),
        raw_path=given.get("raw_path", "/").encode(),
        raw_query=given.get("raw_query", "").encode(),
        headers=[(name.encode(), value.encode()) for name, value in given.get("headers", [])],
        body=body,
        client=(given.get("client", "192.0.2.1"), 50000),
        server=("192.0.2.2", 443),
        tls=Tls(*given["tls"]) if "tls" in given else None,
    )


def check(case: Case) -> None:
    """Whether the flavour does what the file says."""
    if "event" in case.facts:
        _check_event(case)
    elif "refused" in case.facts:
        with pytest.raises(Refused) as raised:
            case.flavour.encode(case.request, case.arrival)
        assert raised.value.cause is Cause[case.facts["refused"]], case.facts["why"]
    else:
        _check_response(case)


def _encoded(case: Case) -> bytes:
    if "authorizer" not in case.facts:
        return case.flavour.encode(case.request, case.arrival)
    match = RouteMatch(Route(ANY, DEFAULT), "", "", {}, DEFAULT, {}, authorizer=case.facts["authorizer"])
    return case.flavour.encode(case.request, case.arrival, match)


def _check_event(case: Case) -> None:
    event, expected, why = json.loads(_encoded(case)), case.facts["event"], case.facts["why"]
    for pointer in case.facts.get("mask", []):
        mask(event, pointer)
        mask(expected, pointer)
    for pointer in case.facts.get("absent", []):
        assert pointer[1:] not in event, why
    match case.facts["compare"]:
        case "ordered":
            assert json.dumps(event, indent=1) == json.dumps(expected, indent=1), why
        case "exact":
            assert event == expected, why
        case "members":
            assert _only(event, expected) == expected, why
        case "header-names":
            assert sorted(event["headers"]) == sorted(expected["headers"]), why
        case other:
            raise AssertionError(other)


def mask(event: dict[str, Any], pointer: str) -> None:
    """Put "…" where a pointer leads, if anything is there."""
    *way, last = pointer[1:].split("/")
    for step in way:
        event = event.get(step, {})
    if last in event:
        event[last] = "…"


def _only(found: Any, expected: Any) -> Any:  # noqa: ANN401 - any JSON
    """What was found, without the members that are not expected anywhere."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return {key: _only(found.get(key, "<absent>"), value) for key, value in expected.items()}
    return found


def response_of(case: Case) -> Response:
    """The response that the flavour gives."""
    facts = case.facts
    if "fault" in facts:
        return case.flavour.refuse(Fault(FaultKind[facts["fault"]]), case.request, case.arrival)
    if "refusal" in facts:
        given = facts["refusal"]
        headers = tuple((name.encode(), value.encode()) for name, value in given["headers"])
        refused = Refused(Cause[given["cause"]], message=given.get("message", ""), headers=headers)
        return case.flavour.refuse(refused, case.request, case.arrival)
    payload = facts["payload"] if "payload" in facts else json.dumps(facts["result"])
    try:
        return case.flavour.decode(payload.encode(), case.request, case.arrival)
    except Fault as fault:
        return case.flavour.refuse(fault, case.request, case.arrival)


def _check_response(case: Case) -> None:
    response, expected, why = response_of(case), case.facts["response"], case.facts["why"]
    lines = [[name.decode(), value.decode()] for name, value in response.headers]
    assert response.status == expected["status"], why
    if "body" in expected:
        assert response.body == expected["body"].encode(), why
    assert all(line in lines for line in expected.get("among", [])), why
    if "lines" in expected:
        names = {name for name, _ in expected["lines"]}
        assert _masked([line for line in lines if line[0] in names], expected["lines"]) == expected["lines"], why
    if "all_lines" in expected:
        assert sorted(_masked(lines, expected["all_lines"])) == sorted(expected["all_lines"]), why
    if "wire" in expected:
        if expected.get("http2"):
            lines = [[name.lower(), value] for name, value in lines if name != "Connection"]
        assert _masked(lines, expected["wire"]) == expected["wire"], why
    for name, start in expected.get("contains", []):
        assert next(value for found, value in lines if found == name).startswith(start), why


def _masked(lines: list[list[str]], expected: list[list[str]]) -> list[list[str]]:
    random = {name for name, value in expected if value == "…"}
    return [[name, "…" if name in random else value] for name, value in lines]
