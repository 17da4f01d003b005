"""The recursion guard: how often one chain of calls has come through the same function.

Facts, from the AWS Lambda developer guide (recursive loop detection) and the AWS X-Ray developer guide:

- The chain travels in the trace header as ``Lineage``; AWS SDKs inside a handler send the header along by themselves.
- Real headers of 2024-2026 read ``Lineage=1:<8 hex of the function>:<count>``; the documented older form is
  ``<8 hex>:<count>|<8 hex>:<count>``.  Both are read; the first dispatch has the count 0.
- After about 16 invocations of one function in one chain the next one is refused.

How AWS writes a chain of several functions is not published; here each has its own entry, joined with ``|``.
"""

from typing import Final, NamedTuple
from zlib import crc32

INVOCATIONS: Final = 16
"""Invocations of one function in one chain; the next one is a loop."""

_KEY: Final = "lineage="
_PREFIX: Final = "1:"


class LineageStep(NamedTuple):
    """One dispatch: the trace header that the function gets, and how many times the chain came here, this included."""

    trace_id: str
    invocations: int

    @property
    def is_loop(self) -> bool:
        """Whether this invocation must be refused."""
        return self.invocations > INVOCATIONS


def function_mark(function_arn: str) -> str:
    """The eight hex digits that stand for a function in ``Lineage``."""
    return f"{crc32(function_arn.encode()):08x}"


def first_dispatch(function_arn: str) -> str:
    """The part of a trace header that begins a chain of calls with a function."""
    return f"Lineage=1:{function_mark(function_arn)}:0"


def advance(trace_id: str, mark: str) -> LineageStep:
    """Count one dispatch of the function ``mark`` in a trace header; entries of other functions stay as they are."""
    parts = [part for part in trace_id.split(";") if part]
    lineage = next((part for part in parts if part.lower().startswith(_KEY)), "")
    entries = [entry for entry in lineage[len(_KEY) :].split("|") if entry]
    for index, entry in enumerate(entries):
        name, _, count = entry.removeprefix(_PREFIX).partition(":")
        if name == mark and count.isdecimal():
            hops = int(count) + 1
            entries[index] = f"{_PREFIX}{mark}:{hops}"
            break
    else:
        hops = 0
        entries.append(f"{_PREFIX}{mark}:{hops}")
    kept = [part for part in parts if part is not lineage]
    return LineageStep(";".join([*kept, "Lineage=" + "|".join(entries)]), hops + 1)
