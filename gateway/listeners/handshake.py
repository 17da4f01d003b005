"""The handshake that opens a WebSocket connection (RFC 6455, section 4.2); needs the websockets package."""

import base64
import binascii
from typing import NamedTuple

from websockets.utils import accept_key

from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request


class _Handshake(NamedTuple):
    upgrade: bytes
    connection: bytes
    version: bytes
    key: bytes


def accept_line(request: Request) -> tuple[bytes, bytes]:
    """``Sec-WebSocket-Accept`` for a handshake; raises `Refused` when the request is none."""
    headers = {name.lower(): value for name, value in request.headers}
    names = (b"upgrade", b"connection", b"sec-websocket-version", b"sec-websocket-key")
    asked = _Handshake(*(headers.get(name, b"") for name in names))
    tokens = {token.strip().lower() for token in asked.connection.split(b",")}
    try:
        key_bytes = len(base64.b64decode(asked.key, validate=True))
    except binascii.Error:
        key_bytes = 0
    wants = request.method == "GET" and asked.upgrade.lower() == b"websocket" and b"upgrade" in tokens
    if not wants or asked.version != b"13" or key_bytes != 16:
        raise Refused(Cause.BAD_REQUEST, "the request is no WebSocket handshake of version 13")
    return b"Sec-WebSocket-Accept", accept_key(asked.key.decode()).encode()
