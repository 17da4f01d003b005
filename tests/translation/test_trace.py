"""The trace header."""

import pytest

from gateway.translation.trace import extended

FRESH = "1-65a0f5c0-0123456789abcdef01234567"
OLD = "1-67891233-abcdef012345678912345678"


@pytest.mark.parametrize(
    ("incoming", "outgoing"),
    [
        ("", f"Root={FRESH}"),
        (" ; ", f"Root={FRESH}"),
        (f"Root={OLD}", f"Self={FRESH};Root={OLD}"),
        (f"Root={OLD}; CalledFrom=app", f"Self={FRESH};Root={OLD};CalledFrom=app"),
        (f"Self=1-1-1;Root={OLD}", f"Self={FRESH};Root={OLD}"),
        (f"Root={OLD};Self=1-1-1", f"Root={OLD};Self={FRESH}"),
        ("foobar", f"Root={FRESH};foobar"),
        ("Rooted=1", f"Root={FRESH};Rooted=1"),
    ],
)
def test_the_client_s_fields_are_kept(incoming: str, outgoing: str) -> None:
    """Root stays, Self is new, everything else is passed on."""
    assert extended(incoming, FRESH) == outgoing
