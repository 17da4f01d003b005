"""File descriptors of this process."""

import os
import resource
from collections.abc import Iterator

import pytest

from gateway.listeners.descriptors import ENOUGH, Descriptors, raise_limit


@pytest.fixture
def hard() -> Iterator[int]:
    """The hard limit; the soft one is small, and given back at the end."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_soft_limit_is_raised(hard: int) -> None:
    """As far as the hard one allows, and within reason."""
    raise_limit()
    expected = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (expected, hard)


@pytest.mark.usefixtures("hard")
def test_few() -> None:
    """What is left when no more is accepted is more than waits to be accepted."""
    descriptors, taken = Descriptors(), list[int]()
    while not descriptors.are_few():
        taken.append(os.open(os.devnull, os.O_RDONLY))
    left = 256 - taken[-1]
    for descriptor in taken:
        os.close(descriptor)

    assert (descriptors.limit, descriptors.backlog) == (256, 64)
    assert 64 < left < 128
    assert not descriptors.are_few()


@pytest.mark.usefixtures("hard")
def test_none_left() -> None:
    """Not even one to look with."""
    taken = [os.dup(0)]
    while taken[-1] < 255:
        taken.append(os.dup(0))
    few = Descriptors().are_few()
    for descriptor in taken:
        os.close(descriptor)

    assert few


def test_no_limit() -> None:
    """Where nobody knows one there are always enough."""
    descriptors = Descriptors(0)

    assert (descriptors.backlog, descriptors.are_few()) == (2048, False)
