"""The keys that every listener has."""

import pytest
from pydantic import ValidationError

from gateway.config.listeners.listener import ListenerKeys


@pytest.mark.parametrize(("port", "taken"), [(0, True), (65535, True), ("8000", True), (65536, False), (-1, False)])
def test_port(port: int | str, *, taken: bool) -> None:
    """A port may come as text from the environment; 0 stands for any free one."""
    try:
        keys = ListenerKeys.model_validate({"port": port})
    except ValidationError:
        assert not taken
    else:
        assert taken
        assert keys.port == int(port)


def test_loopback_is_the_default() -> None:
    """Nothing is open to the network unless it is said."""
    assert ListenerKeys.model_validate({"port": 1}).host == "127.0.0.1"
