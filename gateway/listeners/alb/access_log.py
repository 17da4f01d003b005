"""From an exchange with a load balancer to a line of its access log."""

import time
from collections.abc import Callable
from time import perf_counter

from gateway.listeners.alb.attributes import LOAD_BALANCER
from gateway.observe.access_log import AccessRecord, format_line
from gateway.observe.record import Exchange, Transfer
from gateway.translation.headers import first_value
from gateway.translation.messages import Request


class AccessLog:
    """Observes a listener and writes a line for each exchange.

    Args:
        write: Takes a line with its line break; must not hold up the event loop.
        load_balancer: ``app/<name>/<id>``.
    """

    details = False

    def __init__(self, write: Callable[[bytes], None], load_balancer: str = LOAD_BALANCER) -> None:
        self._write = write
        self._load_balancer = load_balancer

    def began(self, exchange: Exchange) -> None:
        """Nothing is written before the end."""

    def ended(self, exchange: Exchange) -> None:
        """Write one line; health checks have none."""
        if exchange.transfer is None or exchange.response is None:
            return
        record = self._bare(exchange, exchange.transfer, exchange.response.status)
        if exchange.request:
            record.update(_of_request(exchange.request, exchange), **_of_answer(exchange, exchange.transfer))
        self._write(format_line(AccessRecord(**record)).encode() + b"\n")  # type: ignore[arg-type]  # names its fields

    def _bare(self, exchange: Exchange, transfer: Transfer, status: int) -> dict[str, object]:
        request = exchange.request
        shift = time.time() - perf_counter()
        return {
            "type": "h2" if request and request.http_version == "2" else request.scheme if request else "http",
            "time_us": int((transfer.sent_at + shift) * 1e6),
            "elb": self._load_balancer,
            "client": request.client if request else ("-", 0),
            "elb_status": 460 if transfer.broken else status,
            "received_bytes": transfer.received_bytes,
            "sent_bytes": transfer.sent_bytes,
            "request": _request_line(request) if request else b"- http://-:0- -",
            "created_us": int((transfer.created_at + shift) * 1e6),
        }


def _request_line(request: Request) -> bytes:
    host = request.authority or first_value(request.headers, b"host", b"-")
    query = b"?" + request.raw_query if request.raw_query else b""
    port = b"" if b":" in host.rpartition(b"]")[2] else b":%d" % request.server[1]
    parts = (request.method.encode(), b" ", request.scheme.encode(), b"://", host, port, request.raw_path, query)
    return b"".join(parts) + b" HTTP/" + (b"2.0" if request.http_version == "2" else request.http_version.encode())


def _of_request(request: Request, exchange: Exchange) -> dict[str, object]:
    agent = first_value(request.headers, b"user-agent", b"-")
    level, reason = exchange.classification
    fields: dict[str, object] = {
        "user_agent": agent,
        "trace_id": f"Root={exchange.arrival.trace_id}",
        "target_group_arn": exchange.target_group_arn or "-",
        "matched_rule_priority": exchange.rule or "-",
        "actions": tuple(exchange.actions),
        "error_reason": exchange.error_reason,
        "classification": level,
        "classification_reason": reason,
    }
    if request.tls:
        fields |= {
            "ssl_cipher": request.tls.cipher,
            "ssl_protocol": request.tls.version,
            "domain_name": request.tls.server_name or "-",
        }
    return fields


def _of_answer(exchange: Exchange, transfer: Transfer) -> dict[str, object]:
    fields: dict[str, object] = {}
    response = exchange.response
    assert response  # noqa: S101 - `ended` has looked
    if "redirect" in exchange.actions:
        fields["redirect_url"] = first_value(response.headers, b"location", b"-").decode("latin-1")
    if "forward" in exchange.actions and exchange.invoked_at:
        answered = exchange.answered_at or exchange.invoked_at
        took = answered - exchange.invoked_at
        total = transfer.responded_at - transfer.created_at
        fields["request_processing_s"] = max(total - took, 0.0)
        fields["target_processing_s"] = took
        if exchange.fault is None:
            fields["response_processing_s"] = transfer.sent_at - transfer.responded_at
            fields["target_status"] = response.status
    if exchange.transformed:
        fields["transformed_host"] = first_value(exchange.transformed.headers, b"host", b"-").decode("latin-1")
        fields["transformed_uri"] = exchange.transformed.raw_path.decode("latin-1")
        fields["request_transform_status"] = "TransformSucceeded"
    return fields
