"""What handlers in this process print, for the reports of their invocations.

Standard output and standard error are those of the whole process.  While an invocation runs whose log is wanted, a
layer is over them that passes everything on and keeps what the invocation's own thread writes.  It does not see what
goes past it: bytes for ``sys.stdout.buffer`` or a descriptor, a logging handler that was made with the stream below,
and threads that the handler starts.
"""

import sys
import threading
from collections.abc import Iterable
from typing import Final, TextIO, cast

from gateway.invocation import Report
from gateway.targets.stream_layers import StreamLayers

_STREAMS: Final = ("stdout", "stderr")


class Printed:
    """What the thread that makes it prints from then on, kept in a report until some thread closes this."""

    def __init__(self, report: Report) -> None:
        self.report: Report | None = report
        _thread.printed = self
        with _lock:
            _open.add(self)
            for name in _STREAMS:
                stream = getattr(sys, name)
                if stream is not None and not isinstance(stream, _Layer):
                    setattr(sys, name, cast("TextIO", _layers.over(stream)))

    def close(self) -> None:
        """Keep nothing more; the last one takes the layers away.  May be called twice."""
        self.report = None
        with _lock:
            _open.discard(self)
            for name in () if _open else _STREAMS:
                stream = getattr(sys, name)
                if isinstance(stream, _Layer):
                    setattr(sys, name, stream.below)


class _Layer:
    """A stream over another one; what this has not, that one has."""

    def __init__(self, below: TextIO) -> None:
        self.below = below

    def __getattr__(self, name: str) -> object:
        return getattr(self.below, name)

    def write(self, text: str) -> int:
        written = self.below.write(text)
        printed: Printed | None = getattr(_thread, "printed", None)
        report = printed.report if printed is not None else None
        if report is not None:
            report.add_log(text.encode(errors="backslashreplace"))
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)


_thread: Final = threading.local()
_lock: Final = threading.Lock()
_open: Final[set[Printed]] = set()
_layers: Final = StreamLayers(_Layer)
