"""HAR files (HTTP Archive 1.2), as browsers and proxies save them, as recordings.

A HAR file holds a body after its content coding was removed, so the headers that told of coding and length are left
out of the response.  It knows neither events nor results.
"""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import SplitResult, urlencode, urlsplit

from gateway.errors import UsageError
from gateway.observe.recording import Recording
from gateway.translation.messages import Request, Response

_OF_CODING: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_PORTS: Final = {"http": 80, "https": 443}


def from_har(text: bytes, flavour: str) -> Iterator[Recording]:
    """The exchanges of a HAR file; WebSockets, ``data:`` URLs and requests without an answer are left out.

    Raises:
        UsageError: It is no HAR file.
    """
    try:
        entries = json.loads(text)["log"]["entries"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"it is no HAR file: {error!r}; save one with a browser's network view") from error
    for number, entry in enumerate(entries):
        try:
            recording = _recording(entry, flavour)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UsageError(f"entry {number} of the HAR file cannot be read: {error!r}") from error
        if recording is not None:
            yield recording


def _recording(entry: Any, flavour: str) -> Recording | None:  # noqa: ANN401 - any JSON
    url = urlsplit(entry["request"]["url"])
    if url.scheme not in _PORTS or not entry["response"]["status"]:
        return None
    content = entry["response"].get("content", {})
    return Recording(
        flavour,
        {},
        _request(entry["request"], url),
        response=_response(entry["response"], content),
        streamed="text" not in content and content.get("size", 0) > 0,
        recorded_at=entry.get("startedDateTime", ""),
        source="imported from a HAR file",
    )


def _request(given: Any, url: SplitResult) -> Request:  # noqa: ANN401 - any JSON
    lines = [line for line in _lines(given["headers"]) if not line[0].startswith(b":")]
    if all(name.lower() != b"host" for name, _ in lines):
        lines.insert(0, (b"host", url.netloc.rpartition("@")[2].encode()))
    return Request(
        method=given["method"],
        raw_path=url.path.encode() or b"/",
        raw_query=url.query.encode(),
        headers=lines,
        body=_posted(given.get("postData") or {}),
        client=("127.0.0.1", 0),
        server=("127.0.0.1", url.port or _PORTS[url.scheme]),
        scheme=url.scheme,
        http_version=_version(given.get("httpVersion", "")),
    )


def _response(given: Any, content: Any) -> Response:  # noqa: ANN401 - any JSON
    lines = [(name, value) for name, value in _lines(given["headers"]) if name.decode().lower() not in _OF_CODING]
    text = content.get("text", "")
    body = b64decode(text) if content.get("encoding") == "base64" else text.encode()
    return Response(given["status"], [line for line in lines if not line[0].startswith(b":")], body)


def _lines(headers: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401 - any JSON
    # Chrome writes the lines of a repeated name as one value with line breaks.
    return [(header["name"].encode(), value.encode()) for header in headers for value in header["value"].split("\n")]


def _posted(data: Any) -> bytes:  # noqa: ANN401 - any JSON
    if "text" in data:
        text: str = data["text"]
        return b64decode(text) if data.get("encoding") == "base64" else text.encode()
    return urlencode([(field["name"], field.get("value", "")) for field in data.get("params", ())]).encode()


def _version(name: str) -> str:
    lower = name.lower()
    if lower in {"h2", "h3"} or lower.startswith(("http/2", "http/3")):
        return "2"
    return "1.0" if lower == "http/1.0" else "1.1"
