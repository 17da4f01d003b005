"""``_X_AMZN_TRACE_ID`` in a process that runs many invocations.  In the standard library alone."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing would cost a tenth of the cold start
if TYPE_CHECKING:
    from collections.abc import Callable

_TRACE_ID = "_X_AMZN_TRACE_ID"
_KEPT_TRACES = 10_000
_TRACE_ROOM = 1024


class TraceVariable:
    """``_X_AMZN_TRACE_ID``: the trace of the present invocation, for this process and for those that it starts.

    The C library keeps every value that ``setenv`` was ever given, some 160 bytes for each invocation.  So after many
    of them the variable gets a place of its own that is written over; not from the first one on, since ctypes, which
    can do that, costs time and memory too.

    Args:
        kept: How many values the C library may keep; to set one of them takes several times as long.
    """

    def __init__(self, kept: int = _KEPT_TRACES) -> None:
        self._left = kept
        self._overwrite: Callable[[bytes], None] | None = None

    def set(self, value: str) -> None:
        """Give the variable a value; without one it is removed."""
        if not value:
            os.environ.pop(_TRACE_ID, None)
        elif self._left or len(data := os.fsencode(value)) > _TRACE_ROOM:
            self._left = max(self._left - 1, 0)
            os.environ[_TRACE_ID] = value
        else:
            if self._overwrite is None:
                self._overwrite = _place_of_its_own()
            self._overwrite(data)


def _place_of_its_own() -> Callable[[bytes], None]:
    """What sets the variable to at most ``_TRACE_ROOM`` bytes without ``setenv``, where this Python can do that."""
    try:
        import ctypes  # noqa: PLC0415 - see `TraceVariable`

        putenv = ctypes.PyDLL(None).putenv  # which holds on to the GIL, that other threads take long to give back
    except (ImportError, OSError, AttributeError):
        return lambda value: os.environ.__setitem__(_TRACE_ID, os.fsdecode(value))
    start = f"{_TRACE_ID}=".encode()
    place = ctypes.create_string_buffer(len(start) + _TRACE_ROOM + 1)
    # What Python shows of the environment, without setenv behind it.
    seen: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001
    key = _TRACE_ID.encode()
    last: bytes | None = None

    def overwrite(value: bytes) -> None:
        nonlocal last
        place.value = start + value
        if seen.get(key) is not last or last is None:  # the handler has set or removed the variable
            putenv(place)
        seen[key] = last = value

    return overwrite
