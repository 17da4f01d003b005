"""Each condition, row by row of what AWS's documentation says."""

import pytest

from gateway.listeners.alb.rules import compile_rules
from gateway.types import Json
from tests.listeners.alb.stacks import CASES, alb, listed, request, rows, rule

ROWS = [
    pytest.param(row, wanted, given, id=f"{path.stem}-{number}-{wanted}-{place}")
    for path in sorted(CASES.glob("conditions_*.json"))
    for number, row in enumerate(rows(path.stem))
    for wanted in ("matches", "misses")
    for place, given in enumerate(listed(row[wanted]))
]


@pytest.mark.parametrize(("row", "wanted", "given"), ROWS)
def test_condition(row: dict[str, Json], wanted: str, given: dict[str, Json]) -> None:
    """A condition holds for the requests that its case names, and for no others."""
    table = compile_rules(alb([rule(row["condition"])]))

    assert (table.match(request(given)).priority == 1) == (wanted == "matches"), row["why"]


@pytest.mark.parametrize(
    ("forwarded", "client", "holds"),
    [
        (["192.0.2.7"], "10.0.0.1", True),
        (["192.0.2.7, 10.0.0.2"], "10.0.0.1", True),
        (["192.0.2.7", "10.0.0.2"], "10.0.0.1", True),
        (["192.0.2.7, 198.51.100.1"], "10.0.0.1", False),
        (["192.0.2.7"], "198.51.100.1", False),
        (["no address"], "10.0.0.1", False),
        ([], "192.0.2.7", True),
        ([], "10.0.0.1", False),
    ],
)
def test_source_ip_behind_a_trusted_proxy(forwarded: list[str], client: str, *, holds: bool) -> None:
    """Behind trusted proxies the last address that is not a proxy's is the source."""
    listener = alb([rule({"field": "source-ip", "values": ["192.0.2.0/24"]})], trusted_proxies=["10.0.0.0/8"])
    lines: list[Json] = [["X-Forwarded-For", value] for value in forwarded]

    assert (compile_rules(listener).match(request({"client": client, "headers": lines})).priority == 1) == holds
