"""What the front doors of a gateway share; known before the front doors themselves are imported."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gateway.config.settings import Settings
from gateway.functions.function import Function

if TYPE_CHECKING:
    from gateway.listeners.iam import Verify
    from gateway.recordings.recorder import Recorder


class FrontDoorOptions(NamedTuple):
    """What all front doors of a gateway do beside their own work.

    Attributes:
        access_log: Takes the lines of load balancers' access logs; None writes none.
        recorder: Keeps every exchange; None keeps none.
        dev_headers: Requests may say with headers which claims, source IP or time they are to have.
        verify: What checks signatures for the service ``lambda`` or ``execute-api``; None believes them.
    """

    access_log: Callable[[bytes], None] | None = None
    recorder: "Recorder | None" = None
    dev_headers: bool = False
    verify: "Callable[[str], Verify] | None" = None


class Surroundings(NamedTuple):
    """What the listeners of a gateway share.

    Attributes:
        functions: Those of the configuration, by name; somebody else starts and stops them.
        sticky_key: The secret behind stickiness cookies.
        cache: A folder for keys that should outlive the gateway.
    """

    settings: Settings
    functions: Mapping[str, Function]
    sticky_key: bytes
    cache: Path
