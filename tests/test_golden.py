"""``gateway serve`` answers the golden requests as ``tests/data/golden`` says, byte for byte.

``python -m tests.golden`` writes what it answers today.
"""

import difflib
from collections.abc import Sequence

import pytest

from tests.golden.entries import Entry, read_entries
from tests.golden.masks import masked
from tests.golden.running import SERVE, UVICORN, ask
from tests.golden.sending import whole_answers
from tests.golden.texts import to_bytes, to_text

ENTRIES = read_entries()


@pytest.mark.parametrize("way", [SERVE, UVICORN], ids=["serve", "uvicorn"])
def test_answers(way: Sequence[str]) -> None:
    """Each answer, and what the server behind got, is the golden one; a single gateway is asked for all of them."""
    wrong = [_compared(entry, *found) for entry, found in zip(ENTRIES, ask(ENTRIES, way), strict=True)]
    if any(wrong):
        pytest.fail("\n\n".join(filter(None, wrong)), pytrace=False)


def _compared(entry: Entry, answer: str, target: str) -> str:
    """The entry's name and what has changed, as a diff; "" for nothing."""
    changes = [*_changes("answer", entry.answer, answer), *_changes("target", entry.target, target)]
    title = f"{entry.listener}: {entry.name} ({entry.judgement}: {entry.why})"
    return "\n".join([title, *changes]) if changes else ""


def _changes(what: str, golden: str, found: str) -> list[str]:
    lines = golden.strip("\n").splitlines(), found.splitlines()
    return list(difflib.unified_diff(*lines, f"golden {what}", f"{what} today", lineterm="", n=2))


def test_there_are_enough() -> None:
    """Every listener type is asked, with 200 requests at least, each under a name of its own."""
    names = [(entry.listener, entry.name) for entry in ENTRIES]

    assert len(names) == len(set(names)) >= 200


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"GET / HTTP/1.1\r\nA: b\r\n\r\n", "GET / HTTP/1.1\\r\\n\nA: b\\r\\n\n\\r\\n"),
        (b"\x00\xe4\\ \n", "\\x00\\xe4\\\\\\x20\n\\n".replace("\\x20\n\\n", " \\n")),
        (b"ends in a blank ", "ends in a blank\\x20"),
        (b"x" * 300, "\\{x*300}"),
        (b"k," * 100, "k," * 75 + "\n" + "k," * 25),
    ],
)
def test_texts(data: bytes, text: str) -> None:
    """Bytes and their text are the same in both directions."""
    assert to_text(data) == text
    assert to_bytes(text) == data


def test_no_such_escape() -> None:
    """A slip in a file is not sent."""
    with pytest.raises(ValueError, match="no such escape"):
        to_bytes("GET / HTTP/1.1\\r\\q")


@pytest.mark.parametrize(
    ("got", "count"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", 0),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n0\r\n0\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n0\r\n", 0),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 1),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 1),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 2),
        (b"HTTP/1.1 200 OK\r\n\r\nup to the end", 0),
    ],
)
def test_whole_answers(got: bytes, count: int) -> None:
    """The client knows when it has heard everything."""
    assert whole_answers(got, bodiless=False) == count


def test_masks() -> None:
    """What differs from run to run is told by a word."""
    data = (
        b"Date: Sat, 28 Nov 2026 06:05:29 GMT\r\nx-amz-apigw-id: VQzEiEXqoAMFkgA=\r\n"
        b"x-amzn-RequestId: 6f7f0961-1234-4abc-8def-0123456789ab\r\n"
        b"X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793\r\n"
        b'{"port":"40321","timeEpoch":1795405497434}'
    )

    assert masked(data, {"rest": 40321}) == (
        b"Date: <date>\r\nx-amz-apigw-id: <apigw id>\r\nx-amzn-RequestId: <uuid>\r\nX-Amzn-Trace-Id: Root=<trace>\r\n"
        b'{"port":"<port rest>","timeEpoch":<ms>}'
    )
