"""CORS of the configuration."""

from gateway.config import doors
from gateway.listeners.cors import cors_of
from gateway.translation.cors import Cors


def test_cors() -> None:
    """The same members; no table is no CORS, and 0 seconds are not told."""
    given = doors.CorsSettings(True, ("h",), ("GET",), ("https://a",), ("e",), 5)

    assert cors_of(None) is None
    assert cors_of(doors.CorsSettings()) == Cors()
    assert cors_of(given) == Cors(("https://a",), ("GET",), ("h",), ("e",), 5, True)
