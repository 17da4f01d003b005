"""The names for shapes that every part shares."""

from collections.abc import Sequence
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""Any JSON value, as a parser gives it."""

HeaderList: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Header lines as they stand on the wire: order, spelling and repetition kept, outer white space removed."""

EpochMs: TypeAlias = int
"""An instant: milliseconds since 1970-01-01T00:00:00Z."""

Address: TypeAlias = tuple[str, int]
"""Host and port of one end of a connection; IPv6 without brackets."""
