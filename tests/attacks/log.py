"""Reads the gateway's log for what must not be in it."""

import re
from pathlib import Path
from typing import Final

_SIGNS: Final = re.compile(
    r"never retrieved|never awaited|Exception in callback|Exception ignored|Fatal Python|Unclosed|Fatal error on|"
    r"Unhandled exception|Unhandled error|object has no attribute"
)
_TRACEBACK: Final = "Traceback (most recent call last)"
_FRAME: Final = re.compile(r'\s+File "([^"]+)"')
_NUMBERS: Final = re.compile(r"[0-9]+")
_NEAR: Final = 150
"""Lines of a traceback that are looked at."""


class LogReader:
    """Reads a file that still grows.

    Attributes:
        lines: How many there were.
    """

    def __init__(self, file: Path, handlers: Path) -> None:
        self._file = file
        self._handlers = str(handlers)
        self._at = 0
        self.lines = 0

    def findings(self) -> list[tuple[str, str]]:
        """What is new and wrong, each with its kind; the traceback of a handler that raises on purpose is not."""
        with self._file.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        lines = whole.decode(errors="replace").split("\n")
        self.lines += len(lines) - 1
        return [found for number in range(len(lines)) if (found := self._finding(lines, number))]

    def _finding(self, lines: list[str], number: int) -> tuple[str, str] | None:
        line = lines[number]
        if _TRACEBACK in line:
            text = _whole(lines[number : number + _NEAR])
            files = [found[1] for follows in text if (found := _FRAME.match(follows))]
            if files and all(name.startswith(self._handlers) for name in files):
                return None
            return _NUMBERS.sub("", text[-1])[:60], "\n".join(text)
        return (_NUMBERS.sub("", line)[:60], line[:500]) if _SIGNS.search(line) else None


def _whole(lines: list[str]) -> list[str]:
    """A traceback without what follows it: from its first line to the error."""
    for number, line in enumerate(lines[1:], 1):
        if line and not line.startswith((" ", "\t")):
            return lines[: number + 1]
    return lines
