r"""How safe the head of an HTTP/1.x request is, and what a load balancer does about it.

Facts, from the AWS ELB user guide ("Desync mitigation mode") and from the documentation of the library that Elastic
Load Balancing uses, aws/http-desync-guardian (docs/README.md)

- *Acceptable* breaks the RFC without a risk, *Ambiguous* may be read differently by different servers, *Severe* is
  malformed or crafted.  Of several findings the worst counts, and of equals the first: headers, framing, method,
  version, target.
- ``UndefinedContentLengthSemantics`` and ``UndefinedTransferEncodingSemantics`` mean that a GET or HEAD (or a version
  that does not know it) *has* such a header; the user guide says it the wrong way round.
- Bytes over 0x7F are compliant in a value (``obs-text`` of RFC 9110, 5.5; the library's tests/rfc-compliant.yaml)
  and non-compliant in a name; the user guide does not tell the two apart.
- A header is suspicious when only blanks or the delimiter keep it from being one of the two framing headers.
- Monitor mode forwards everything; defensive mode refuses what is severe and closes after what is ambiguous;
  strictest mode refuses all but compliant requests.

Known differences from the library (src/request_analyzer.rs):

- A second ``chunked`` behind another coding counts too, as the user guide has it; the library forgets the first.
- An empty ``Content-Length`` is bad (RFC 9110, section 8.6: digits); there it is 0.  So is an empty method.
- A name that lacks the last letters of a framing header (``content-lengt.``) is another name; there it is suspicious.
- ``HTTP/2`` in a request line is a bad version; there nothing else of such a request is judged.

On AWS monitor mode keeps connections too.  Here they are closed after what is ambiguous or severe, as in defensive
mode: no answer differs, and nobody's request comes behind one that servers may read in different ways.
"""

import re
from collections.abc import Iterator
from enum import Enum, IntEnum
from functools import cache
from typing import Final, NamedTuple

from gateway.types import HeaderList


class Level(IntEnum):
    """How bad a request is."""

    COMPLIANT = 0
    ACCEPTABLE = 1
    AMBIGUOUS = 2
    SEVERE = 3


class Mode(Enum):
    """The attribute ``routing.http.desync_mitigation_mode``."""

    MONITOR = "monitor"
    DEFENSIVE = "defensive"
    STRICTEST = "strictest"


class DesyncAction(NamedTuple):
    """What happens to a request: forwarded or answered with 400, and whether its connection is closed afterwards."""

    forward: bool
    close: bool


class Classification(NamedTuple):
    """A level and AWS's code for the reason, "" for a compliant request."""

    level: Level
    reason: str

    @property
    def logged(self) -> tuple[str, str]:
        """The access log's ``classification`` and ``classification_reason``."""
        return (self.level.name.capitalize(), self.reason) if self.reason else ("-", "-")


COMPLIANT: Final = Classification(Level.COMPLIANT, "")

_PASS: Final = DesyncAction(forward=True, close=False)
_PASS_AND_CLOSE: Final = DesyncAction(forward=True, close=True)
_REFUSE: Final = DesyncAction(forward=False, close=False)
_REFUSE_AND_CLOSE: Final = DesyncAction(forward=False, close=True)
ACTIONS: Final = {
    Mode.MONITOR: (_PASS, _PASS, _PASS_AND_CLOSE, _PASS_AND_CLOSE),
    Mode.DEFENSIVE: (_PASS, _PASS, _PASS_AND_CLOSE, _REFUSE_AND_CLOSE),
    Mode.STRICTEST: (_PASS, _REFUSE, _REFUSE, _REFUSE_AND_CLOSE),
}
"""Mode → the actions by level."""

_TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_TARGET: Final = bytes(byte for byte in range(0x21, 0x100) if byte != 0x7F)
_OTHERS: Final = rb"[^a-z0-9]*+"
# LATIN SMALL LETTER LONG S and DOTLESS I become S and I in upper case.
_WRITTEN: Final = {ord("s"): "(?:s|\u017f)".encode(), ord("i"): "(?:i|\u0131)".encode(), ord("-"): b"." + _OTHERS}
_FORBIDDEN: Final = frozenset(b"\0\r\n")
_SHORTEST: Final = len("content-length")
_TOO_LONG: Final = 2**64
"""The library counts lengths in 64 bits."""
_LENGTH_DIGITS: Final = len(str(_TOO_LONG))
_CODINGS: Final = frozenset((b"chunked", b"compress", b"deflate", b"gzip", b"identity"))
_NEVER_WITH_BODY: Final = frozenset((b"GET", b"HEAD"))


def classify(method: bytes, target: bytes, version: bytes, headers: HeaderList) -> Classification:
    """The classification of a request head; ``version`` as sent, such as ``HTTP/1.1``, b"" when there was none."""
    if version == b"HTTP/1.1" and method and _is_clean(method, target, headers):
        return COMPLIANT
    findings = (
        *_header_findings(headers),
        *_framing_findings(method, version, headers),
        *_request_line_findings(method, target, version),
    )
    return max(findings, key=_level, default=COMPLIANT)


class Classifier:
    """`classify` for one request after the other.

    Most of the work is about the header lines, and most clients send the same ones again and again: those that were
    compliant last are not looked at anew.
    """

    __slots__ = ("_headers", "_method")

    def __init__(self) -> None:
        self._method = b""
        self._headers: HeaderList = ()

    def classify(self, method: bytes, target: bytes, version: bytes, headers: HeaderList) -> Classification:
        """The classification of a request head; the arguments are those of `classify`."""
        known = version == b"HTTP/1.1" and method == self._method and headers == self._headers
        if known and not target.translate(None, _TARGET):
            return COMPLIANT
        found = classify(method, target, version, headers)
        if found is COMPLIANT and version == b"HTTP/1.1":
            self._method, self._headers = method, headers
        return found


def _is_clean(method: bytes, target: bytes, headers: HeaderList) -> bool:
    """Whether every byte is an ordinary one and the framing is plain: true for nearly all requests, at little cost."""
    names = [name for name, _ in headers]
    joined = b"".join(names).lower()
    values = b"".join([value for _, value in headers])
    # What is left after deleting everything allowed.
    odd = (
        joined.translate(None, _TOKEN)
        or values.translate(None, _VALUE)
        or target.translate(None, _TARGET)
        or method.translate(None, _TOKEN)
    )
    return not odd and b"" not in names and _plainly_framed(joined, method, headers)


def _plainly_framed(joined: bytes, method: bytes, headers: HeaderList) -> bool:
    """Whether at most one header has to do with framing, and it says the usual on a method that may have a body."""
    related = joined.count(b"length") + joined.count(b"transfer")
    if related != 1 or method in _NEVER_WITH_BODY:
        return related == 0
    for name, value in headers:
        if len(name) == 14 and name.lower() == b"content-length":
            return value.isdigit() and len(value) < 20
        if len(name) == 17 and name.lower() == b"transfer-encoding":
            return value == b"chunked"
    return False


def _level(finding: Classification) -> Level:
    return finding.level


def _acceptable(reason: str) -> Classification:
    return Classification(Level.ACCEPTABLE, reason)


def _ambiguous(reason: str) -> Classification:
    return Classification(Level.AMBIGUOUS, reason)


def _severe(reason: str) -> Classification:
    return Classification(Level.SEVERE, reason)


def _header_findings(headers: HeaderList) -> Iterator[Classification]:
    for name, value in headers:
        if name.translate(None, _TOKEN) or value.translate(None, _VALUE):
            # These three can end a line, the others are only unusual.
            bad = not _FORBIDDEN.isdisjoint(name + value)
            yield _severe("BadHeader") if bad else _acceptable("NonCompliantHeader")
        if _is_empty(name):
            yield _ambiguous("EmptyHeader")
        elif _resembled(name) not in (b"", name.lower()):
            yield _ambiguous("SuspiciousHeader")


def _is_empty(name: bytes) -> bool:
    """Whether there is no name at all, or its line begins with the colon."""
    return name.strip(b" \t")[:1] in (b"", b":")


