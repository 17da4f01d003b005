"""The Host header as the function sees it."""

import pytest

from gateway.translation.host import normalised, of_target


@pytest.mark.parametrize(
    ("sent", "listener_port", "seen"),
    [
        ("Example.com", 80, "Example.com"),
        ("example.com:80", 443, "example.com"),
        ("example.com:9", 80, "example.com"),
        ("example.com", 8080, "example.com:8080"),
        ("example.com:9", 8080, "example.com:9"),
        ("example.com:", 8080, "example.com:8080"),
        ("[2001:DB8::1]", 8080, "[2001:DB8::1]:8080"),
        ("[2001:db8::1]:8080", 80, "[2001:db8::1]"),
    ],
)
def test_the_listener_s_port_decides(sent: str, listener_port: int, seen: str) -> None:
    """Default ports remove the port, others add theirs when there is none."""
    assert normalised(sent, listener_port) == seen


@pytest.mark.parametrize(
    ("authority", "listener_port", "seen"),
    [
        ("Dns-Name", 80, "Dns-Name"),
        ("dns-name:80", 80, "dns-name"),
        ("dns-name", 8080, "dns-name"),
        ("a:1", 8080, "a:1"),
    ],
)
def test_an_absolute_target_gets_no_port_added(authority: str, listener_port: int, seen: str) -> None:
    """The user guide shows it without one."""
    assert of_target(authority, listener_port) == seen
