"""What tests of limits are given."""

from collections.abc import Iterator

import pytest

from gateway.limits.ground import Ground
from tests.limits.grounds import ground


@pytest.fixture
def memory_ground() -> Iterator[Ground]:
    """A ground of this machine for groups with a memory limit."""
    with ground("memory") as made:
        yield made
