"""HTTP messages as values: what a front door reads from the wire and what it writes."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from gateway.translation.client_certificate import ClientCertificate
from gateway.types import Address, EpochMs, HeaderList


class Request(NamedTuple):
    """One HTTP request, undecoded and complete.

    Attributes:
        method: As the client sent it.
        raw_path: The path of the request target, percent-encoded, without the query.
        raw_query: What stood behind the first ``?``, without it; b"" when there was none.
        headers: The client's lines in arrival order, spelled as sent (lower case on HTTP/2).
        body: The whole body with any chunked coding removed.
        client: The TCP peer.
        server: The local end; its port is the listener's port.
        scheme: ``http`` or ``https``.
        http_version: ``1.0``, ``1.1`` or ``2``.
        authority: Host of an absolute-form target, b"" otherwise.
        keep_alive: The connection may serve another request after this one.
        tls: Facts of the TLS session when there is one.
        stream: The rest of a body that is too long to hold, for targets that can take it; ``body`` is then empty.
        ambiguous: Servers may read the head in different ways: the connection on which it goes to one carries nothing
            after it.
    """

    method: str
    raw_path: bytes
    raw_query: bytes
    headers: HeaderList
    body: bytes
    client: Address
    server: Address
    scheme: str = "http"
    http_version: str = "1.1"
    authority: bytes = b""
    keep_alive: bool = True
    tls: "Tls | None" = None
    stream: AsyncIterator[bytes] | None = None
    ambiguous: bool = False


class Tls(NamedTuple):
    """The TLS session of a connection, in OpenSSL's names.

    Attributes:
        client_certificate: DER, b"" without mutual TLS.
        verified: The same certificate in mode ``verify``, None in every other.
        group: Of the key exchange, as IANA names it; "" where Python does not tell.
    """

    version: str
    cipher: str
    server_name: str = ""
    client_certificate: bytes = b""
    verified: ClientCertificate | None = None
    group: str = ""


class Arrival(NamedTuple):
    """The impure facts of one request, made once at the edge so that translation stays pure.

    Attributes:
        request_id: A lower-case UUID.
        epoch_ms: When the request arrived.
        trace_id: A fresh trace id, ``1-<8 hex of epoch seconds>-<24 hex>``.
    """

    request_id: str
    epoch_ms: EpochMs
    trace_id: str


class Response(NamedTuple):
    """One HTTP response, ready for the wire.

    Attributes:
        status: The status code.
        headers: All lines in wire order, ``Date``, ``Content-Length`` and ``Connection`` included where they belong;
            a server that frames by itself (HTTP/2) leaves out what it must.
        body: The bytes, or the chunks of a stream.
        reason: The reason phrase, b"" for the flavour's own table (HTTP/2 has none).
        close: Close the connection afterwards.
    """

    status: int
    headers: HeaderList
    body: bytes | AsyncIterator[bytes] = b""
    reason: bytes = b""
    close: bool = False
