"""Payload format 2.0: what HTTP APIs and Function URLs share in event and result.

Facts:

- Keys without a value are absent, not null: ``cookies``, ``queryStringParameters``, ``pathParameters``,
  ``stageVariables``, ``body`` (recorded: CodeGenieApp/serverless-express@5944638,
  awslabs/aws-lambda-rust-runtime@4c4e5fac).
- Header names are lower case; repeats are joined with a comma and no space (recorded: hotsock/voker@59c7289, 2026).
- Repeated query keys are joined the same way; ``rawQueryString`` is verbatim (same source).
- A result is a response when it is an object with ``statusCode``; anything else is the body of a 200 with
  ``content-type: application/json``, and a JSON string loses its quotes (API Gateway developer guide,
  http-api-develop-integrations-lambda; recorded on Function URLs: localstack/localstack@8b9a79f0, 2025).
"""

from typing import NamedTuple

from gateway.translation.headers import first_value
from gateway.translation.instants import request_time
from gateway.translation.messages import Arrival, Request
from gateway.translation.percent import decode_pairs
from gateway.translation.proxy_headers import (
    FORWARDED_PORT,
    FORWARDED_PROTO,
    forwarded_for,
    lower_name,
    text_lines,
    trace,
)
from gateway.translation.result_text import decoded, flag, header_name, header_value, mapping, scalar, utf8
from gateway.types import HeaderList, Json


def fold(headers: HeaderList) -> dict[str, str]:
    """Header lines as one map: names in lower case, repeats joined with a comma (cookies with ``; ``)."""
    pairs = text_lines(headers, lower_name)
    folded = dict(pairs)
    if len(folded) == len(pairs):
        return folded
    folded.clear()
    for key, value in pairs:
        if key in folded:
            folded[key] += ("; " if key == "cookie" else ",") + value
        else:
            folded[key] = value
    return folded


def forward(folded: dict[str, str], request: Request, arrival: Arrival) -> None:
    """Add what the front door adds: trace id and X-Forwarded."""
    folded["x-amzn-trace-id"] = trace(folded.get("x-amzn-trace-id", ""), arrival.trace_id)
    folded["x-forwarded-for"] = forwarded_for(folded.get("x-forwarded-for", ""), request.client[0])
    folded["x-forwarded-port"] = FORWARDED_PORT
    folded["x-forwarded-proto"] = FORWARDED_PROTO


def joined_query(raw_query: bytes) -> dict[str, Json]:
    """``queryStringParameters``: decoded, repeats joined with a comma."""
    joined: dict[str, Json] = {}
    for name, value in decode_pairs(raw_query):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def http_block(request: Request, path: str, user_agent: str) -> dict[str, Json]:
    """``requestContext.http``; the protocol is HTTP/1.1 for HTTP/2 clients too."""
    return {
        "method": request.method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": request.client[0],
        "userAgent": user_agent,
    }


def request_context(
    fixed: dict[str, Json], http: dict[str, Json], request_id: str, arrival: Arrival
) -> dict[str, Json]:
    """``requestContext``; ``fixed`` holds what comes before ``http`` and, as its last two, routeKey and stage."""
    stage = fixed.pop("stage")
    route_key = fixed.pop("routeKey")
    return {
        **fixed,
        "http": http,
        "requestId": request_id,
        "routeKey": route_key,
        "stage": stage,
        "time": request_time(arrival.epoch_ms),
        "timeEpoch": arrival.epoch_ms,
    }


class Result(NamedTuple):
    """A result as parts of a response.

    Attributes:
        status: The status code.
        headers: The function's lines, spelled as the function spelled them.
        cookies: Values of set-cookie lines.
        body: The bytes.
        inferred: The result was no response object; the whole of it is the body.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    cookies: list[bytes]
    body: bytes
    inferred: bool = False


def header_lines(value: Json) -> list[tuple[bytes, bytes]]:
    """``/headers`` as lines, checked."""
    lines = []
    for name, member in mapping(value, "/headers").items():
        if member is not None:
            pointer = f"/headers/{name}"
            lines.append((header_name(name), header_value(scalar(member, pointer), pointer)))
    return lines


def cookie_values(cookies: list[Json]) -> list[bytes]:
    """``/cookies`` as values of set-cookie lines, checked."""
    return [
        header_value(scalar(cookie, f"/cookies/{index}"), f"/cookies/{index}") for index, cookie in enumerate(cookies)
    ]


def body_bytes(text: str, *, encoded: Json) -> bytes:
    """The body of a response object, decoded when ``isBase64Encoded`` says so."""
    return decoded(text) if flag(encoded, "/isBase64Encoded") else utf8(text)


def content_type_of(lines: list[tuple[bytes, bytes]]) -> bytes:
    """The function's Content-Type, b"" when it gave none."""
    return first_value(lines, b"content-type")
