"""What a handler writes while it runs: kept for the exchange and passed on to whoever reads it now.

Calls may overlap, nested or on several threads; a context variable says whose output it is.  Threads that a handler
starts by itself write to the process's output only.
"""

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import TextIO

from gateway.bootstraps.python.lambda_runtime import LogHandler
from gateway.targets.stream_layers import StreamLayers

_current: ContextVar[io.StringIO | None] = ContextVar("gateway_testing_output", default=None)
_lock = threading.Lock()


class _Tee:
    """A stream that writes to another one and to the running call's log; in all else it is the other one."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write to both."""
        log = _current.get()
        if log is not None:
            log.write(text)
        return self.stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write all of them to both."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


class _Records(LogHandler):
    """Writes log records as Lambda's own handler does, but to the log only: pytest shows them already."""

    def __init__(self) -> None:
        super().__init__(as_json=False)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record of the running call."""
        log = _current.get()
        if log is not None:
            record.aws_request_id = LogHandler.request_id
            log.write(self.format(record))


class _Installation:
    """The tees and the handler, in place while at least one call runs."""

    def __init__(self) -> None:
        self.calls = 0
        self.records = _Records()
        self.tees: list[tuple[str, _Tee]] = []
        self._layers = StreamLayers(_Tee)

    def enter(self) -> None:
        """One more call runs."""
        with _lock:
            self.calls += 1
            if self.calls == 1:
                self.tees = [(name, self._layers.over(getattr(sys, name))) for name in ("stdout", "stderr")]
                for name, tee in self.tees:
                    setattr(sys, name, tee)
                logging.getLogger().addHandler(self.records)

    def leave(self) -> None:
        """One call has ended; what somebody else put in place of a tee stays."""
        with _lock:
            self.calls -= 1
            if self.calls == 0:
                logging.getLogger().removeHandler(self.records)
                for name, tee in self.tees:
                    if getattr(sys, name) is tee:
                        setattr(sys, name, tee.stream)


_installation = _Installation()


@contextlib.contextmanager
def captured_output() -> Iterator[io.StringIO]:
    """Keep what is printed and logged in this context, until it is left."""
    log = io.StringIO()
    token = _current.set(log)
    _installation.enter()
    try:
        yield log
    finally:
        _installation.leave()
        _current.reset(token)
