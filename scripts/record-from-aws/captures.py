"""From a request of requests.json over the bytes on the wire to cases in the format of tests/data/flavours.

Nothing here knows of AWS accounts: what is sent, received and logged comes from the script ``run`` beside it.
"""

import base64
import http.client
import json
import socket
import ssl
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from gateway.observe.cases import event_case, response_case
from gateway.observe.recording import Recording
from gateway.translation.messages import Request, Response
from gateway.translation.rebuild import rebuild

FOLDERS = {"Alb": "alb", "AlbMulti": "alb", "Rest": "rest", "Http": "http", "HttpV1": "http-v1", "Url": "url"}
"""The stack's output with an endpoint → the folder of its cases."""

_EACH_TIME_ANOTHER = {"date", "x-amzn-requestid", "x-amz-apigw-id", "apigw-requestid", "x-amzn-trace-id"}
_ACCOUNT = "123456789012"
_CLIENT = "203.0.113.7"


class Received(NamedTuple):
    """A response as it came off the wire, its chunks joined."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


def request_of(wanted: dict[str, Any], endpoint: str, run: str) -> Request:
    """The request for one endpoint: marked with the run and the case's name, and with the result that it asks for.

    ``run`` is a text that no other run has; the log is searched for it.
    """
    url = urlsplit(endpoint)
    path, _, query = wanted["target"].partition("?")
    body = base64.b64decode(wanted["body_base64"]) if "body_base64" in wanted else wanted.get("body", "").encode()
    result = base64.b64encode(json.dumps(wanted["result"]).encode()).decode()
    lines = [["Host", url.netloc], *wanted["headers"], ["X-Case", f"{run}/{wanted['name']}"], ["X-Result", result]]
    if body:
        lines.append(["Content-Length", str(len(body))])
    return Request(
        method=wanted["method"],
        raw_path=(url.path.rstrip("/") + path).encode(),
        raw_query=query.encode(),
        headers=[(name.encode(), value.encode()) for name, value in lines],
        body=body,
        client=("127.0.0.1", 0),
        server=("127.0.0.1", url.port or (443 if url.scheme == "https" else 80)),
        scheme=url.scheme,
    )


def wire_bytes(request: Request) -> bytes:
    """The request as it is sent, byte for byte."""
    target = request.raw_path + (b"?" + request.raw_query if request.raw_query else b"")
    lines = [name + b": " + value for name, value in request.headers]
    return b"\r\n".join([b"%b %b HTTP/1.1" % (request.method.encode(), target), *lines, b"", request.body])


def exchange(endpoint: str, request: Request, timeout_s: float = 30.0) -> Received:
    """Send a request on a connection of its own and read the answer."""
    url = urlsplit(endpoint)
    host = url.hostname or ""
    with socket.create_connection((host, request.server[1]), timeout=timeout_s) as plain:
        if url.scheme != "https":
            return _spoken(plain, request)
        with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure:
            return _spoken(secure, request)


def _spoken(connection: socket.socket, request: Request) -> Received:
    connection.sendall(wire_bytes(request))
    response = http.client.HTTPResponse(connection, method=request.method)
    response.begin()
    return Received(response.status, response.reason, response.getheaders(), response.read())


def logged_events(messages: list[str], run: str) -> dict[str, dict[str, Any]]:
    """Case name → event, out of the function's log lines; one name may stand there once for each endpoint."""
    found = {}
    for message in messages:
        if not message.startswith('{"recorded":'):
            continue
        event = json.loads(message)["recorded"]
        mark = _mark(event)
        if mark.startswith(run + "/"):
            found[mark.removeprefix(run + "/")] = event
    return found


def _mark(event: dict[str, Any]) -> str:
    for members in (event.get("multiValueHeaders"), event.get("headers")):
        for name, value in (members or {}).items():
            if name.lower() == "x-case":
                return str(value[-1] if isinstance(value, list) else value)
    return ""


def cases_of(
    wanted: dict[str, Any], request: Request, event: dict[str, Any], received: Received, date: str
) -> list[tuple[str, dict[str, Any]]]:
    """The cases of one exchange, each with a name for its file; without account number and client address."""
    rebuilt = rebuild(event)
    arrival = rebuilt.arrival
    sent = {name.lower(): value for name, value in received.headers}
    if not arrival.epoch_ms and "date" in sent:
        # The event of a load balancer has no instant.
        epoch_ms = int(parsedate_to_datetime(sent["date"]).timestamp()) * 1000
        arrival = arrival._replace(epoch_ms=epoch_ms)
    recording = Recording(
        rebuilt.flavour,
        rebuilt.options,
        request._replace(client=rebuilt.request.client, tls=rebuilt.request.tls),
        arrival,
        event,
        {"kind": "returned"},
        json.dumps(wanted["result"]).encode(),
        Response(
            received.status,
            [(name.encode("latin-1"), value.encode("latin-1")) for name, value in received.headers],
            received.body,
            received.reason.encode(),
            sent.get("connection", "").lower() == "close",
        ),
        mask=rebuilt.mask,
        source=f"scripts/record-from-aws, recorded {date}",
    )
    stem = f"aws_{wanted['name']}" + ("_multi" if rebuilt.flavour == "alb-multi" else "")
    made = {
        f"{stem}_event": event_case(recording, wanted["why"], "captured"),
        f"{stem}_response": response_case(replace(recording, event=None), wanted["why"], "captured"),
    }
    hidden = _hidden(rebuilt.request.client[0], event)
    return [(name, _published(case, hidden)) for name, case in made.items() if case is not None]


def _hidden(client: str, event: dict[str, Any]) -> dict[str, str]:
    """What names the one who recorded → what stands in its place."""
    context = event["requestContext"]
    account = context.get("accountId", "")
    if "elb" in context:
        account = context["elb"]["targetGroupArn"].split(":")[4]
    return {client: _CLIENT} | ({account: _ACCOUNT} if account.isdigit() else {})


def _published(case: dict[str, Any], hidden: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(case)
    for name, stand_in in hidden.items():
        text = text.replace(name, stand_in)
    published: dict[str, Any] = json.loads(text)
    for line in published.get("response", {}).get("all_lines", ()):
        if line[0].lower() in _EACH_TIME_ANOTHER:
            line[1] = "…"
    return published


def write(folder: Path, name: str, case: dict[str, Any]) -> Path:
    """One case as a file; a case of that name is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(case, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
