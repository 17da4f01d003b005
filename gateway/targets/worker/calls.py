"""The invocations in a worker's hands, and how they end."""

from enum import Enum
from typing import NamedTuple, TypeAlias

import orjson

from gateway.invocation import Failed, Invocation, Outcome, Returned
from gateway.targets.environment import OutcomeFuture
from gateway.targets.failures import reported, result_too_large
from gateway.targets.worker.framing import Frame


class Ending(Enum):
    """How an invocation ends without an answer of the worker."""

    TIMED_OUT = "its time is over"


End: TypeAlias = Frame | int | Ending
"""A frame of the worker, the exit code of its process, or another end."""


class Loaded(NamedTuple):
    """What the handler's name has led to: its type, and the file of its module."""

    callable: bool
    type: str
    file: str


class NotLoaded(NamedTuple):
    """Why the handler cannot be loaded, and the place of the fault in words, "" where there is none."""

    failure: Failed
    place: str


class WorkerCall:
    """One invocation in the worker's hands, or next in line.

    Attributes:
        began: When its turn came, by `time.perf_counter`.
    """

    __slots__ = ("answer", "began", "invocation")

    def __init__(self, invocation: Invocation, answer: OutcomeFuture) -> None:
        self.invocation = invocation
        self.answer = answer
        self.began = 0.0

    def end(self, outcome: Outcome | None) -> None:
        """Tell who waits; None when it did not begin."""
        if not self.answer.done():
            self.answer.set_result(outcome)


def outcome_of(frame: Frame) -> Returned | Failed:
    """What a frame of the worker says of its invocation."""
    if frame.kind == b"t":
        return result_too_large()
    if frame.kind == b"e":
        return reported(frame.body)
    return Returned(frame.body) if frame.kind == b"r" else Returned(frame.body, content_type="application/unknown")


def init_of(frame: Frame) -> Loaded | NotLoaded:
    """What the frame that ends the init phase says.

    Raises:
        ValueError: Nothing that a worker says.
    """
    if frame.kind == b"X":
        split = 4 + int.from_bytes(frame.body[:4], "big")
        return NotLoaded(reported(frame.body[split:]), frame.body[4:split].decode())
    match orjson.loads(frame.body):
        case {"callable": bool(is_callable), "type": str(kind), "file": str(file)}:
            return Loaded(is_callable, kind, file)
    raise ValueError("these are not the facts of a handler")
