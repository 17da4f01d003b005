"""How the heads of requests are classified.

The vectors are the requests of the tests of aws/http-desync-guardian (Apache-2.0), commit 7dd6f37: where one stands
there, method, target, version, header lines, and the level and reason that are expected.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation.desync import (
    ACTIONS,
    COMPLIANT,
    Classification,
    Classifier,
    DesyncAction,
    Level,
    Mode,
    classify,
)

PASS = DesyncAction(forward=True, close=False)
CLOSE = DesyncAction(forward=True, close=True)
REFUSE = DesyncAction(forward=False, close=False)
REFUSE_AND_CLOSE = DesyncAction(forward=False, close=True)

TE, CL = b"Transfer-Encoding", b"Content-Length"
DUPLICATE = Level.AMBIGUOUS, "DuplicateContentLength"


@pytest.mark.parametrize(
    ("method", "target", "version", "headers"),
    [
        (b"GET", b"/a?b=c%20d", b"HTTP/1.1", [(b"Host", b"a"), (b"Accept", b"*/*")]),
        (b"GET", b"/", b"HTTP/1.1", []),
        (b"GET", b"/", b"HTTP/1.0", [(b"Host", b"a")]),
        (b"POST", b"/", b"HTTP/1.1", [(b"Host", b"a"), (CL, b"3")]),
        (b"POST", b"/", b"HTTP/1.1", [(b"Host", b"a"), (TE, b"chunked")]),
        (b"POST", b"/", b"HTTP/1.1", [(b"Host", b"a"), (TE, b"gzip, Chunked")]),
        (b"POST", b"/", b"HTTP/1.1", [(b"X-Content-Length-Hint", b"3")]),
        (b"POST", b"/", b"HTTP/1.1", [(b"Content-Lengths", b"3")]),
        (b"PROPFIND", "/é".encode(), b"HTTP/1.1", [(b"X_Under", b"a\tb")]),
        (b"GET", b"/", b"HTTP/1.1", [(b"X", "é".encode()), (b"Y", b"\x80\xff")]),
    ],
)
def test_an_ordinary_head_is_compliant(
    method: bytes, target: bytes, version: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    """What browsers and clients send passes every mode."""
    assert classify(method, target, version, headers) == COMPLIANT


@pytest.mark.parametrize(
    ("method", "headers", "level", "reason"),
    [
        ("POST", [(CL, b"x")], Level.SEVERE, "BadContentLength"),
        ("POST", [(CL, b"-1")], Level.SEVERE, "BadContentLength"),
        ("POST", [(CL, b"1, 1")], Level.SEVERE, "BadContentLength"),
        ("POST", [(CL, b"9" * 30)], Level.SEVERE, "BadContentLength"),
        ("POST", [(CL, b"18446744073709551616")], Level.SEVERE, "BadContentLength"),
        ("POST", [(CL, b"018446744073709551615"), (CL, b"18446744073709551615")], *DUPLICATE),
        ("POST", [(CL, b"1"), (CL, b"2")], Level.SEVERE, "MultipleContentLength"),
        ("POST", [(CL, b"1"), (CL, b"2"), (CL, b"x")], Level.SEVERE, "MultipleContentLength"),
        ("POST", [(CL, b"1"), (CL, b"01")], *DUPLICATE),
        ("POST", [(TE, b"chunky")], Level.SEVERE, "BadTransferEncoding"),
        ("POST", [(TE, b"")], Level.SEVERE, "BadTransferEncoding"),
        ("POST", [(TE, b"chunked, chunked")], Level.SEVERE, "MultipleTransferEncodingChunked"),
        ("POST", [(TE, b"chunked, chunked, x")], Level.SEVERE, "MultipleTransferEncodingChunked"),
        ("POST", [(TE, b"chunked"), (TE, b"chunked")], Level.SEVERE, "MultipleTransferEncodingChunked"),
        ("POST", [(TE, b"chunked"), (CL, b"1")], Level.AMBIGUOUS, "BothTeClPresent"),
        ("GET", [(CL, b"0")], Level.ACCEPTABLE, "GetHeadZeroContentLength"),
        ("HEAD", [(CL, b"5")], Level.AMBIGUOUS, "UndefinedContentLengthSemantics"),
        ("GET", [(TE, b"chunked")], Level.AMBIGUOUS, "UndefinedTransferEncodingSemantics"),
        ("GET", [(b"X", b"a\0")], Level.SEVERE, "BadHeader"),
        ("GET", [(b"X\r", b"a")], Level.SEVERE, "BadHeader"),
        ("GET", [(b"X", b"a\x01")], Level.ACCEPTABLE, "NonCompliantHeader"),
        ("GET", [(b"X", "é\x7f".encode())], Level.ACCEPTABLE, "NonCompliantHeader"),
        ("GET", [("É".encode(), b"a")], Level.ACCEPTABLE, "NonCompliantHeader"),
        ("GET", [(b"", b"a")], Level.AMBIGUOUS, "EmptyHeader"),
        ("GET", [(b"  ", b"a")], Level.AMBIGUOUS, "EmptyHeader"),
        ("GET", [(b"\x0b", b"a")], Level.ACCEPTABLE, "NonCompliantHeader"),
        ("POST", [(b" :X", b"a")], Level.AMBIGUOUS, "EmptyHeader"),
        ("POST", [(b":Transfer-Encoding", b"chunky")], Level.AMBIGUOUS, "EmptyHeader"),
        ("POST", [(b"Transfer_Encoding", b"chunked")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [(b"Transfer-Encoding ", b"chunked")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [("Transfer-Encod\u0131ng".encode(), b"chunked")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [(b"\x01Transfer-Encoding", b"chunked")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [(b"Content.Length", b"3")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [(b"Con\ttent-Length", b"3")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [("Content-\u0131Length".encode(), b"3")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [("Content\u017fLength".encode(), b"3")], Level.AMBIGUOUS, "SuspiciousHeader"),
        ("POST", [(b"Content Length", b"3")], Level.ACCEPTABLE, "NonCompliantHeader"),
    ],
)
def test_odd_headers_are_named(method: str, headers: list[tuple[bytes, bytes]], level: Level, reason: str) -> None:
    """Each reason of the user guide is found; the worst of several counts."""
    found = classify(method.encode(), b"/", b"HTTP/1.1", [(b"Host", b"a"), *headers])

    assert found == Classification(level, reason)


@pytest.mark.parametrize(
    ("method", "target", "version", "level", "reason"),
    [
        (b"G(T", b"/", b"HTTP/1.1", Level.SEVERE, "BadMethod"),
        (b"", b"/", b"HTTP/1.1", Level.SEVERE, "BadMethod"),
        (b"GET", b"/\0", b"HTTP/1.1", Level.SEVERE, "BadUri"),
        (b"GET", b"/\r", b"HTTP/1.1", Level.SEVERE, "BadUri"),
        (b"GET", b"/\x01 ", b"HTTP/1.1", Level.AMBIGUOUS, "AmbiguousUri"),
        (b"GET", b"/a b", b"HTTP/1.1", Level.ACCEPTABLE, "SpaceInUri"),
        (b"GET", b"/", b"HTTP/1.2", Level.ACCEPTABLE, "NonCompliantVersion"),
        (b"GET", b"/", b" HTTP/1.1", Level.ACCEPTABLE, "NonCompliantVersion"),
        (b"GET", b"/", b"", Level.ACCEPTABLE, "NonCompliantVersion"),
        (b"GET", b"/", b"HTTP/0.9", Level.ACCEPTABLE, "NonCompliantVersion"),
        (b"GET", b"/", b"HTTP/1.x", Level.SEVERE, "BadVersion"),
        (b"GET", b"/", b"HTTP/11", Level.SEVERE, "BadVersion"),
    ],
)
def test_odd_request_lines_are_named(method: bytes, target: bytes, version: bytes, level: Level, reason: str) -> None:
    """Method, target and version each have their reasons."""
    assert classify(method, target, version, [(b"Host", b"a")]) == Classification(level, reason)


@pytest.mark.parametrize(
    ("version", "header", "reason"),
    [
        (b"HTTP/1.0", (TE, b"chunked"), "UndefinedTransferEncodingSemantics"),
        (b" HTTP/1.1", (TE, b"chunked"), "UndefinedTransferEncodingSemantics"),
        (b"\t", (CL, b"3"), "UndefinedContentLengthSemantics"),
        (b"HTTP/0.9", (CL, b"3"), "UndefinedContentLengthSemantics"),
    ],
)
def test_a_version_that_does_not_know_the_header_makes_it_ambiguous(
    version: bytes, header: tuple[bytes, bytes], reason: str
) -> None:
    """HTTP/1.0 has no transfer codings, HTTP/0.9 no headers at all."""
    assert classify(b"POST", b"/", version, [header]) == Classification(Level.AMBIGUOUS, reason)


@pytest.mark.parametrize(
    ("mode", "actions"),
    [
        (Mode.MONITOR, [PASS, PASS, CLOSE, CLOSE]),
        (Mode.DEFENSIVE, [PASS, PASS, CLOSE, REFUSE_AND_CLOSE]),
        (Mode.STRICTEST, [PASS, REFUSE, REFUSE, REFUSE_AND_CLOSE]),
    ],
)
def test_the_mode_decides_what_happens(mode: Mode, actions: list[DesyncAction]) -> None:
    """The user guide's table, class by class; only that monitor mode closes too."""
    assert [ACTIONS[mode][level] for level in Level] == actions


