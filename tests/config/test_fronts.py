"""Front doors without a file."""

import pytest

from gateway.config.doors import FunctionUrlSettings, HttpApiSettings
from gateway.config.fronts import FRONTS, front_settings


@pytest.mark.parametrize("front", FRONTS)
def test_each_front(front: str) -> None:
    """Everything goes to the one function."""
    settings = front_settings(front, "f", "0.0.0.0", 5)

    assert (settings.function, settings.host, settings.port) == ("f", "0.0.0.0", 5)


def test_variants() -> None:
    """The two that differ in an option have it."""
    http, url = front_settings("http-v1", "f", "h", 1), front_settings("url-stream", "f", "h", 1)

    assert isinstance(http, HttpApiSettings)
    assert isinstance(url, FunctionUrlSettings)
    assert (http.payload_format_version, url.invoke_mode) == ("1.0", "RESPONSE_STREAM")
