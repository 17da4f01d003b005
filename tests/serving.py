"""The ``gateway serve`` command as a user runs it, for tests of what is built on it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parent.parent


@contextmanager
def served(target: str, *options: str) -> Iterator[str]:
    """Serve TARGET from the project's folder on a free port; gives the URL of the ready line."""
    command = [sys.executable, "-m", "gateway", "serve", target, "--port", "0", *options]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            ready = process.stdout.readline()
            assert ready.startswith("Ready: http://"), "it did not become ready; its reason is on standard error"
            yield ready.split()[1]
        finally:
            process.terminate()
            process.communicate(timeout=20)
