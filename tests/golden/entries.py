"""The golden answers as they stand in ``tests/data/golden``, one file for each listener."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.golden.texts import to_text

FOLDER: Final = Path(__file__).parents[1] / "data" / "golden"
JUDGEMENTS: Final = ("right", "wrong", "unknown")


@dataclass
class Entry:
    """One request and its answer.

    Attributes:
        listener: The name of its file, which is that of its listener.
        name: What it is about.
        request: Everything that the client sends on its connection, as `tests.golden.texts` has it.
        answer: Everything that it gets, masked.
        target: Everything that the HTTP server behind the listener got, masked; "" where there is none.
        answers: How many answers are to be had; 0 waits for the server to end the connection.
        judgement: One of `JUDGEMENTS`: ``right``, ``wrong`` (and will be changed) or ``unknown``.
        why: Where that is known from, or what is wrong.
    """

    listener: str
    name: str
    request: str
    answer: str
    target: str
    answers: int
    judgement: str
    why: str


def read_entries() -> list[Entry]:
    """All entries; raises ValueError for one that is not judged exactly once."""
    return [_entry(path.stem, table) for path in _files() for table in tomllib.loads(path.read_text())["entries"]]


def _files() -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.toml")) if path.stem != "gateway"]


def _entry(listener: str, table: dict[str, object]) -> Entry:
    judged = [name for name in JUDGEMENTS if table.get(name)]
    if len(judged) != 1:
        raise ValueError(f"{listener}: {table.get('name')}: give one of {', '.join(JUDGEMENTS)}")
    texts = {name: str(table.get(name, "")) for name in ("name", "request", "answer", "target")}
    answers = table.get("answers", 1)
    return Entry(listener, **texts, answers=int(str(answers)), judgement=judged[0], why=str(table[judged[0]]))


def write_entries(entries: list[Entry]) -> None:
    """Write the files anew; the comment at the head of a file stays."""
    for path in _files():
        lines = path.read_text().splitlines()
        head = "\n".join(lines[: next((at for at, line in enumerate(lines) if not line.startswith("#")), 0)])
        written = [_written(entry) for entry in entries if entry.listener == path.stem]
        path.write_text("\n\n".join(filter(None, [head, *written])) + "\n")


def _written(entry: Entry) -> str:
    lines = ["[[entries]]", f"name = {_quoted(entry.name)}", f"{entry.judgement} = {_quoted(entry.why)}"]
    if entry.answers != 1:
        lines.append(f"answers = {entry.answers}")
    lines += [
        f"{name} = {_block(getattr(entry, name))}" for name in ("request", "target", "answer") if getattr(entry, name)
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _block(text: str) -> str:
    shown = text.strip("\n").replace("'''", "''\\'")
    return f"'''\n{shown}\n'''"


def shown(data: bytes) -> str:
    """Bytes as an entry has them."""
    return to_text(data)
