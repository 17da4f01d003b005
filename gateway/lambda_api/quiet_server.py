"""uvicorn's server inside a program that has its own signal handlers."""

import contextlib
from collections.abc import Generator

import uvicorn


class QuietServer(uvicorn.Server):
    """Leaves the signals to the command that runs the gateway."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield
