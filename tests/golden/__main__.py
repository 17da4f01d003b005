"""``python -m tests.golden`` writes today's answers into ``tests/data/golden``, and names the entries that changed."""

import sys

from tests.golden.entries import read_entries, write_entries
from tests.golden.running import ask

entries = read_entries()
for entry, (answer, target) in zip(entries, ask(entries), strict=True):
    if (entry.answer.strip("\n"), entry.target.strip("\n")) != (answer, target):
        sys.stdout.write(f"{entry.listener}: {entry.name} ({entry.judgement})\n")
        entry.answer, entry.target = answer, target
write_entries(entries)
