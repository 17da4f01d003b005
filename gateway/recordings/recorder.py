"""Writes each exchange of a running gateway as one file."""

import logging
import queue
import re
import threading
from asyncio import to_thread
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import orjson

from gateway.errors import UsageError
from gateway.invocation import Failed, Outcome, Returned, Streamed, Throttled, TimedOut, Unavailable
from gateway.listeners.alb.listener import AlbExchange
from gateway.listeners.exchange import Exchange
from gateway.listeners.wire import Wire
from gateway.observe.flavour_options import options_of
from gateway.observe.recording import NOT_INVOKED, Recording, to_text
from gateway.observe.redaction import Redaction
from gateway.private_files import make_private_folder, write_private
from gateway.translation.flavour import Flavour
from gateway.translation.messages import Request, Response
from gateway.types import Json

log = logging.getLogger("gateway")

WAITING: Final = 1000
"""Exchanges that may wait for the disk; further ones are dropped and counted."""

WAITING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of bodies and events that may wait."""

OnWritten: TypeAlias = Callable[[Request | None, Response, Wire], None]


class Recorder:
    """Files ``<number>-<method>-<path>.json`` in a folder, numbered on from what is there.

    A thread of its own makes and writes them, so that no request waits for the disk; an exchange that finds too many
    others waiting is dropped, and `aclose` says how many were.

    Args:
        folder: Made when it is missing, then for its user alone.
        redaction: Which values are never written.
        waiting: Exchanges that may wait for the disk.

    Raises:
        UsageError: The folder cannot be made or read.
    """

    def __init__(self, folder: Path, redaction: Redaction | None = None, waiting: int = WAITING) -> None:
        self._folder = folder
        self._redaction = redaction or Redaction()
        try:
            make_private_folder(folder)
            self._number = max((number_of(path) for path in folder.glob("*.json")), default=0)
        except OSError as error:
            raise UsageError(f"cannot record into {folder}: {error.strerror}; name a folder to write to") from error
        self._jobs: queue.Queue[tuple[Callable[[], Recording], int] | None] = queue.Queue()
        self._waiting = waiting
        self._bytes = 0
        self._lock = threading.Lock()
        self.written = 0
        self.dropped = 0
        self._failed = 0
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def observer(self, name: str, flavour: Flavour) -> OnWritten:
        """What to set as ``on_written`` of a listener; ``name`` is the flavour's in the table of front doors.

        Of a load balancer the attributes count; mode and ARN of the target group are read off each event.
        """
        options = options_of(flavour)

        def on_written(request: Request | None, response: Response, wire: Wire) -> None:
            # Without a request there were only bytes that nothing could be made of.
            if request is not None:
                self._take(name, options, request, response, wire)

        return on_written

    async def aclose(self) -> None:
        """Write what still waits, and say what is missing."""
        if self._thread.is_alive():
            self._jobs.put(None)
            await to_thread(self._thread.join)
        log.info("recorded %d exchanges in %s", self.written, self._folder)
        if self.dropped:
            log.warning("%d exchanges were not recorded: the disk was slower than the requests", self.dropped)

    def _take(self, name: str, options: Mapping[str, Json], request: Request, response: Response, wire: Wire) -> None:
        size = _size(request, response)
        if self._jobs.qsize() >= self._waiting or self._bytes + size > WAITING_BYTES:
            self.dropped += 1
            return
        with self._lock:
            self._bytes += size
        self._jobs.put((lambda: recording_of(name, options, request, response, wire), size))

    def _work(self) -> None:
        while job := self._jobs.get():
            make, size = job
            with self._lock:
                self._bytes -= size
            try:
                self._write(make())
            except Exception as error:  # noqa: BLE001 - an observer never ends what it observes
                self._failed += 1
                if self._failed == 1:
                    log.warning("an exchange could not be recorded: %s: %s", type(error).__name__, error)

    def _write(self, recording: Recording) -> None:
        save(self._folder, self._number + 1, recording, self._redaction)
        self._number += 1
        self.written += 1


def save(folder: Path, number: int, recording: Recording, redaction: Redaction) -> Path:
    """Write one recording that only its user can read; nobody ever sees half a file."""
    request = recording.request
    path = folder / f"{number:04d}-{slug(request.method)}-{slug(request.raw_path.decode('latin-1')) or 'root'}.json"
    write_private(path, to_text(recording, redaction))
    return path


def slug(text: str) -> str:
    """A text as a part of a file's name, at most 60 letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")[:60]


def number_of(path: Path) -> int:
    """The number that a recording's name begins with, 0 without one."""
    digits = path.name.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def recording_of(name: str, options: Mapping[str, Json], request: Request, response: Response, wire: Wire) -> Recording:
    """What an observer was told, as a recording; ``response.record`` is the `Exchange` when there was one."""
    exchange = response.record if isinstance(response.record, Exchange) else None
    times = {
        "request": wire.complete_at - wire.created_at,
        "until_response": wire.responded_at - wire.complete_at,
        "response": wire.sent_at - wire.responded_at,
    }
    if exchange is not None and exchange.outcome is not None:
        times["function"] = exchange.answered_at - exchange.invoked_at
    event: Json = orjson.loads(exchange.event) if exchange is not None and exchange.event else None
    name, options = _target_group(name, options, event)
    return Recording(
        name,
        options,
        request,
        None if exchange is None else exchange.arrival,
        event,
        {"kind": NOT_INVOKED} if exchange is None else _outcome_members(exchange),
        exchange.outcome.payload if exchange is not None and isinstance(exchange.outcome, Returned) else None,
        response,
        exchange.transformed if isinstance(exchange, AlbExchange) else None,
        streamed=not isinstance(response.body, bytes),
        recorded_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z",
        times_ms={span: round(seconds * 1000, 3) for span, seconds in times.items()},
        source="recorded by the gateway",
    )


def _target_group(name: str, options: Mapping[str, Json], event: Json) -> tuple[str, Mapping[str, Json]]:
    """Name and options of the target group that made a load balancer's event: a listener may have many."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(context, dict) or not isinstance(elb := context.get("elb"), dict):
        return name, options
    own = {key: value for key, value in options.items() if key != "multi_value_headers"}
    return ("alb-multi" if "multiValueHeaders" in event else "alb"), {**own, "target_group_arn": elb["targetGroupArn"]}


def _outcome_members(exchange: Exchange) -> dict[str, Json]:
    members: dict[str, Json] = {"kind": NOT_INVOKED} if exchange.outcome is None else _kind(exchange.outcome)
    if exchange.fault is not None:
        members["fault"] = str(exchange.fault)
    return members


def _kind(outcome: Outcome) -> dict[str, Json]:
    match outcome:
        case Returned():
            return {"kind": "returned"}
        case Streamed(content_type=content_type):
            return {"kind": "streamed", "content_type": content_type}
        case Failed(error_type=error_type, message=message):
            return {"kind": "failed", "error_type": error_type, "message": message}
        case TimedOut(after_ms=after_ms):
            return {"kind": "timed out", "after_ms": after_ms}
        case Throttled(reason=reason):
            return {"kind": "throttled", "reason": reason}
        case Unavailable(error=error, message=message):
            return {"kind": "unavailable", "error": error, "message": message}


def _size(request: Request, response: Response) -> int:
    """About what an exchange holds in memory."""
    answered = len(response.body) if isinstance(response.body, bytes) else 0
    event = len(response.record.event) if isinstance(response.record, Exchange) else 0
    return len(request.body) + answered + event
