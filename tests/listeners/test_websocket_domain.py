"""Under which names functions call a WebSocket API back."""

import pytest

from gateway.config.doors import WebSocketApiSettings
from gateway.configuration import AccountRegion
from gateway.listeners.websocket_domain import call_back_names

HERE = AccountRegion("eu-west-1", "123456789012")


def test_its_own_name() -> None:
    """It is made of region and account, as the id of its events is."""
    (name,) = call_back_names(WebSocketApiSettings(0, "f"), HERE)
    (other,) = call_back_names(WebSocketApiSettings(0, "f"), HERE._replace(account="210987654321"))

    api_id, _, rest = name.partition(".")
    assert (len(api_id), rest) == (10, "execute-api.eu-west-1.amazonaws.com")
    assert name != other


def test_a_custom_domain_comes_first() -> None:
    """Events name it, and functions may use either."""
    names = call_back_names(WebSocketApiSettings(0, "f", domain_name="WS.example.com"), HERE)

    assert names[0] == "ws.example.com"
    assert names[1:] == call_back_names(WebSocketApiSettings(0, "f"), HERE)


@pytest.mark.parametrize("domain_name", ["localhost:8004", "a b", "a..b", "exämple.com", f"{'a.' * 127}com"])
def test_what_is_no_host_name(domain_name: str) -> None:
    """Nothing is led for it."""
    names = call_back_names(WebSocketApiSettings(0, "f", domain_name=domain_name), HERE)

    assert names == call_back_names(WebSocketApiSettings(0, "f"), HERE)
