"""What both payload versions of an HTTP API share."""

import pytest

from gateway.errors import BadResult
from gateway.translation.flavours.http_api import HttpApi
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.http_front_door import title_case
from gateway.translation.route import Route, RouteTable
from tests.translation.flavours.apigw_requests import ARRIVAL, REQUEST


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        (b"myheader", b"Myheader"),
        (b"x-custom-header", b"X-Custom-Header"),
        (b"X-API-Key", b"X-Api-Key"),
        (b"a--b", b"A--B"),
    ],
)
def test_title_case(name: bytes, spelled: bytes) -> None:
    """The first letter of each part is a capital."""
    assert title_case(name) == spelled


def test_spelling_tells_who_refused() -> None:
    """A refusal before the integration has its id in lower case, a failed integration in title case."""
    api = HttpApi(routes=RouteTable([Route("GET", "/a")]))

    with pytest.raises(Refused) as no_route:
        api.route(REQUEST)
    with pytest.raises(BadResult) as bad:
        api.decode(b'{"statusCode":0}', REQUEST, ARRIVAL)

    assert api.refuse(no_route.value, REQUEST, ARRIVAL).headers[-1][0] == b"apigw-requestid"
    assert api.refuse(bad.value, REQUEST, ARRIVAL).headers[-1][0] == b"Apigw-Requestid"
    timeout = api.refuse(Refused(Cause.INTEGRATION_TIMEOUT), REQUEST, ARRIVAL)
    assert (timeout.status, timeout.body) == (503, b'{"message":"Service Unavailable"}')
    assert timeout.headers[-1][0] == b"Apigw-Requestid"


def test_lambda_cannot_frame() -> None:
    """Framing lines of the function are dropped, its challenge keeps its name."""
    payload = b'{"statusCode":401,"headers":{"content-length":"9","transfer-encoding":"x","www-authenticate":"Basic"}}'

    names = [name for name, _ in HttpApi().decode(payload, REQUEST, ARRIVAL).headers]

    assert names == [
        b"Date",
        b"Content-Type",
        b"Content-Length",
        b"Connection",
        b"Www-Authenticate",
        b"Apigw-Requestid",
    ]
