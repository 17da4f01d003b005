"""What all tests share."""

import asyncio
import os
from collections.abc import Iterator

import pytest

for _variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):  # of who runs the tests: `gateway serve` takes them
    os.environ.pop(_variable, None)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the gateway does."""
    return "asyncio"


@pytest.fixture(scope="module")
def handler_loop() -> Iterator[None]:
    """An event loop for handlers that are called directly and ask for one, as adapters for ASGI applications do."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