def test_the_access_log_shows_a_dash_for_a_compliant_request() -> None:
    """Only what breaks the RFC is named."""
    assert COMPLIANT.logged == ("-", "-")
    assert Classification(Level.AMBIGUOUS, "EmptyHeader").logged == ("Ambiguous", "EmptyHeader")


VECTORS: list[list[Any]] = json.loads((Path(__file__).parents[1] / "data" / "desync" / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0].replace(" ", "-"))
def test_the_library_of_aws_finds_the_same(vector: list[Any]) -> None:
    """All requests of its own tests, by level and reason."""
    _, method, target, version, lines, level, reason = vector

    found = classify(method.encode(), target.encode(), version.encode(), encoded(lines))

    assert (found.level.name.capitalize(), found.reason or "Compliant") == (level, reason)


def encoded(lines: list[list[str]]) -> list[tuple[bytes, bytes]]:
    """Header lines of a vector."""
    return [(name.encode(), value.encode()) for name, value in lines]


def test_all_vectors_are_there() -> None:
    """As many as the library has, and all levels among them."""
    assert len(VECTORS) == 159
    assert {vector[5] for vector in VECTORS} == {level.name.capitalize() for level in Level}


@pytest.mark.parametrize(
    ("method", "version", "headers", "level", "reason"),
    [
        (b"POST", b"HTTP/1.1", [(TE, b"chunked, gzip, chunked")], Level.SEVERE, "MultipleTransferEncodingChunked"),
        (b"POST", b"HTTP/1.1", [(CL, b"")], Level.SEVERE, "BadContentLength"),
        (b"POST", b"HTTP/1.1", [(b"Content-Lengt_", b"1")], Level.COMPLIANT, ""),
        (b"", b"HTTP/1.1", [], Level.SEVERE, "BadMethod"),
        (b"POST", b"HTTP/2", [], Level.SEVERE, "BadVersion"),
    ],
)
def test_where_the_library_finds_something_else(
    method: bytes, version: bytes, headers: list[tuple[bytes, bytes]], level: Level, reason: str
) -> None:
    """Each for its reason, which the module says."""
    assert classify(method, b"/", version, headers) == Classification(level, reason)


