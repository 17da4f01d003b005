"""Judges what came of a case: whether something came, whether it is well-formed, whether it is a failure of ours."""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from tests.attacks.answers import Answer, Malformed, read_answers
from tests.attacks.case import Case, End, Speech
from tests.attacks.client import Came, Result
from tests.attacks.frames import FrameReader

BALANCERS: Final = ("alb", "alb-multi", "alb-strictest", "https")
"""The load balancers in front of functions."""

_NEVER: Final = 10**6
OWN: Final = (*BALANCERS, "alb-http", "rest", "http", "url", "url-iam", "url-stream", "websocket")
"""What answers even half a request, and nonsense; the control port and the Runtime API may just end."""


class Verdict(NamedTuple):
    """What a case counts.

    Attributes:
        findings: What is wrong, one line each.
        statuses: The status of each answer; one 0 when none came.
    """

    findings: list[str]
    statuses: list[int]


def enough(case: Case) -> Callable[[bytearray], bool] | None:
    """What tells that nothing more has to come; None when only the end of the connection does."""
    # TLS has no half-closed connections, so a client that was refused and stays is heard for five seconds.
    leaves = case.listener == "https"
    if case.end is not End.ANSWERS and not (leaves and case.end is End.IDLE):
        return None
    if case.speech is Speech.HTTP2:
        return partial(_has_frames, FrameReader(), case.streams)
    count = case.answers if case.end is End.ANSWERS else _NEVER
    return partial(_has_answers, count, b"HEAD" in b"".join(case.sends), leaves)


def _has_answers(count: int, head: bool, leaves: bool, data: bytearray) -> bool:
    if not leaves and data.count(b"HTTP/1.1 ") < count:
        return False
    try:
        answers, _ = read_answers(bytes(data), ended=False, head=head)
    except Malformed:
        return True  # the verdict says why
    if not answers or not answers[-1].whole:
        return False
    return len(answers) >= count or (leaves and answers[-1].headers.get(b"connection", b"").lower() == b"close")


def _has_frames(reader: FrameReader, streams: frozenset[int], data: bytearray) -> bool:
    reader.read(data)
    return reader.has_all(streams)


def judge(case: Case, result: Result) -> Verdict:
    """The verdict on one case."""
    if result.came is Came.HUNG:
        return Verdict([f"hang: no end; {len(result.data)} bytes came: {result.data[-200:]!r}"], [0])
    if result.came is Came.REFUSED:
        return Verdict([] if case.speech is Speech.HTTP2 else ["no connection could be made"], [0])
    match case.speech:
        case Speech.TLS:
            return _records(result)
        case Speech.HTTP2:
            return _frames(case, result)
        case _:
            return _answers(case, result)


def _records(result: Result) -> Verdict:
    wrong = result.data and result.data[0] not in (0x15, 0x16)
    return Verdict([f"no TLS record begins with {result.data[:40]!r}"] if wrong else [], [0])


def _answers(case: Case, result: Result) -> Verdict:
    sent = b"".join(case.sends)
    ended = result.came is Came.ENDED
    try:
        answers, rest = read_answers(result.data, ended=ended and not case.cut, head=b"HEAD" in sent)
    except Malformed as malformed:
        if case.cut and "cut off" in str(malformed):
            return Verdict([], [0])
        return Verdict([f"malformed: {malformed}"], [0])
    findings = _unexpected(case, answers, sent)
    if case.end is End.ANSWERS:
        findings += _missing(case, answers, result)
    elif case.end is End.HALF and not result.data and case.listener in OWN and sent.strip(b"\r\n"):
        findings.append("an empty reply to a client that reads on")
    if rest and case.speech is Speech.WEBSOCKET:
        findings += websocket_findings(case, rest)
    return Verdict(findings, [answer.status for answer in answers] or [0])


def _missing(case: Case, answers: list[Answer], result: Result) -> list[str]:
    if len(answers) > case.answers:
        return [f"{len(answers)} answers to {case.answers} requests"]
    if not answers:
        return ["an empty reply to a complete request"]
    if result.came is Came.ENDED and not answers[-1].whole:
        return [f"an answer {answers[-1].status} is cut off"]
    return []


def _unexpected(case: Case, answers: list[Answer], sent: bytes) -> list[str]:
    return [
        f"status {answer.status}: {answer.body[:100]!r}"
        for answer in answers
        if answer.status >= 500 and not is_expected(answer.status, case, sent)
    ]


def is_expected(status: int, case: Case, sent: bytes) -> bool:
    """Whether AWS's own rules call for this status of 500 and above.

    501 is for a transfer coding that nobody knows and 505 for another version of HTTP; 500 and 502 say that a function
    failed, or returned no result of the listener's shape.  A load balancer answers 502 to what cannot become an event,
    such as header lines that are not UTF-8, and 507 to a redirect to an address that is too long.
    """
    if status in {500, 502}:
        return case.fails or (case.listener in BALANCERS and not sent.isascii())
    if status == 501:
        return b"ransfer-" in sent or b"RANSFER" in sent
    if status == 507:
        return case.listener == "alb-multi"
    return status == 505 and case.speech is not Speech.HTTP2


def websocket_findings(case: Case, data: bytes) -> list[str]:
    """What is wrong with the frames of a server: masks, kinds, lengths, and failures that nobody asked for."""
    at = 0
    while at + 2 <= len(data):
        first, second = data[at], data[at + 1]
        size, begin = second & 127, at + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size = int.from_bytes(data[begin : begin + width], "big")
            begin += width
        if second & 128 or first & 0x70 or first & 15 not in (1, 2, 8, 9, 10):
            return [f"a server sends no frame {data[at : at + 14]!r}"]
        if first & 15 >= 8 and size > 125:
            return [f"a control frame of {size} bytes"]
        payload = data[begin : begin + size]
        if b"Internal server error" in payload and not case.fails:
            return [f"the frame {payload[:200]!r}"]
        at = begin + size
    return []


def _frames(case: Case, result: Result) -> Verdict:
    """Frames, the status of each stream, and whether those that must be answered are."""
    reader = FrameReader()
    reader.read(result.data)
    sent = b"".join(case.sends)
    findings = reader.malformed + [
        f"status {status} on stream {stream}"
        for stream, status in reader.statuses.items()
        if status >= 500 and not is_expected(status, case, sent)
    ]
    return Verdict(findings, list(reader.statuses.values()) or [0])
