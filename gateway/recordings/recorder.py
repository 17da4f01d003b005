"""Writes each exchange of a running gateway as one file."""

import logging
import queue
import re
import threading
from asyncio import to_thread
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from gateway.errors import FaultKind, UsageError
from gateway.invocation import Failed, Outcome, Returned, Streamed, Throttled, TimedOut, Unavailable
from gateway.observe.flavour_options import options_of
from gateway.observe.record import Exchange, Observer
from gateway.observe.recording import NOT_INVOKED, Recording, to_text
from gateway.observe.redaction import Redaction
from gateway.private_files import make_private_folder, write_private
from gateway.translation.flavour import Flavour
from gateway.types import Json

log = logging.getLogger("gateway")

WAITING: Final = 1000
"""Exchanges that may wait for the disk; further ones are dropped and counted."""

WAITING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of bodies and events that may wait."""


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

    def observer(self, name: str, flavour: Flavour) -> Observer:
        """What to set as ``observer`` of a listener; ``name`` is the flavour's in the table of listener types.

        Of a load balancer the attributes count; mode and ARN of the target group are read off each event.
        """
        return _OfListener(self, name, options_of(flavour))

    async def aclose(self) -> None:
        """Write what still waits, and say what is missing."""
        if self._thread.is_alive():
            self._jobs.put(None)
            await to_thread(self._thread.join)
        log.info("recorded %d exchanges in %s", self.written, self._folder)
        if self.dropped:
            log.warning("%d exchanges were not recorded: the disk was slower than the requests", self.dropped)

    def take(self, name: str, options: Mapping[str, Json], exchange: Exchange) -> None:
        """Record an exchange of a flavour with these options, unless too many others wait."""
        size = _size(exchange)
        if self._jobs.qsize() >= self._waiting or self._bytes + size > WAITING_BYTES:
            self.dropped += 1
            return
        with self._lock:
            self._bytes += size
        self._jobs.put((lambda: recording_of(name, options, exchange), size))

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


class _OfListener:
    """Observes one listener."""

    details = False

    def __init__(self, recorder: Recorder, name: str, options: Mapping[str, Json]) -> None:
        self._recorder = recorder
        self._name = name
        self._options = options

    def began(self, exchange: Exchange) -> None:
        """Nothing is known yet."""

    def ended(self, exchange: Exchange) -> None:
        """Record requests; bytes that nothing could be made of, and messages, cannot be sent again."""
        if exchange.kind == "request" and exchange.request is not None and exchange.response is not None:
            self._recorder.take(self._name, self._options, exchange)


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


def recording_of(name: str, options: Mapping[str, Json], exchange: Exchange) -> Recording:
    """What an observer was told, as a recording; the exchange has a request and a response."""
    request, response, transfer = exchange.request, exchange.response, exchange.transfer
    assert request is not None  # noqa: S101 - see above
    assert response is not None  # noqa: S101 - see above
    times: dict[str, float] = {}
    if transfer is not None:
        times = {
            "request": transfer.complete_at - transfer.created_at,
            "until_response": transfer.responded_at - transfer.complete_at,
            "response": transfer.sent_at - transfer.responded_at,
        }
    if exchange.outcome is not None:
        times["function"] = exchange.answered_at - exchange.invoked_at
    event: Json = orjson.loads(exchange.event) if exchange.event else None
    name, options = _target_group(name, options, event)
    return Recording(
        name,
        options,
        request,
        exchange.arrival,
        event,
        _outcome_members(exchange),
        exchange.outcome.payload if isinstance(exchange.outcome, Returned) else None,
        response,
        exchange.transformed,
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
    # What a load balancer refuses by itself can be sent to a URL only.
    if exchange.fault is not None and exchange.fault.kind is not FaultKind.REFUSED:
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


def _size(exchange: Exchange) -> int:
    """About what an exchange holds in memory."""
    body = b"" if exchange.response is None else exchange.response.body
    answered = len(body) if isinstance(body, bytes) else 0
    return len(exchange.request.body if exchange.request else b"") + answered + len(exchange.event)
