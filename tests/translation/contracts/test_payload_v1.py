"""What events of payload format 1.0 have in common."""

from gateway.translation.contracts.payload_v1 import callers_members, unpaired
from gateway.translation.contracts.rebuilt import of_context
from gateway.types import Json


def test_both_maps_of_a_pair_say_the_same() -> None:
    """Headers as well as the query."""
    event: dict[str, Json] = {
        "headers": {"a": "1"},
        "multiValueHeaders": {"a": ["2"]},
        "queryStringParameters": {"b": "1"},
    }

    assert [misfit.pointer for misfit in unpaired(event)] == ["/headers/a", "/queryStringParameters"]


def test_what_is_known_of_a_caller_is_masked() -> None:
    """But for what the request itself tells."""
    known = callers_members({"sourceIp": "192.0.2.1", "userAgent": "x", "caller": "AIDA", "user": None})

    assert of_context(*known) == ("/event/requestContext/identity/caller",)
