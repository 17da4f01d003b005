"""uvicorn's server, without its signal handlers."""

import signal

from uvicorn import Config

from gateway.lambda_api.quiet_server import QuietServer


async def _nothing(scope: object, receive: object, send: object) -> None:
    """An application that is never called."""


def test_signals_are_left_alone() -> None:
    """While the server runs, Ctrl-C and SIGTERM still belong to the program around it."""

    def own(number: int, frame: object) -> None:
        """The program's own handler."""

    before = {number: signal.signal(number, own) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with QuietServer(Config(_nothing, log_config=None)).capture_signals():
            during = {number: signal.getsignal(number) for number in before}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert set(during.values()) == {own}