def _pattern(name: bytes) -> re.Pattern[bytes]:
    """Matches a name that a careless server may take for ``name``.

    Blanks may stand behind each letter, anything but letters and digits at both ends and behind the delimiter, which is
    any character.  Nothing that is repeated is given back (*+): a long name is read in time that grows with its length.
    """
    letters = [_WRITTEN.get(letter, b"%c" % letter) + rb"[\0- ]*+" for letter in name]
    return re.compile(_OTHERS + b"".join(letters) + _OTHERS, re.DOTALL)


@cache  # made when the first odd request comes: nearly all gateways never see one
def _resembling() -> dict[bytes, re.Pattern[bytes]]:
    return {name: _pattern(name) for name in (b"transfer-encoding", b"content-length")}


def _resembled(name: bytes) -> bytes:
    """The framing header that a name is or resembles, b"" for none."""
    if len(name) < _SHORTEST:
        return b""
    plain = name.lower()
    return next((framing for framing, pattern in _resembling().items() if pattern.fullmatch(plain)), b"")


def _framing_findings(method: bytes, version: bytes, headers: HeaderList) -> Iterator[Classification]:
    named = [(_resembled(name), value) for name, value in headers if not _is_empty(name)]
    codings = [value for name, value in named if name == b"transfer-encoding"]
    lengths = [value for name, value in named if name == b"content-length"]
    version = version if version.strip(b" \t") else b"HTTP/0.9"
    # Before versions that know the headers nothing else about them means anything; the library compares bytes.
    if codings and version <= b"HTTP/1.0":
        yield _ambiguous("UndefinedTransferEncodingSemantics")
        return
    if lengths and version < b"HTTP/1.0":
        yield _ambiguous("UndefinedContentLengthSemantics")
        return
    yield from _coding_findings(codings)
    yield from _length_findings(lengths)
    if method in _NEVER_WITH_BODY:
        if codings:
            yield _ambiguous("UndefinedTransferEncodingSemantics")
        if lengths:
            empty = not lengths[0].strip(b"0 \t")
            yield _acceptable("GetHeadZeroContentLength") if empty else _ambiguous("UndefinedContentLengthSemantics")
    if codings and lengths:
        yield _ambiguous("BothTeClPresent")


def _coding_findings(values: list[bytes]) -> Iterator[Classification]:
    codings = [item.partition(b";")[0].strip(b" \t").lower() for value in values for item in value.split(b",")]
    chunked = False
    for coding in codings:
        if coding not in _CODINGS:
            yield _severe("BadTransferEncoding")
        elif coding == b"chunked":
            if chunked:
                yield _severe("MultipleTransferEncodingChunked")
            chunked = True


def _length_findings(values: list[bytes]) -> Iterator[Classification]:
    first: int | None = None
    for value in values:
        digits = value.strip(b" \t")
        length = int(digits) if digits.isdigit() and len(digits.lstrip(b"0")) <= _LENGTH_DIGITS else _TOO_LONG
        if length >= _TOO_LONG:
            yield _severe("BadContentLength")
        elif first is None:
            first = length
        else:
            yield _ambiguous("DuplicateContentLength") if length == first else _severe("MultipleContentLength")


def _request_line_findings(method: bytes, target: bytes, version: bytes) -> Iterator[Classification]:
    if not method or method.translate(None, _TOKEN):
        yield _severe("BadMethod")
    yield from _version_findings(version)
    odd = target.translate(None, _TARGET)
    if not _FORBIDDEN.isdisjoint(odd):
        yield _severe("BadUri")
    elif odd.strip(b" "):
        yield _ambiguous("AmbiguousUri")
    elif odd:
        yield _acceptable("SpaceInUri")


def _version_findings(version: bytes) -> Iterator[Classification]:
    if version in (b"HTTP/1.1", b"HTTP/1.0"):
        return
    known = version.strip(b" \t")
    if known in (b"", b"HTTP/0.9") or (len(known) == 8 and known.startswith(b"HTTP/1.") and known[7:].isdigit()):
        yield _acceptable("NonCompliantVersion")
    else:
        yield _severe("BadVersion")
