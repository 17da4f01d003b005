"""The table of front doors."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Fault
from gateway.translation import flavours
from gateway.translation.flavours.table import FLAVOURS
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST, json_values, results


def test_every_flavour_has_a_name() -> None:
    """A front door whose file nobody enters into the table cannot be chosen: it is found here."""
    (folder,) = flavours.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__", "table"}

    assert {type(make()).__module__.rpartition(".")[2] for make in FLAVOURS.values()} == files


@pytest.mark.parametrize(("plain", "variant"), [("alb", "alb-multi"), ("url", "url-stream")])
def test_variants(plain: str, variant: str) -> None:
    """A name that stands for an option makes the same front door with that option, and takes all the others."""
    made = FLAVOURS[variant]()

    assert type(made) is type(FLAVOURS[plain]())
    assert made != FLAVOURS[plain]()


@pytest.mark.parametrize("name", ["rest", "http", "http-v1", "url"])
@given(result=json_values() | results())
def test_any_result_becomes_an_answer(name: str, result: object) -> None:
    """Whatever a handler returns, the client gets one well-formed response."""
    flavour = FLAVOURS[name]()
    try:
        response = flavour.decode(json.dumps(result).encode(), REQUEST, ARRIVAL)
    except Fault as fault:
        response = flavour.refuse(fault, REQUEST, ARRIVAL)

    lines = [(header.lower(), value) for header, value in response.headers]
    assert 200 <= response.status <= 599
    assert all(b"\n" not in value and b"\r" not in value for _, value in lines)
    assert isinstance(response.body, bytes)
    length = [] if response.status in {204, 304} else [b"%d" % len(response.body)]
    assert [value for header, value in lines if header == b"content-length"] == length


@pytest.mark.parametrize("name", ["rest", "http", "http-v1", "url"])
@given(payload=st.binary(max_size=40))
def test_any_payload_raises_nothing_but_faults(name: str, payload: bytes) -> None:
    """A runtime of one's own may send bytes that are no JSON."""
    try:
        response = FLAVOURS[name]().decode(payload, REQUEST, ARRIVAL)
    except Fault:
        return

    assert response.status == 200
