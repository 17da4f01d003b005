"""The desync class of a head that no parser takes, for the log.

Facts, from aws/http-desync-guardian (src/request_analyzer.rs and its tests), which reads heads as they were sent:

- A line ends with LF; one without CR is acceptable.  The first blank ends the method, the last one begins the version.
- Ambiguous are a request line without a target, a line without a colon, and one that goes on with the line before, but
  for ``Content-Type``; without a colon it belongs to that header's value, else it is a header with blanks in its name.
"""

from typing import Final

from gateway.translation.desync import Classification, Level, classify

_NO_CR: Final = Classification(Level.ACCEPTABLE, "NonCrLfLineTermination")
_NO_TARGET: Final = Classification(Level.AMBIGUOUS, "MissingUri")
_NO_COLON: Final = Classification(Level.AMBIGUOUS, "MissingHeaderColon")
_FOLDED: Final = Classification(Level.AMBIGUOUS, "MultilineHeader")


def classify_head(head: bytes) -> Classification:
    """The classification of a head as it was sent, and of as many lines of it as have come."""
    *lines, rest = head.lstrip(b"\r\n").split(b"\n")
    first, *others = lines or [rest + b"\r"]
    method, target, version = _request_line(first.removesuffix(b"\r"))
    headers: list[tuple[bytes, bytes]] = []
    findings = [_NO_TARGET] if not target and first.count(b" ") < 2 else []
    if not first.endswith(b"\r"):
        findings.append(_NO_CR)
    name = b""
    for line in others:
        if not line.endswith(b"\r"):
            findings.append(_NO_CR)
        text = line.removesuffix(b"\r")
        if not text:
            break
        name = _header(text, name, headers, findings)
    findings.append(classify(method, target, version, headers))
    return max(findings, key=lambda finding: finding.level)


def _request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    method, _, rest = line.partition(b" ")
    begin = rest.rstrip(b" ").rfind(b" ")
    if begin < 0:
        # HTTP/0.9 has no version, and a version alone is no target.
        return (method, b"", rest) if rest.startswith(b"HTTP/1.") else (method, rest, b"")
    return method, rest[:begin], rest[begin + 1 :]


def _header(line: bytes, before: bytes, headers: list[tuple[bytes, bytes]], findings: list[Classification]) -> bytes:
    """Read one line; gives the name to which a line that goes on with it belongs."""
    name, colon, value = line.partition(b":")
    if not line.startswith((b" ", b"\t")):
        headers.append((name, value))
        if not colon:
            findings.append(_NO_COLON)
        return name if colon else before
    media_type = before.lower() == b"content-type"
    headers.append((before, line) if before and (media_type or not colon) else (name, value))
    if not media_type:
        findings.append(_FOLDED)
    return before
