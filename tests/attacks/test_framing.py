"""The short form of ``scripts/attack framing``, and that its back end sees what it should."""

import pytest
import uvloop

from tests.attacks.framing import attack
from tests.attacks.framing_back_end import BackEnd
from tests.attacks.framing_cases import Maker
from tests.listeners.doubles import RecordingTransport


def test_nothing_arrives_that_was_not_meant() -> None:
    """In each mode: no request, no line and no answer of somebody else."""
    attacked = uvloop.run(attack(600, 60, 7))

    assert attacked.found == {}
    assert attacked.requests == 600
    assert all(count > 50 for count in attacked.arrived.values())


def test_a_seed_makes_the_same_cases() -> None:
    """What was found can be sent again."""
    one, two, other = Maker(1), Maker(1), Maker(2)
    cases = [one.conflict() for _ in range(50)]

    assert cases == [two.conflict() for _ in range(50)]
    assert cases != [other.conflict() for _ in range(50)]


GOOD = b"POST /meant/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (GOOD, ""),
        (GOOD.replace(b"POST", b"HEAD").replace(b"3\r\n\r\nabc", b"0\r\n\r\n"), ""),
        (b"PUT /meant/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", ""),
        (GOOD + b"GET /smuggled/1 HTTP/1.1\r\n\r\n", "a request that was not meant"),
        (GOOD + b"GET /meant/2 HTTP/1.1\r\n\r\n", "a request that was not meant"),
        (GOOD + GOOD, "a request that came twice"),
        (GOOD.replace(b"Host: a", b"Host: a\r\nX-Smuggled: 1"), "a line that was not meant"),
        (GOOD.replace(b"Host: a", b"Host: a\r\nContent_Length: 1"), "a line that was not meant"),
        (GOOD.replace(b"Host: a", b"Host: a\r\nContent-Length: 1"), "a line that was not meant"),
        (GOOD.replace(b"Host: a", b"Host: a\nX-Plain: 1"), "a line that was not meant"),
        (GOOD.replace(b"Host: a", b"Host: a\r\nTransfer-Encoding: chunked"), "framing that was not meant"),
        (
            GOOD.replace(b"Host: a", b"Transfer-Encoding: x").replace(b"Content-Length: 3", b"X-Plain: 1"),
            "framing that",
        ),
        (GOOD.replace(b"Host: a", b"Connection: close") + b"x", "bytes behind the last request"),
        (GOOD.replace(b"Host: a", b"Connection: keep-alive"), "a value that was not meant"),
        (b"PUT /meant/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\n", "a chunk that was not meant"),
        (b"PUT /meant/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "a chunk that was not meant"),
    ],
)
def test_the_back_end_tells_what_was_not_meant(data: bytes, found: str) -> None:
    """It takes nothing that a careful server would not."""
    back_end = BackEnd(meant={1})
    connection = back_end.start()
    connection.connection_made(RecordingTransport())
    connection.data_received(data)

    assert [what.startswith(found) for what in back_end.found] == ([True] if found else [])
    assert back_end.arrived == ({1: 1} if not found else back_end.arrived)
