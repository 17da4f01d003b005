"""Choosing a target group by weight, and the cookies that keep a client with its choice.

Facts, from the AWS ELB user guide (target group stickiness) and the ELBv2 API model

- A forward action names 1-5 target groups with weights of 0-999; a group of weight 0 gets no new clients.
- With group stickiness every response sets ``AWSALBTG``, and ``AWSALBTGCORS`` with the same value for cross-origin
  requests; the cookies expire after seven days whatever the duration, which is inside the opaque value.
- A value that is not the load balancer's own, such as a URL-encoded one, fails the request: AWSALBTGCookieInvalid.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from gateway.errors import GatewayError
from gateway.listeners.alb.actions import ForwardAction, WeightedGroup
from gateway.translation.headers import http_date, values_of
from gateway.translation.messages import Request
from gateway.types import EpochMs

_COOKIES: Final = (b"AWSALBTG", b"AWSALBTGCORS")
_DIGEST_BYTES: Final = 16
_TIME_BYTES: Final = 8
WEEK_MS: Final = 7 * 24 * 3600 * 1000


class StickinessCookieInvalid(GatewayError):
    """A stickiness cookie that this load balancer did not make; in the log AWSALBTGCookieInvalid."""


def choose(groups: Sequence[WeightedGroup], draw: float) -> str | None:
    """The target group for a random draw from 0 to 1, 1 excluded; None when every weight is 0."""
    if len(groups) == 1 and groups[0].weight:
        return groups[0].name
    # The draw is a point on a line that the groups share by weight; groups of weight 0 have no part of it.
    left = draw * sum(group.weight for group in groups)
    for group in groups:
        left -= group.weight
        if left < 0:
            return group.name
    return None


def sticky_group(action: ForwardAction, request: Request, key: bytes, epoch_ms: EpochMs) -> str | None:
    """The target group that the request's cookie names; None without one, after its time, or when it left the rule.

    Raises:
        StickinessCookieInvalid: The cookie's value was changed on its way.
    """
    value = sent_cookie(request, _COOKIES)
    if value is None:
        return None
    name, expires_ms = unseal(value, key)
    known = any(group.name == name for group in action.groups)
    return name if known and epoch_ms < expires_ms else None


def sticky_cookies(action: ForwardAction, name: str, key: bytes, epoch_ms: EpochMs) -> list[tuple[bytes, bytes]]:
    """The ``Set-Cookie`` lines that keep a client with a target group; ``key`` is a secret, at most 64 bytes."""
    return cookie_lines(_COOKIES, seal(name, epoch_ms + action.stickiness_seconds * 1000, key), epoch_ms)


def cookie_lines(names: tuple[bytes, bytes], value: bytes, epoch_ms: EpochMs) -> list[tuple[bytes, bytes]]:
    """``Set-Cookie`` for a cookie and its twin for cross-origin requests; both expire after seven days."""
    common = b"; Expires=%b; Path=/" % http_date(epoch_ms + WEEK_MS)
    return [
        (b"Set-Cookie", b"%b=%b%b" % (names[0], value, common)),
        (b"Set-Cookie", b"%b=%b%b; SameSite=None; Secure" % (names[1], value, common)),
    ]


def sent_cookie(request: Request, names: Sequence[bytes]) -> bytes | None:
    """The value of the first of these cookies that the request has."""
    cookies: dict[bytes, bytes] = {}
    for line in values_of(request.headers, b"cookie"):
        for pair in line.split(b";"):
            key, _, value = pair.strip().partition(b"=")
            cookies.setdefault(key, value)  # of two cookies of one name the more specific path stands first
    return next((cookies[name] for name in names if name in cookies), None)


def seal(name: str, expires_ms: EpochMs, key: bytes) -> bytes:
    """The opaque value of a cookie that stands for ``name`` until then."""
    payload = expires_ms.to_bytes(_TIME_BYTES, "big") + name.encode()
    return base64.b64encode(_digest(payload, key) + payload)


def unseal(value: bytes, key: bytes) -> tuple[str, EpochMs]:
    """What `seal` was given; raises `StickinessCookieInvalid` for a value that it did not make."""
    try:
        sealed = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise StickinessCookieInvalid("the AWSALBTG cookie is not base64; was it URL-encoded?") from None
    import hmac  # noqa: PLC0415 - as below

    digest, payload = sealed[:_DIGEST_BYTES], sealed[_DIGEST_BYTES:]
    if len(payload) < _TIME_BYTES or not hmac.compare_digest(digest, _digest(payload, key)):
        raise StickinessCookieInvalid("the AWSALBTG cookie was not made by this load balancer")
    return payload[_TIME_BYTES:].decode(), int.from_bytes(payload[:_TIME_BYTES], "big")


def _digest(payload: bytes, key: bytes) -> bytes:
    import hashlib  # noqa: PLC0415 - most listeners choose without cookies

    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES, key=key).digest()
