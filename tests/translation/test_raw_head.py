"""How heads that no parser takes are classified."""

from typing import Any

import pytest

from gateway.translation.desync import Level
from gateway.translation.raw_head import classify_head
from tests.translation.test_desync import VECTORS

SEVERE, AMBIGUOUS, ACCEPTABLE, COMPLIANT = sorted(Level, reverse=True)


@pytest.mark.parametrize(
    ("head", "level", "reason"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", COMPLIANT, ""),
        (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nContent-Length: x\r\n", COMPLIANT, ""),
        (b"GET / HTTP/1.1\nHost: a\r\n\r\n", ACCEPTABLE, "NonCrLfLineTermination"),
        (b"GET / HTTP/1.1\r\nHost: a\n\n", ACCEPTABLE, "NonCrLfLineTermination"),
        (b"GET /a new b HTTP/1.1\r\n\r\n", ACCEPTABLE, "SpaceInUri"),
        (b"GET / HTTP/1.1 \r\n\r\n", ACCEPTABLE, "NonCompliantVersion"),
        (b"GET /\r\n\r\n", ACCEPTABLE, "NonCompliantVersion"),
        (b"GET HTTP/1.1\r\n\r\n", AMBIGUOUS, "MissingUri"),
        (b"GET_/_HTTP/1.1\r\n\r\n", SEVERE, "BadMethod"),
        (b"GET\t/\tHTTP/1.1\r\n\r\n", SEVERE, "BadMethod"),
        (b"GET /\rHTTP/1.1\r\n\r\n", SEVERE, "BadUri"),
        (b"GET / HTTP/1.1 \xd0\xb0\r\n\r\n", SEVERE, "BadVersion"),
        (b"GET / HTTP/1.1\r\n\rContent-Length: 10\r\n\r\n", SEVERE, "BadHeader"),
        (b"GET / HTTP/1.1\r\nMy-Header\r\nB: 1\r\n\r\n", AMBIGUOUS, "MissingHeaderColon"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n more\r\n\r\n", AMBIGUOUS, "MultilineHeader"),
        (b"GET / HTTP/1.1\r\n GET /b HTTP/1.1\r\n\r\n", AMBIGUOUS, "MultilineHeader"),
        (
            b"POST / HTTP/1.1\r\nA: A\r\n Content-Length: 10\r\nContent-Length: 9\r\n\r\n",
            SEVERE,
            "MultipleContentLength",
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\n b\x00c\r\n\r\n", SEVERE, "BadHeader"),
        (b"GET / HTTP/1.1\r\nContent-Type: a;\r\n b;\r\nC: d\r\n\r\n", COMPLIANT, ""),
        (b"POST / HTTP/1.1\r\nContent-Type: a;\r\n Content-Length: x\r\n\r\n", COMPLIANT, ""),
        (b"GET / HTTP/1.1\r\nContent-Type: a;\r\n \x01b: c\r\n\r\n", ACCEPTABLE, "NonCompliantHeader"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\nA", SEVERE, "BadContentLength"),
        (b"\x16\x03\x01", SEVERE, "BadMethod"),
        (b"", SEVERE, "BadMethod"),
    ],
)
def test_a_head_is_read_as_the_library_of_aws_does(head: bytes, level: Level, reason: str) -> None:
    """Findings of the lines come before those about their content, and the worst counts."""
    assert classify_head(head) == (level, reason)


def head_of(vector: list[Any]) -> bytes:
    """Its bytes."""
    _, method, target, version, lines, *_ = vector
    first = " ".join(part for part in (method, target, version) if part)
    return "\r\n".join([first, *(f"{name}:{value}" for name, value in lines), "", ""]).encode()


def can_be_sent(vector: list[Any]) -> bool:
    """Whether its bytes say the same: no line in a part of it, no blank that begins a name or parts the version."""
    _, _, target, version, lines, *_ = vector
    parts = [target, *(part for line in lines for part in line)]
    folds = any(name[:1] in {" ", "\t"} for name, _ in lines)
    return bool(target) and " " not in version and not folds and not any("\n" in part for part in parts)


@pytest.mark.parametrize("vector", [*filter(can_be_sent, VECTORS)], ids=lambda vector: vector[0].replace(" ", "-"))
def test_the_requests_of_its_tests_are_classified_alike(vector: list[Any]) -> None:
    """From their bytes."""
    *_, level, reason = vector

    found = classify_head(head_of(vector))

    assert (found.level.name.capitalize(), found.reason or "Compliant") == (level, reason)
