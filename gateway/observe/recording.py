"""One exchange as a JSON document and back.

The members of a document: ``flavour`` and ``options`` of the front door; ``request``, and ``transformed`` where a
rule changed it; ``arrival`` (its id, instant and
trace id, from which the event can be made again); ``event``; ``outcome``; ``result`` (or ``payload``, the text, when
the function wrote no JSON); ``response``; ``mask`` (pointers to what a comparison leaves out); ``recorded_at``,
``times_ms`` and ``source``.  A body is text in ``body``, or base64 in ``body_base64``; ``body_streamed`` says that it
went by in pieces and was not kept.  Header lines are pairs, in the order of the wire; a text that is not UTF-8 stands
as ``{"hex": …}``.  `gateway.observe.cases` makes a case of the project's own suite from a recording.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pybase64

from gateway.errors import BadResult, UsageError
from gateway.observe.redaction import Redaction, Redactor
from gateway.translation.messages import Arrival, Request, Response, Tls
from gateway.translation.result import load_result
from gateway.types import HeaderList, Json

NO_REDACTION: Final = Redaction(frozenset(), frozenset(), patterns=False)
"""Writes everything down as it is."""

NOT_INVOKED: Final = "not invoked"
"""The ``kind`` of outcome of a request that the front door answered by itself."""

_TEXT_CONTROLS: Final = frozenset(b"\t\n\r")


@dataclass(frozen=True, slots=True)
class Recording:
    """One exchange.

    Attributes:
        flavour: The front door's name in the table of flavours.
        options: Its options, as `gateway.observe.flavour_options` writes them.
        request: What the client sent; ``stream`` is never kept.
        arrival: The request's id, instant and trace id; None when nobody knows them (a HAR file).
        event: What the function got, None when it was not invoked.
        outcome: How the invocation ended (``kind`` and what belongs to it), and ``fault`` when the answer is not the
            function's; empty when it is not known.
        payload: The function's result as its runtime wrote it, None without one.
        response: What the client got, None when it is not known.  The body of a streamed one is b"".
        transformed: The request as the event was made from it, when a rule of the listener changed it.
        streamed: The response's body was not kept.
        mask: JSON Pointers into event and response that a comparison leaves out.
        recorded_at: ISO 8601, UTC; "" when it is not known.
        times_ms: Spans in milliseconds by name.
        source: Where this comes from, in words.
    """

    flavour: str
    options: Mapping[str, Json]
    request: Request
    arrival: Arrival | None = None
    event: Json = None
    outcome: Mapping[str, Json] = field(default_factory=dict)
    payload: bytes | None = None
    response: Response | None = None
    transformed: Request | None = None
    streamed: bool = False
    mask: tuple[str, ...] = ()
    recorded_at: str = ""
    times_ms: Mapping[str, float] = field(default_factory=dict)
    source: str = ""


def to_text(recording: Recording, redaction: Redaction = NO_REDACTION) -> bytes:
    """The document as UTF-8, indented; secrets are replaced."""
    document = to_document(recording, redaction)
    if recording.payload is not None and not _strict(recording.payload):
        # NaN, long integers and lone surrogates, which Python's runtime writes and its json reads again.
        return json.dumps(document, indent=2).encode() + b"\n"
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def to_document(recording: Recording, redaction: Redaction = NO_REDACTION) -> dict[str, Json]:
    """The document; secrets are replaced."""
    redactor = redaction.redactor()
    document: dict[str, Json] = {"flavour": recording.flavour, "options": redactor.result(dict(recording.options))}
    document["request"] = _request_members(recording.request, redactor)
    if recording.transformed is not None:
        document["transformed"] = _request_members(recording.transformed, redactor)
    if recording.arrival is not None:
        document["arrival"] = dict(recording.arrival._asdict())
    if recording.event is not None:
        document["event"] = redactor.event(recording.event)
    if recording.outcome:
        document["outcome"] = redactor.result(dict(recording.outcome))
    if recording.payload is not None:
        document |= _result_member(recording.payload, redactor)
    if recording.response is not None:
        document["response"] = _response_members(recording, recording.response, redactor)
    noted: dict[str, Json] = {
        "mask": list(recording.mask),
        "recorded_at": recording.recorded_at,
        "times_ms": dict(recording.times_ms),
        "source": recording.source,
    }
    document |= {name: value for name, value in noted.items() if value}
    return redactor.again(document)


def from_text(text: bytes) -> Recording:
    """Read a document.

    Raises:
        UsageError: It is not JSON, or not a recording.
    """
    try:
        return from_document(json.loads(text))
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are
        raise UsageError(f"it is not JSON: {error}") from error


def from_document(document: Any) -> Recording:  # noqa: ANN401 - any JSON, checked here
    """Read a document that was parsed.

    Raises:
        UsageError: It is not a recording; the message names what is wrong.
    """
    try:
        response = document.get("response")
        return Recording(
            document["flavour"],
            document.get("options", {}),
            _request(document["request"]),
            Arrival(**document["arrival"]) if "arrival" in document else None,
            document.get("event"),
            document.get("outcome", {}),
            _payload(document),
            None if response is None else _response(response),
            _request(document["transformed"]) if "transformed" in document else None,
            streamed=bool(response and response.get("body_streamed")),
            mask=tuple(document.get("mask", ())),
            recorded_at=document.get("recorded_at", ""),
            times_ms=document.get("times_ms", {}),
            source=document.get("source", ""),
        )
    except KeyError as error:
        raise UsageError(f"it is no recording: {error.args[0]} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"it is no recording: {error}") from error


def body_members(body: bytes) -> dict[str, Json]:
    """A body as text where it is readable text, else as base64; nothing for an empty one."""
    if not body:
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in body):
        return {"body_base64": pybase64.b64encode(body).decode("ascii")}
    return {"body": text}


def plain(raw: bytes) -> Json:
    """Bytes as text, or ``{"hex": …}`` when they are not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"hex": raw.hex()}


