"""What a test can look at."""

from gateway.testing.call import HandlerCall, build_configuration
from gateway.translation.flavour_options import build_flavour
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request


def test_the_event_is_what_the_listener_sent() -> None:
    """A handler that changes its event does not change the record."""

    def handler(event: dict[str, object], _context: object) -> bytes:
        event.clear()
        return b"no JSON"

    exchange = HandlerCall(build_flavour("alb"), handler, build_configuration(3, {})).run(
        sample_request("GET", "/pets"), SAMPLE_ARRIVAL
    )

    assert exchange.event["path"] == "/pets"
    assert exchange.result is None
    assert exchange.raw_result == b"no JSON"