names = st.sampled_from([TE, CL, b"content-length", b"Content_Length", b"Host", b""]) | st.binary(max_size=20)
values = st.sampled_from([b"chunked", b"3", b"0", b"", b"gzip"]) | st.binary(max_size=10)


@given(
    method=st.sampled_from([b"GET", b"POST", b"HEAD"]) | st.binary(max_size=5),
    target=st.binary(max_size=10),
    version=st.sampled_from([b"HTTP/1.1", b"HTTP/1.0"]) | st.binary(max_size=9),
    headers=st.lists(st.tuples(names, values), max_size=5),
)
def test_any_bytes_can_be_classified(
    method: bytes, target: bytes, version: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    """A reason comes exactly with a level above compliant."""
    found = classify(method, target, version, headers)

    assert bool(found.reason) == (found.level > Level.COMPLIANT)


def test_a_long_name_is_read_at_once() -> None:
    """The time grows with the length of a name and not with the cube of it, which would be years here."""
    name = b"content".ljust(2**20) + b"length".ljust(2**20) + b"x"

    assert classify(b"POST", b"/", b"HTTP/1.1", [(name, b"3")]).reason == "NonCompliantHeader"


CHANGES = st.one_of(
    st.tuples(st.just(0), st.sampled_from([b"GET", b"POST", b"G T"])),
    st.tuples(st.just(1), st.sampled_from([b"/", b"/a?b=c", b"/a b", b"/\0"])),
    st.tuples(st.just(2), st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9"])),
    st.tuples(
        st.just(3), st.sampled_from([[], [(b"Host", b"a")], [(CL, b"3")], [(TE, b"chunked")], [(b"X", b"\x01")]])
    ),
)


@given(changes=st.lists(CHANGES, min_size=1, max_size=20))
def test_what_came_before_makes_no_difference(changes: list[tuple[int, Any]]) -> None:
    """A head is classified alike, whether or not the one before it was the same but for one of its parts."""
    classifier = Classifier()
    head: list[Any] = [b"GET", b"/", b"HTTP/1.1", []]
    for part, value in changes:
        head[part] = value
        assert classifier.classify(*head) == classify(*head)
