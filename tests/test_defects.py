"""A defect has one form in the log, wherever it comes to light."""

import asyncio
import logging

import pytest

from gateway.defects import report, report_unhandled, reported, shown

pytestmark = pytest.mark.anyio


class Defect(Exception):
    """What nobody raises on purpose."""


def fail() -> None:
    """A defect."""
    raise Defect("tail")


def test_a_report_has_the_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """It says what was being done, asks for a report, and has the traceback once."""
    try:
        fail()
    except Defect as error:
        report("GET /a", error)

    assert [record.getMessage() for record in caplog.records] == [
        "GET /a met a defect of the gateway; please report it with this traceback"
    ]
    assert caplog.text.count("Traceback (most recent call last)") == 1
    assert "Defect: tail" in caplog.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /plain", "GET /plain"),
        ("GET /\x1b[2J\r\nforged line", r"GET /\x1b[2J\r\nforged line"),
        ("ä€", r"\xe4\u20ac"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200 + "..."),
        ("\x00" * 100, r"\x00" * 50 + "..."),
    ],
)
def test_what_a_client_sent_is_escaped_and_cut(text: str, expected: str) -> None:
    """A request can neither forge lines of the log nor fill it."""
    assert shown(text) == expected


async def test_a_task_that_nobody_awaits(caplog: pytest.LogCaptureFixture) -> None:
    """Its exception is reported; a task that ends well or is cancelled says nothing."""

    async def work() -> None:
        fail()

    tasks = [asyncio.ensure_future(it) for it in (work(), asyncio.sleep(0), work())]
    for task in tasks:
        task.add_done_callback(reported("sweeping"))
    tasks[2].cancel()
    await asyncio.wait(tasks)
    await asyncio.sleep(0)

    assert [record.getMessage().split(" met ")[0] for record in caplog.records] == ["sweeping"]


async def test_what_nobody_caught(caplog: pytest.LogCaptureFixture) -> None:
    """A callback that raises is reported by the loop's handler, and asyncio itself prints nothing."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report_unhandled)

    loop.call_soon(fail)
    await asyncio.sleep(0)
    loop.set_exception_handler(None)

    assert [(record.name, record.levelno) for record in caplog.records] == [("gateway", logging.ERROR)]
    assert caplog.records[0].getMessage().startswith("Exception in callback ")


def test_what_the_system_refuses_is_no_defect(caplog: pytest.LogCaptureFixture) -> None:
    """A line without traceback is enough for what is not ours."""
    loop = asyncio.new_event_loop()
    report_unhandled(loop, {"message": "accept failed", "exception": OSError(24, "Too many open files")})
    report_unhandled(loop, {"message": "Task was destroyed but it is pending!"})
    loop.close()

    assert [record.getMessage() for record in caplog.records] == [
        "accept failed: [Errno 24] Too many open files",
        "Task was destroyed but it is pending!",
    ]
    assert "Traceback" not in caplog.text
