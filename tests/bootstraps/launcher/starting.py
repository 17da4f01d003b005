"""Starts processes by the launcher, for tests of its parts."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.targets.reaper import Program, Reaper, exit_code

VARIABLES = {"PATH": os.environ["PATH"]}


@contextmanager
def reaper() -> Iterator[Reaper]:
    """One that is closed at the end."""
    made = Reaper()
    try:
        yield made
    finally:
        made.close()


def run(argv: Sequence[str], mounts: Mapping[str, str] | None = None, folder: Path = Path("/")) -> tuple[int, str]:
    """The exit code of a process and what it prints."""
    reading, writing = os.pipe()
    with reaper() as made:
        try:
            _, own = made.launch(Program(argv, VARIABLES, folder, mounts=mounts), [writing])
        finally:
            os.close(writing)
        with own, os.fdopen(reading) as output:
            printed = output.read()
            return exit_code(own.recv(4)), printed


def shell(script: str, mounts: Mapping[str, str] | None = None) -> str:
    """What a script prints; it must succeed."""
    code, printed = run(["/bin/sh", "-c", f"exec 2>&1; {script}"], mounts)
    assert code == 0, printed
    return printed
