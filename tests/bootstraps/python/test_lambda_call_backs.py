"""Where a function's connections to the gateway's own APIs are led."""

import socket

import pytest

from gateway.bootstraps.python.lambda_call_backs import lead

TABLE = "ws.example.com=4001 abc.execute-api.us-east-1.amazonaws.com=4002"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What is looked up in the end, once names are led."""
    found: list[tuple[object, ...]] = []

    def look_up(*given: object, **named: object) -> list[object]:
        found.append((*given, *named.items()))
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    lead(TABLE)
    return found


@pytest.mark.parametrize(
    ("host", "port", "led"),
    [
        ("ws.example.com", 443, 4001),
        ("WS.example.com.", "https", 4001),
        (b"abc.execute-api.us-east-1.amazonaws.com", "443", 4002),
    ],
)
def test_a_name_of_the_gateway(host: str | bytes, port: int | str, led: int, asked: list[tuple[object, ...]]) -> None:
    """It is on this machine, in all of its spellings; what else the caller asked for stays."""
    socket.getaddrinfo(host, port, socket.AF_INET, type=socket.SOCK_STREAM)

    assert asked == [("127.0.0.1", led, socket.AF_INET, ("type", socket.SOCK_STREAM))]


@pytest.mark.parametrize(
    ("host", "port"), [("ws.example.com", 80), ("example.com", 443), ("a.ws.example.com", 443), (None, 443)]
)
def test_everything_else(host: str | None, port: int, asked: list[tuple[object, ...]]) -> None:
    """Another port and another name are looked up as they were given."""
    socket.getaddrinfo(host, port)

    assert asked == [(host, port)]


def test_what_connects_by_name_is_led(asked: list[tuple[object, ...]]) -> None:
    """Clients of the standard library look names up where they can be led."""
    with pytest.raises(OSError, match="returns an empty list"):
        socket.create_connection(("ws.example.com", 443))

    assert asked[0][:2] == ("127.0.0.1", 4001)
