"""What the listeners of a gateway share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from gateway.config.settings import TargetGroupSettings
from gateway.functions.service import LambdaService

if TYPE_CHECKING:
    from gateway.listeners.iam import Verify
    from gateway.observe.record import Observer


class ListenerContext(NamedTuple):
    """What a listener is built with beside its own settings.

    Attributes:
        service: Runs the functions; somebody else starts and stops it.
        target_groups: Those of the configuration, by name.
        sticky_key: The secret behind stickiness cookies, at most 64 bytes.
        cache: A folder for keys that should outlive the gateway.
        dev_headers: Requests may say with headers which claims, source IP or time they are to have.
        verify: What checks signatures for the service ``lambda`` or ``execute-api``; None believes them.
        observer: Told of what belongs to no request, such as health checks; None tells nobody.
    """

    service: LambdaService
    target_groups: Mapping[str, TargetGroupSettings] = MappingProxyType({})
    sticky_key: bytes = b""
    cache: Path = Path()
    dev_headers: bool = False
    verify: "Callable[[str], Verify] | None" = None
    observer: "Observer | None" = None
