"""The cookies that keep a client with one HTTP server of a target group.

Facts, from the AWS ELB user guide (sticky sessions) and transcripts of real load balancers

- ``lb_cookie``: every answer sets ``AWSALB``, and ``AWSALBCORS`` with the same value; both expire after seven days
  whatever the duration, which is inside the opaque value (kubernetes-sigs/aws-load-balancer-controller issue 884, a
  duration of ten minutes).
- ``app_cookie``: when the server sets the named cookie, the load balancer adds ``AWSALBAPP-0``; while it has nothing to
  say the four cookies ``AWSALBAPP-0`` to ``-3`` are ``_remove_`` (a transcript of 2026).
- A cookie that is not the load balancer's own, is too old or names a server that gets no requests is passed over.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, Protocol

from gateway.listeners.alb.stickiness import WEEK_MS, StickinessCookieInvalid, cookie_lines, seal, sent_cookie, unseal
from gateway.translation.headers import http_date, values_of
from gateway.translation.messages import Request
from gateway.types import EpochMs, HeaderList

_LB_COOKIES: Final = (b"AWSALB", b"AWSALBCORS")
_APP_COOKIES: Final = tuple(b"AWSALBAPP-%d" % number for number in range(4))
_REMOVE: Final = b"_remove_"


class TargetStickiness(Protocol):
    """One type of stickiness."""

    def target(self, request: Request, epoch_ms: EpochMs, /) -> str | None:
        """The target that the request's cookie names, None without a good one."""
        ...

    def cookies(
        self, request: Request, answered: HeaderList, target: str, epoch_ms: EpochMs, /
    ) -> list[tuple[bytes, bytes]]:
        """The ``Set-Cookie`` lines to add to what ``target`` answered."""
        ...


class LbCookie:
    """``stickiness.type`` = ``lb_cookie``."""

    def __init__(self, seconds: int, key: bytes) -> None:
        self._seconds = seconds
        self._key = key

    def target(self, request: Request, epoch_ms: EpochMs) -> str | None:
        """The target of the request's ``AWSALB``, or ``AWSALBCORS``."""
        return _named(sent_cookie(request, _LB_COOKIES), self._key, epoch_ms)

    def cookies(
        self, _request: Request, _answered: HeaderList, target: str, epoch_ms: EpochMs
    ) -> list[tuple[bytes, bytes]]:
        """Both cookies; with every answer the time begins anew."""
        return cookie_lines(_LB_COOKIES, seal(target, epoch_ms + self._seconds * 1000, self._key), epoch_ms)


class AppCookie:
    """``stickiness.type`` = ``app_cookie``; ``name`` is the server's cookie."""

    def __init__(self, name: str, seconds: int, key: bytes) -> None:
        self._prefix = name.encode() + b"="
        self._seconds = seconds
        self._key = key

    def target(self, request: Request, epoch_ms: EpochMs) -> str | None:
        """The target of the request's ``AWSALBAPP-0``."""
        return _named(sent_cookie(request, _APP_COOKIES[:1]), self._key, epoch_ms)

    def cookies(
        self, request: Request, answered: HeaderList, target: str, epoch_ms: EpochMs
    ) -> list[tuple[bytes, bytes]]:
        """The four cookies, unless the client has a good one that nothing changes."""
        if any(value.startswith(self._prefix) for value in values_of(answered, b"set-cookie")):
            value = seal(target, epoch_ms + self._seconds * 1000, self._key)
        elif self.target(request, epoch_ms):
            return []
        else:
            value = _REMOVE
        ending = b"; Expires=%b; Path=/" % http_date(epoch_ms + WEEK_MS)
        values = (value, _REMOVE, _REMOVE, _REMOVE)
        return [(b"Set-Cookie", name + b"=" + it + ending) for name, it in zip(_APP_COOKIES, values, strict=True)]


def _named(value: bytes | None, key: bytes, epoch_ms: EpochMs) -> str | None:
    if value is None or value == _REMOVE:
        return None
    try:
        name, expires_ms = unseal(value, key)
    except StickinessCookieInvalid:
        return None
    return name if epoch_ms < expires_ms else None


def target_stickiness(attributes: Mapping[str, bool | int | str], group: str, key: bytes) -> TargetStickiness | None:
    """The stickiness that a target group's attributes ask for, None for none.

    Args:
        attributes: Under AWS's keys.
        group: The group's name: its cookies are good for no other one.
        key: The load balancer's secret, at most 64 bytes.
    """
    if not attributes["stickiness.enabled"]:
        return None
    own = hashlib.blake2b(group.encode(), key=key, digest_size=32).digest()
    if attributes["stickiness.type"] == "lb_cookie":
        return LbCookie(int(attributes["stickiness.lb_cookie.duration_seconds"]), own)
    name = str(attributes["stickiness.app_cookie.cookie_name"])
    return AppCookie(name, int(attributes["stickiness.app_cookie.duration_seconds"]), own)
