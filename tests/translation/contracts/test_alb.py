"""The request behind an event of a load balancer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Fault
from gateway.observe.flavour_options import make_flavour
from gateway.translation.messages import Request
from gateway.translation.rebuild import rebuild
from gateway.types import Json
from tests.observe.exchanges import ARRIVAL, REQUEST
from tests.translation.contracts.events import again, requests


@given(request=requests(), port=st.booleans(), mode=st.sampled_from(["append", "preserve", "remove"]))
def test_attributes_of_a_load_balancer_are_read_off_its_event(request: Request, port: bool, mode: str) -> None:
    """As far as they can be seen."""
    attributes: Json = {"xff_client_port": port, "xff_mode": mode, "preserve_host": port, "tls_headers": True}
    flavour = make_flavour("alb", {"attributes": attributes})
    try:
        event: Json = json.loads(flavour.encode(request, ARRIVAL))
    except Fault:
        return

    assert again(event) == []


def test_a_client_with_its_port_comes_back() -> None:
    """IPv6 too; without the attribute the port is not known."""
    for host in ("192.0.2.1", "2001:db8::1"):
        request = REQUEST._replace(client=(host, 4711))
        with_port = make_flavour("alb", {"attributes": {"xff_client_port": True}})
        assert rebuild(json.loads(with_port.encode(request, ARRIVAL))).request.client == (host, 4711)
        assert rebuild(json.loads(make_flavour("alb", {}).encode(request, ARRIVAL))).request.client == (host, 0)


@pytest.mark.parametrize(
    ("name", "line"), [("alb", "/event/headers/host"), ("alb-multi", "/event/multiValueHeaders/host")]
)
def test_what_was_chosen_to_fit_is_told(name: str, line: str) -> None:
    """A host that is not as load balancers write it, HTTP/2, and the target group, with where they show."""
    request = REQUEST._replace(headers=[(b"Host", b"example.com:443")], body=b"", http_version="2")
    flavour = make_flavour(name, {"attributes": {"preserve_host": True}})

    assert rebuild(json.loads(flavour.encode(request, ARRIVAL))).taken == {
        "preserve_host": (line,),
        "target_group_arn": ("/event/requestContext/elb/targetGroupArn",),
        "http_version": ("/event/isBase64Encoded",),
    }
