"""What is written about an invocation."""

from datetime import UTC, datetime

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.invocation import Invocation
from gateway.targets.logs import FunctionLog
from gateway.targets.runtime_api.extensions import Extensions
from gateway.targets.runtime_api.platform_events import PlatformEvents
from gateway.targets.runtime_api.telemetry import Telemetry
from tests.targets.conformance import Log

pytestmark = pytest.mark.anyio
MOMENT = datetime(2026, 11, 23, tzinfo=UTC)


def events(log: Log, platform: str) -> PlatformEvents:
    """Events whose telemetry nobody can subscribe to any more."""
    configuration = FunctionConfiguration("f", "app.handler", timeout_ms=3000)
    extensions = Extensions(configuration, (), lambda: None)
    extensions.closed = True
    sink = FunctionLog(log.append, platform, "$LATEST", lambda: MOMENT)
    return PlatformEvents(configuration, sink, Telemetry(extensions, lambda: MOMENT))


async def test_init_that_fails() -> None:
    """The log has a line for it."""
    log = Log()
    events(log, "text").init_ended(12.5, "error", "Runtime.ExitError")

    assert (
        log.text == "INIT_REPORT Init Duration: 12.50 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n"
    )


async def test_init_is_reported_once() -> None:
    """Only the first invocation waited for the init phase."""
    log = Log()
    platform = events(log, "text")
    platform.init_began()
    platform.init_ended(12.5, "success")
    for request_id in ("first", "second"):
        invocation = Invocation(b"{}", request_id)
        platform.begin(invocation, 0.0, "stream", None)
        platform.output(b"printed\n")
        platform.end(invocation, 0.0, None, "timeout", "")

    report = (
        "Duration: 3000.00 ms\tBilled Duration: {} ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB{}\tStatus: timeout"
    )
    assert log.text.splitlines() == [
        "START RequestId: first Version: $LATEST",
        "printed",
        "END RequestId: first",
        "REPORT RequestId: first\t" + report.format(3013, "\tInit Duration: 12.50 ms"),
        "START RequestId: second Version: $LATEST",
        "printed",
        "END RequestId: second",
        "REPORT RequestId: second\t" + report.format(3000, ""),
    ]


async def test_tail_without_a_log() -> None:
    """The tail is kept even where the platform's lines are not logged."""
    log = Log()
    platform = events(log, "none")
    invocation = Invocation(b"{}", "id", tail=True)
    platform.begin(invocation, 0.0, "stream", None)
    platform.output(b"printed\n")
    tail = platform.end(invocation, 0.0, None, "error", "Runtime.ExitError").decode()

    assert tail.startswith("START RequestId: id Version: $LATEST\nprinted\nEND RequestId: id\nREPORT ")
    assert tail.endswith("\tStatus: error\tError Type: Runtime.ExitError\n")
    assert log.text == "printed\n"
