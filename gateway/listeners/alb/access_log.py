"""From an exchange with a load balancer to a line of its access log."""

import asyncio
import time
from collections.abc import Callable

from gateway.listeners.alb.listener import AlbExchange
from gateway.listeners.wire import Wire
from gateway.observe.access_log import AccessRecord, format_line
from gateway.translation.headers import first_value
from gateway.translation.messages import Request, Response


class AccessLog:
    """Observes a listener and writes a line for each exchange.

    Args:
        write: Takes a line with its line break; must not hold up the event loop.
        load_balancer: ``app/<name>/<id>``.
    """

    def __init__(self, write: Callable[[bytes], None], load_balancer: str) -> None:
        self._write = write
        self._load_balancer = load_balancer

    def __call__(self, request: Request | None, response: Response, wire: Wire) -> None:
        """Write one line."""
        exchange = response.record if isinstance(response.record, AlbExchange) else None
        record = self._bare(request, response, wire)
        if request and exchange:
            record.update(_of_request(request, exchange), **_of_answer(response, exchange, wire))
        self._write(format_line(AccessRecord(**record)).encode() + b"\n")  # type: ignore[arg-type]  # names its fields

    def _bare(self, request: Request | None, response: Response, wire: Wire) -> dict[str, object]:
        shift = time.time() - asyncio.get_running_loop().time()
        return {
            "type": "h2" if request and request.http_version == "2" else request.scheme if request else "http",
            "time_us": int((wire.sent_at + shift) * 1e6),
            "elb": self._load_balancer,
            "client": request.client if request else ("-", 0),
            "elb_status": 460 if wire.broken else response.status,
            "received_bytes": wire.received_bytes,
            "sent_bytes": wire.sent_bytes,
            "request": _request_line(request) if request else b"- http://-:0- -",
            "created_us": int((wire.created_at + shift) * 1e6),
        }


def _request_line(request: Request) -> bytes:
    host = request.authority or first_value(request.headers, b"host", b"-")
    query = b"?" + request.raw_query if request.raw_query else b""
    port = b"" if b":" in host.rpartition(b"]")[2] else b":%d" % request.server[1]
    parts = (request.method.encode(), b" ", request.scheme.encode(), b"://", host, port, request.raw_path, query)
    return b"".join(parts) + b" HTTP/" + (b"2.0" if request.http_version == "2" else request.http_version.encode())


def _of_request(request: Request, exchange: AlbExchange) -> dict[str, object]:
    agent = first_value(request.headers, b"user-agent", b"-")
    rule = exchange.rule
    level, reason = exchange.classification.logged
    fields: dict[str, object] = {
        "user_agent": agent,
        "trace_id": f"Root={exchange.arrival.trace_id}",
        "target_group_arn": exchange.target_group_arn or "-",
        "matched_rule_priority": str(rule.priority) if rule else "-",
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


def _of_answer(response: Response, exchange: AlbExchange, wire: Wire) -> dict[str, object]:
    fields: dict[str, object] = {}
    if "redirect" in exchange.actions:
        fields["redirect_url"] = first_value(response.headers, b"location", b"-").decode("latin-1")
    if "forward" in exchange.actions and exchange.invoked_at:
        answered = exchange.answered_at or exchange.invoked_at
        took = answered - exchange.invoked_at
        total = wire.responded_at - wire.created_at
        fields["request_processing_s"] = max(total - took, 0.0)
        fields["target_processing_s"] = took
        if exchange.fault is None:
            fields["response_processing_s"] = wire.sent_at - wire.responded_at
            fields["target_status"] = response.status
    if exchange.transformed:
        fields["transformed_host"] = first_value(exchange.transformed.headers, b"host", b"-").decode("latin-1")
        fields["transformed_uri"] = exchange.transformed.raw_path.decode("latin-1")
        fields["request_transform_status"] = "TransformSucceeded"
    return fields
