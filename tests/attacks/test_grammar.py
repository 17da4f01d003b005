"""The short form of ``scripts/attack grammar``, and that its judge sees what it should."""

from pathlib import Path

import pytest
import uvloop

from tests.attacks import __main__ as attacks
from tests.attacks import grammar
from tests.attacks.case import Case, End, Speech
from tests.attacks.client import Came, Result
from tests.attacks.http2 import END_HEADERS, HEADERS, PREFACE, field, frame
from tests.attacks.log import LogReader
from tests.attacks.stand import LISTENERS
from tests.attacks.verdict import judge

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def test_hostile_requests(tmp_path: Path) -> None:
    """Nothing hangs, nothing fails that should not, the log has no traceback, every listener was met."""
    options = grammar.options_of(["--requests", "2000", "--seconds", "60"])
    told: list[str] = []

    attacked = uvloop.run(grammar.attack(tmp_path, options, told.append))

    assert attacked.findings == {}, "\n".join(told)
    assert attacked.requests >= 2000
    assert {listener for listener, _ in attacked.statuses} == set(LISTENERS)


def test_a_case_is_made_of_two_numbers() -> None:
    """What was found can be sent again."""
    assert [grammar.make(7, number) for number in range(50)] == [grammar.make(7, number) for number in range(50)]
    assert grammar.make(7, 1) != grammar.make(8, 1)


@pytest.mark.parametrize(
    ("came", "data", "finding"),
    [
        (Came.ENOUGH, OK, ""),
        (Came.HUNG, b"", "hang"),
        (Came.ENDED, b"", "an empty reply"),
        (Came.ENOUGH, ERROR, "status 500"),
        (Came.ENOUGH, OK + OK, "2 answers to 1 requests"),
        (Came.ENDED, CUT, "an answer 200 is cut off"),
        (Came.ENOUGH, OK + b"x", "malformed: no answer begins"),
        (Came.ENDED, OK.replace(b"\r\n", b"\n"), "malformed"),
        (Came.ENOUGH, OK.replace(b"Content-Length", b"Content-Length : x"), "malformed: no header line"),
        (Came.ENOUGH, OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n"), "malformed: content-length twice"),
        (Came.ENOUGH, OK.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"), "malformed: a length beside"),
    ],
)
def test_judge(came: Came, data: bytes, finding: str) -> None:
    """What came of one complete request to a function that answers."""
    verdict = judge(Case("alb", [GET], End.ANSWERS, answers=1), Result(came, data))

    assert [text[: len(finding)] for text in verdict.findings] == ([finding] if finding else [])


@pytest.mark.parametrize(("status", "count"), [(b"200", 0), (b"503", 1)])
def test_judge_of_http2(status: bytes, count: int) -> None:
    """The status of a stream is read from its head."""
    head = frame(HEADERS, END_HEADERS, 1, field(b":status", status))
    verdict = judge(Case("https", [PREFACE], End.ANSWERS, Speech.HTTP2), Result(Came.ENOUGH, head))

    assert (verdict.statuses, len(verdict.findings)) == ([int(status)], count)


def test_judge_of_websocket() -> None:
    """A masked frame of a server is none."""
    data = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi"
    case = Case("websocket", [GET], speech=Speech.WEBSOCKET)

    assert judge(case, Result(Came.ENDED, data)).findings == []
    assert len(judge(case, Result(Came.ENDED, data.replace(b"\x02hi", b"\x82abcdhi"))).findings) == 1


def test_log(tmp_path: Path) -> None:
    """A traceback counts unless a handler of the folder raised it, and each is read once."""
    log = tmp_path / "log"
    traceback = 'Traceback (most recent call last):\n  File "{}", line 1, in f\n    f()\nValueError: on purpose\n'
    log.write_text("a line\n" + traceback.format(tmp_path / "app.py") + traceback.format("/gateway/x.py") + "half")
    reader = LogReader(log, tmp_path)

    assert reader.findings() == [("ValueError: on purpose", traceback.format("/gateway/x.py").rstrip("\n"))]
    with log.open("a") as file:
        file.write(" a line\nTask exception was never retrieved\n")
    assert len(reader.findings()) == 1
    assert reader.findings() == []


def test_unknown_attack(capsys: pytest.CaptureFixture[str]) -> None:
    """Who names none is told which there are."""
    assert attacks.main(["x"]) == 2
    assert "scripts/attack grammar" in capsys.readouterr().err
