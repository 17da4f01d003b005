"""Shadowing: a copy of each request goes to a second target group, whose answers are compared and dropped.

This is the gateway's own feature; a real load balancer has none.  The client's answer is never touched: the copy is
sent when the answer is complete, and nothing that happens to it is seen outside of the log.
"""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from gateway.chunks import close_chunks
from gateway.listeners.alb.target_groups import TargetGroup
from gateway.listeners.arrivals import arrive
from gateway.observe.record import Exchange
from gateway.tasks import Tasks
from gateway.translation.messages import Arrival, Request, Response

log = logging.getLogger("gateway.shadow")

_MAX_BYTES: Final = 1024 * 1024
"""Bodies over this size are not kept: such requests have no copy, such answers are compared up to here."""
_BLOCK: Final = 4096
_MAX_COPIES: Final = 64
"""Copies at once; while so many are on their way, requests have none."""
_NOT_COMPARED: Final = frozenset({b"date", b"connection", b"content-length", b"transfer-encoding"})
_COOKIES: Final = (b"AWSALB", b"AWSELB")


class _Kept:
    """Passes chunks on and keeps them up to the limit; tells when the last one has gone, or nobody wants more."""

    def __init__(self, chunks: AsyncIterator[bytes], on_end: Callable[["_Kept"], None]) -> None:
        self._chunks = chunks
        self._on_end: Callable[[_Kept], None] | None = on_end
        self._parts: list[bytes] = []
        self._size = 0
        self.complete = False

    @property
    def body(self) -> bytes:
        """What was kept."""
        return b"".join(self._parts)

    @property
    def too_long(self) -> bool:
        """Not everything was kept."""
        return self._size > _MAX_BYTES

    def __aiter__(self) -> "_Kept":
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self.complete = True
            self._end()
            raise
        self._size += len(chunk)
        if not self.too_long:
            self._parts.append(chunk)
        return chunk

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end:
            on_end(self)

    async def aclose(self) -> None:
        self._end()
        await close_chunks(self._chunks)


class ShadowedTargetGroup:
    """A target group whose requests are copied to ``shadow``; implements `TargetGroup`.

    Both groups are started and stopped by this one.
    """

    def __init__(self, group: TargetGroup, shadow: TargetGroup) -> None:
        self.name = group.name
        self.arn = group.arn
        self.accepts_streams = group.accepts_streams
        self._group = group
        self._shadow = shadow
        self._copies = Tasks()

    async def start(self) -> None:
        """Start both groups."""
        await self._group.start()
        await self._shadow.start()

    async def forward(self, request: Request, arrival: Arrival, exchange: Exchange | None) -> Response:
        """The group's answer; the copy goes out afterwards."""
        sent = request
        kept_request = None
        if request.stream is not None:
            kept_request = _Kept(request.stream, _nothing)
            sent = request._replace(stream=kept_request)
        response = await self._group.forward(sent, arrival, exchange)
        body = response.body
        if isinstance(body, bytes):
            # The task begins in the loop's next turn, after the answer was written.
            self._copy(request, kept_request, arrival, response, body)
            return response

        def ended(kept: _Kept) -> None:
            if kept.complete:
                self._copy(request, kept_request, arrival, response, kept.body)

        return response._replace(body=_Kept(body, ended))

    def _copy(self, request: Request, kept: _Kept | None, arrival: Arrival, response: Response, body: bytes) -> None:
        if kept is not None:
            if not kept.complete or kept.too_long:
                return
            request = request._replace(body=kept.body, stream=None)
        if len(self._copies) >= _MAX_COPIES:
            log.warning("shadow %s: %d copies are on their way, one was left out", self._shadow.name, _MAX_COPIES)
            return
        self._copies.start(self._compare(request, arrival, response, body))

    async def _compare(self, request: Request, arrival: Arrival, response: Response, body: bytes) -> None:
        what = f"{request.method} {request.raw_path.decode('latin-1')} {self.name} -> {self._shadow.name}"
        try:
            copied = arrival._replace(request_id=arrive().request_id)
            other = await self._shadow.forward(request, copied, None)
            found = differences(response, body, other, await _collected(other))
        except Exception:
            log.exception("shadow %s failed", what)
            return
        if found:
            log.warning("shadow %s: %s", what, "; ".join(found))
        else:
            log.debug("shadow %s: no difference", what)

    async def aclose(self) -> None:
        """Give up the copies, then stop both groups."""
        await self._copies.aclose()
        await self._group.aclose()
        await self._shadow.aclose()


def _nothing(_: _Kept) -> None:
    """The end of a request's body starts nothing."""


async def _collected(response: Response) -> bytes:
    if isinstance(response.body, bytes):
        return response.body
    kept = _Kept(response.body, _nothing)
    try:
        async for _ in kept:
            if kept.too_long:
                break
    finally:
        await kept.aclose()
    return kept.body


def differences(one: Response, one_body: bytes, two: Response, two_body: bytes) -> list[str]:
    """What tells two answers apart, each in a few words; times, framing and the load balancer's cookies do not."""
    found = []
    if one.status != two.status:
        found.append(f"status {one.status} != {two.status}")
    first, second = _compared(one), _compared(two)
    found += [
        f"{name.decode('latin-1')} {_shown(first.get(name))} != {_shown(second.get(name))}"
        for name in sorted(first.keys() | second.keys())
        if first.get(name) != second.get(name)
    ]
    if one_body[:_MAX_BYTES] != two_body[:_MAX_BYTES]:
        at = _first_difference(one_body, two_body)
        found.append(f"body differs at byte {at} ({len(one_body)} != {len(two_body)} bytes)")
    return found


def _first_difference(one: bytes, two: bytes) -> int:
    """Where two bodies part; block by block, since a byte at a time takes long."""
    start = 0
    while one[start : start + _BLOCK] == two[start : start + _BLOCK]:
        start += _BLOCK
    ends = (one[start : start + _BLOCK], two[start : start + _BLOCK])
    differing = (at for at, (left, right) in enumerate(zip(*ends, strict=False)) if left != right)
    return start + next(differing, min(map(len, ends)))


def _compared(response: Response) -> dict[bytes, list[bytes]]:
    lines: dict[bytes, list[bytes]] = {}
    for name, value in response.headers:
        lower = name.lower()
        if lower not in _NOT_COMPARED and not (lower == b"set-cookie" and value.startswith(_COOKIES)):
            lines.setdefault(lower, []).append(value)
    return lines


def _shown(values: list[bytes] | None) -> str:
    if values is None:
        return "(none)"
    text = ", ".join(value.decode("latin-1") for value in values)
    return repr(text if len(text) <= 80 else text[:80] + "…")
