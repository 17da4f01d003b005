"""What goes into a function and what comes out of it."""

from gateway.invocation import StreamBroken


def test_broken_stream_says_why() -> None:
    """The error has the type for the log and the function's own error for who can show it."""
    error = StreamBroken("Runtime.Unknown", b'{"errorType":"Runtime.Unknown"}')

    assert (str(error), error.error_type, error.payload) == (
        "Runtime.Unknown",
        "Runtime.Unknown",
        b'{"errorType":"Runtime.Unknown"}',
    )
