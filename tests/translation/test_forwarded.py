"""Addresses in X-Forwarded-For."""

import pytest

from gateway.translation.forwarded import address_count, peer_item
from gateway.types import Address


@pytest.mark.parametrize(
    ("client", "with_port", "item"),
    [
        (("203.0.113.7", 1), False, "203.0.113.7"),
        (("203.0.113.7", 1), True, "203.0.113.7:1"),
        (("2001:db8::1", 1), False, "2001:db8::1"),
        (("2001:db8::1", 1), True, "[2001:db8::1]:1"),
    ],
)
def test_the_peer_is_named_with_or_without_its_port(client: Address, with_port: bool, item: str) -> None:
    """IPv6 needs brackets only before a port."""
    assert peer_item(client, with_port=with_port) == item


def test_addresses_are_counted_over_all_lines() -> None:
    """A comma separates two of them."""
    assert address_count(["1.1.1.1", "2.2.2.2, 3.3.3.3"]) == 3
