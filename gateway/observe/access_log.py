r"""The access log of an Application Load Balancer, one line per request.

Facts, from the AWS ELB user guide ("Access logs for your Application Load Balancer")

- Thirty-three fields, separated by blanks, in the order of `AccessRecord`'s attributes; AWS adds new ones at the end.
- Fields that a client can fill are quoted; in them quotes, backslashes, control and non-ASCII bytes are ``\\xNN``.
  The guide does not name the escapes; these are nginx's.
- A user agent over 8 KB is cut.
- A request that could not be forwarded has -1 as its processing times and ``-`` as its target's status.
- For a Lambda target ``target:port`` and both lists are ``-``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.types import Address

USER_AGENT_BYTES: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """The facts of one line, in the order of the fields; "-" stands for what there is not.

    Attributes:
        type: ``http``, ``https`` or ``h2``.
        time_us: When the response was generated, in microseconds since 1970.
        elb: ``app/<name>/<id>``.
        request_processing_s: From the first byte to the invocation, with the reading of the body; None is -1.
        target_processing_s: The invocation.
        response_processing_s: From the result to the client.
        target_status: What the function answered, None on failure.
        received_bytes: The request with its headers.
        sent_bytes: The response with its headers.
        request: ``METHOD scheme://host:port/target HTTP/version``, the target as the client sent it.
        created_us: When the request arrived, in microseconds since 1970.
        actions: What the rule did, in order: ``waf``, ``authenticate``, ``forward``, ``redirect``, ``fixed-response`` …
        classification: Desync mitigation's; "-" for a compliant request.
    """

    type: str
    time_us: int
    elb: str
    client: Address
    elb_status: int
    received_bytes: int
    sent_bytes: int
    request: bytes
    created_us: int
    target: str = "-"
    request_processing_s: float | None = None
    target_processing_s: float | None = None
    response_processing_s: float | None = None
    target_status: int | None = None
    user_agent: bytes = b"-"
    ssl_cipher: str = "-"
    ssl_protocol: str = "-"
    target_group_arn: str = "-"
    trace_id: str = "-"
    domain_name: str = "-"
    chosen_cert_arn: str = "-"
    matched_rule_priority: str = "-"
    actions: tuple[str, ...] = ()
    redirect_url: str = "-"
    error_reason: str = "-"
    target_list: str = "-"
    target_status_list: str = "-"
    classification: str = "-"
    classification_reason: str = "-"
    connection_trace_id: str = "-"
    transformed_host: str = "-"
    transformed_uri: str = "-"
    request_transform_status: str = "-"


def format_line(record: AccessRecord) -> str:
    """The record as a line, without a line break."""
    return " ".join((*_exchange_fields(record), *_client_fields(record), *_routing_fields(record)))


def _exchange_fields(record: AccessRecord) -> tuple[str, ...]:
    """Fields 1 to 12."""
    host, port = record.client
    return (
        record.type,
        _time(record.time_us),
        record.elb,
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        record.target,
        _seconds(record.request_processing_s),
        _seconds(record.target_processing_s),
        _seconds(record.response_processing_s),
        str(record.elb_status),
        "-" if record.target_status is None else str(record.target_status),
        str(record.received_bytes),
        str(record.sent_bytes),
    )


def _client_fields(record: AccessRecord) -> tuple[str, ...]:
    """Fields 13 to 20."""
    return (
        _quoted_bytes(record.request),
        _quoted_bytes(record.user_agent[:USER_AGENT_BYTES]),
        record.ssl_cipher,
        record.ssl_protocol,
        record.target_group_arn,
        _quoted(record.trace_id),
        _quoted(record.domain_name),
        _quoted(record.chosen_cert_arn),
    )


def _routing_fields(record: AccessRecord) -> tuple[str, ...]:
    """Fields 21 to 33."""
    return (
        record.matched_rule_priority,
        _time(record.created_us),
        _quoted(",".join(record.actions) or "-"),
        _quoted(record.redirect_url),
        _quoted(record.error_reason),
        _quoted(record.target_list),
        _quoted(record.target_status_list),
        _quoted(record.classification),
        _quoted(record.classification_reason),
        record.connection_trace_id,
        _quoted(record.transformed_host),
        _quoted(record.transformed_uri),
        _quoted(record.request_transform_status),
    )


def _time(epoch_us: int) -> str:
    seconds, micros = divmod(epoch_us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def _seconds(span: float | None) -> str:
    return "-1" if span is None else f"{span:.3f}"


def _quoted(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return _quoted_bytes(text.encode("utf-8", "surrogateescape"))


def _quoted_bytes(raw: bytes) -> str:
    text = raw.decode("latin-1")
    return f'"{text.translate(_ESCAPES)}"'


_ESCAPES: Final = {
    byte: f"\\x{byte:02X}" for byte in range(256) if byte < 0x20 or byte >= 0x7F or byte in (ord('"'), ord("\\"))
}
