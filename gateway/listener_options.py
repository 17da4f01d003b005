"""What the listeners of a gateway do beside their own work; known before they themselves are imported."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gateway.listeners.iam import Verify
    from gateway.observe.record import Observer
    from gateway.recordings.recorder import Recorder


class ListenerOptions(NamedTuple):
    """What all listeners of a gateway do beside their own work.

    Attributes:
        access_log: Takes the lines of load balancers' access logs; None writes none.
        recorder: Keeps every exchange; None keeps none.
        dev_headers: Requests may say with headers which claims, source IP or time they are to have.
        verify: What checks signatures for the service ``lambda`` or ``execute-api``; None believes them.
        observer: Told of every exchange, those of health checks and of the Invoke API too; None tells nobody.
    """

    access_log: Callable[[bytes], None] | None = None
    recorder: "Recorder | None" = None
    dev_headers: bool = False
    verify: "Callable[[str], Verify] | None" = None
    observer: "Observer | None" = None
