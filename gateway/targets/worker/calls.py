"""The invocations in a worker's hands, and how they end."""

import asyncio
from enum import Enum
from typing import TypeAlias

from gateway.invocation import Failed, Invocation, Returned
from gateway.targets.failures import RESULT_LIMIT, reported, result_too_large
from gateway.targets.worker.framing import Frame


class Ending(Enum):
    """How an invocation ends without an answer of the worker."""

    TIMED_OUT = "its time is over"
    NOT_BEGUN = "it was given ahead and did not begin"


Answer: TypeAlias = Frame | int | Ending
"""A frame of the worker, the exit code of its process, or another end."""


class Call:
    """One invocation in the worker's hands, or next in line."""

    __slots__ = ("answer", "began", "invocation", "timer")

    def __init__(self, invocation: Invocation, answer: "asyncio.Future[Answer]") -> None:
        self.invocation = invocation
        self.answer = answer
        self.began = 0.0
        self.timer: asyncio.TimerHandle | None = None

    def end(self, answer: Answer) -> None:
        """Stop the clock and tell who waits."""
        if self.timer:
            self.timer.cancel()
        if not self.answer.done():
            self.answer.set_result(answer)


def outcome_of(frame: Frame) -> Returned | Failed:
    """What a frame of the worker says of its invocation."""
    if len(frame.body) > RESULT_LIMIT:
        return result_too_large()
    if frame.kind == b"e":
        return reported(frame.body)
    return Returned(frame.body) if frame.kind == b"r" else Returned(frame.body, content_type="application/unknown")
