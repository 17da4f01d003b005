"""What the steps of all APIs have in common."""

import pytest

from gateway.config import apis
from gateway.errors import Fault
from gateway.listeners.api_steps import REJECTIONS, ApiSteps, routed
from gateway.listeners.dev_headers import NO_KNOBS, Knobs
from gateway.listeners.pipeline import PipelineListener, RequestState
from gateway.listeners.rest_methods import RestMethod
from gateway.listeners.usage_plans import TokenBucket
from gateway.translation.flavour import Limits
from gateway.translation.flavours.rest_api import RestApi
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Arrival, Request, Response
from tests.listeners.observers import observed

pytestmark = pytest.mark.anyio

REQUEST = Request("GET", b"/path", b"", [], b"", ("192.0.2.1", 1), ("127.0.0.1", 2))
ARRIVAL = Arrival("id", 5, "1-0-0")


class Api(ApiSteps):
    """An API of one step that answers; it keeps what it refuses."""

    flavour = RestApi()
    limits = Limits(1, 1)
    refused: list[tuple[Fault, Request | None, Arrival]]

    async def integrate(self, state: RequestState) -> Response:  # noqa: ARG002 - a step
        """Yes."""
        return Response(200, [])

    def refusal(self, fault: Fault, request: Request | None, arrival: Arrival) -> Response:
        """Remember."""
        self.refused = [(fault, request, arrival)]
        return Response(599, [])


def bucket(burst: int) -> TokenBucket:
    """A bucket of so many tokens, none of which comes back."""
    return TokenBucket(apis.Throttle(1, burst), lambda: 0.0)


def state(*, knobs: Knobs | None = None, route: TokenBucket | None = None) -> RequestState:
    """A request that was routed."""
    state = RequestState(REQUEST, ARRIVAL)
    state.knobs = knobs
    state.method = RestMethod(apis.RestRoute("f"), apis.Integration("MOCK"), bucket=route)
    return state


def admitted(api: Api, throttled: RequestState) -> bool:
    """Whether the throttling lets a request pass, which it never refuses for another reason."""
    try:
        api.throttle(throttled)
    except Refused as refused:
        return refused.cause is not Cause.THROTTLED
    return True


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, Cause.BAD_REQUEST),
        (408, Cause.BAD_REQUEST),
        (413, Cause.TOO_LARGE),
        (414, Cause.URI_TOO_LONG),
        (431, Cause.HEADERS_TOO_LARGE),
        (500, Cause.CONFIGURATION),
        (501, Cause.BAD_REQUEST),
    ],
)
def test_bytes_that_are_no_request(status: int, cause: Cause) -> None:
    """Each status has its cause."""
    api = Api()
    api.reject(status, "why", ARRIVAL)
    fault, request, arrival = api.refused[0]

    assert isinstance(fault, Refused)
    assert (fault.cause, fault.detail, request, arrival) == (cause, "why", None, ARRIVAL)


def test_an_api_may_have_another_word_for_a_status() -> None:
    """The others keep theirs."""
    api = Api(rejections={**REJECTIONS, 414: Cause.HEADERS_TOO_LARGE})
    causes = []
    for status in (414, 413):
        api.reject(status, "", ARRIVAL)
        fault = api.refused[0][0]
        assert isinstance(fault, Refused)
        causes.append(fault.cause)

    assert causes == [Cause.HEADERS_TOO_LARGE, Cause.TOO_LARGE]


async def test_without_limits_nothing_is_throttled() -> None:
    """Neither the stage nor the route has any."""
    assert all(admitted(Api(), state()) for _ in range(3))


async def test_the_stage_is_throttled() -> None:
    """All routes together."""
    api = Api(bucket(2))

    assert [admitted(api, state()) for _ in range(3)] == [True, True, False]


async def test_a_route_is_throttled_before_the_stage() -> None:
    """What a route refuses takes nothing from the stage."""
    api, narrow = Api(bucket(2)), bucket(1)
    passed = [admitted(api, state(route=route)) for route in (narrow, narrow, None, None)]

    assert passed == [True, False, True, False]


async def test_a_developer_header_throttles() -> None:
    """It needs no limit; one that asks for something else changes nothing."""
    asked = [NO_KNOBS, Knobs(throttle="function"), Knobs(throttle="api")]

    assert [admitted(Api(), state(knobs=knobs)) for knobs in asked] == [True, True, False]


async def test_an_api_in_the_pipeline() -> None:
    """All steps are needed, and what is throttled is refused as the API refuses, with its request."""
    api = Api(bucket(0))
    response, exchange = await observed(PipelineListener(api, ("throttle", "integrate")), REQUEST)

    assert response.status == 599
    assert api.refused == [(exchange.fault, REQUEST, exchange.arrival)]


def test_routed() -> None:
    """The match of a request; it is a defect to ask for it before the routing."""
    routed_state = state()
    with pytest.raises(AssertionError):
        routed(routed_state)
    routed_state.match = match = Api.flavour.route(REQUEST)

    assert routed(routed_state) is match
