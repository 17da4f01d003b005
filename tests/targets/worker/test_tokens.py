"""Who has an invocation that was given ahead."""

import os

from gateway.targets.worker.tokens import TokenPipe


def test_token_is_taken_once() -> None:
    """Each token is for one side; without one nothing is taken, and nobody waits."""
    tokens = TokenPipe()
    tokens.put(2)

    assert os.read(tokens.reading, 1) == b"x"
    assert tokens.take()
    assert not tokens.take()
    tokens.close()


def test_close() -> None:
    """Both ends are given back, once, and nothing can be taken any more."""
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only names
    tokens = TokenPipe()
    tokens.put(1)
    tokens.close()
    tokens.close()

    assert not tokens.take()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