def raw_bytes(value: Any) -> bytes:  # noqa: ANN401 - a text or an object with hex
    """The reverse of `plain`."""
    return value.encode() if isinstance(value, str) else bytes.fromhex(value["hex"])


def plain_lines(lines: HeaderList) -> list[Json]:
    """Header lines as pairs."""
    return [[plain(name), plain(value)] for name, value in lines]


def _request_members(request: Request, redactor: Redactor) -> dict[str, Json]:
    query = redactor.query(request.raw_query.decode("latin-1")).encode("latin-1")
    path = redactor.path(request.raw_path.decode("latin-1")).encode("latin-1")
    members: dict[str, Json] = {"method": request.method, "path": plain(path), "query": plain(query)}
    members["headers"] = plain_lines(redactor.lines(request.headers))
    members |= body_members(redactor.body(request.body, request.headers))
    if request.stream is not None:
        members["body_streamed"] = True
    members["client"] = list(request.client)
    members["server"] = list(request.server)
    members["scheme"] = request.scheme
    members["http_version"] = request.http_version
    if request.authority:
        members["authority"] = plain(request.authority)
    if not request.keep_alive:
        members["keep_alive"] = False
    if request.tls is not None:
        members["tls"] = {**request.tls._asdict(), "client_certificate": request.tls.client_certificate.hex()}
    return members


def _request(members: Any) -> Request:  # noqa: ANN401 - any JSON
    tls = members.get("tls")
    return Request(
        method=members["method"],
        raw_path=raw_bytes(members["path"]),
        raw_query=raw_bytes(members.get("query", "")),
        headers=_lines(members["headers"]),
        body=_body(members),
        client=_address(members.get("client", ("127.0.0.1", 0))),
        server=_address(members.get("server", ("127.0.0.1", 80))),
        scheme=members.get("scheme", "http"),
        http_version=members.get("http_version", "1.1"),
        authority=raw_bytes(members.get("authority", "")),
        keep_alive=members.get("keep_alive", True),
        tls=Tls(**{**tls, "client_certificate": bytes.fromhex(tls["client_certificate"])}) if tls else None,
    )


def _response_members(recording: Recording, response: Response, redactor: Redactor) -> dict[str, Json]:
    members: dict[str, Json] = {"status": response.status}
    if response.reason:
        members["reason"] = plain(response.reason)
    members["headers"] = plain_lines(redactor.lines(response.headers))
    if recording.streamed:
        members["body_streamed"] = True
    elif isinstance(response.body, bytes):
        members |= body_members(redactor.body(response.body, response.headers))
    if response.close:
        members["close"] = True
    return members


def _response(members: Any) -> Response:  # noqa: ANN401 - any JSON
    return Response(
        members["status"],
        _lines(members["headers"]),
        _body(members),
        raw_bytes(members.get("reason", "")),
        members.get("close", False),
    )


def _result_member(payload: bytes, redactor: Redactor) -> dict[str, Json]:
    try:
        return {"result": redactor.result(load_result(payload))}
    except BadResult:
        return {"payload": plain(redactor.body(payload, []))}


def _payload(document: Mapping[str, Any]) -> bytes | None:
    if "payload" in document:
        return raw_bytes(document["payload"])
    return json.dumps(document["result"]).encode() if "result" in document else None


def _strict(payload: bytes) -> bool:
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return True


def _lines(pairs: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401 - any JSON
    return [(raw_bytes(name), raw_bytes(value)) for name, value in pairs]


def _body(members: Mapping[str, Any]) -> bytes:
    if "body_base64" in members:
        return pybase64.b64decode(members["body_base64"], validate=True)
    body: str = members.get("body", "")
    return body.encode()


def _address(pair: Any) -> tuple[str, int]:  # noqa: ANN401 - any JSON
    host, port = pair
    return str(host), int(port)
