"""The worker process from the other end of its socket."""

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

import gateway.bootstraps.python
from gateway.types import Json

WORKER = Path(gateway.bootstraps.python.__file__).with_name("worker.py")
DEADLINE_S = 20.0


class Worker(NamedTuple):
    """Our end of a worker's socket, its process, and our end of its token pipe."""

    socket: socket.socket
    process: subprocess.Popen[bytes]
    tokens: int


@contextmanager
def worker(folder: Path, source: str) -> Iterator["Worker"]:
    """A worker for a module."""
    (folder / "app.py").write_text(source)
    ours, theirs = socket.socketpair()
    ours.settimeout(DEADLINE_S)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    process = subprocess.Popen(
        [sys.executable, str(WORKER), str(theirs.fileno()), str(reading)],
        env={"LAMBDA_TASK_ROOT": str(folder), "_HANDLER": "app.handler", "PATH": os.environ["PATH"]},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pass_fds=[theirs.fileno(), reading],
    )
    theirs.close()
    os.close(reading)
    with ours, process:
        yield Worker(ours, process, writing)
        os.close(writing)
        ours.close()
        process.wait(DEADLINE_S)


def drained(process: subprocess.Popen[bytes]) -> None:
    """Let a worker write as much to its log as it likes."""
    assert process.stdout
    threading.Thread(target=process.stdout.read, daemon=True).start()


def exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        assert piece, "the worker hung up"
        data += piece
    return data


def frame(connection: socket.socket) -> tuple[bytes, bytes]:
    """The kind and the body of the next frame."""
    kind, _, body = whole_frame(connection)
    return kind, body


def whole_frame(connection: socket.socket) -> tuple[bytes, bytes, bytes]:
    """The kind, the attempt and the body of the next frame."""
    head = exactly(connection, 13)
    return head[4:5], head[5:], exactly(connection, int.from_bytes(head[:4], "big"))


def invoke(event: bytes, trace_id: str = "", kind: bytes = b"I", attempt: bytes = b"attempt1") -> bytes:
    """An ``I`` or ``A`` frame."""
    head = f"an-id\x000\x00arn\x00{trace_id}\x00\x00".encode()
    body = len(head).to_bytes(4, "big") + head + event
    return len(body).to_bytes(4, "big") + kind + attempt + body


def test_frame_in_pieces(tmp_path: Path) -> None:
    """An invocation that arrives byte by byte is understood; so is a large one."""
    with worker(tmp_path, "def handler(event, context): return len(event)") as (connection, *_):
        assert frame(connection)[0] == b"R"
        for byte in invoke(b'"abc"'):
            connection.sendall(bytes([byte]))
        assert frame(connection) == (b"r", b"3")
        connection.sendall(invoke(b'"' + b"x" * 1_000_000 + b'"'))
        assert frame(connection) == (b"r", b"1000000")


def test_kinds_of_answers(tmp_path: Path) -> None:
    """JSON, bytes and errors are told apart."""
    source = "def handler(event, context): return event if event else b'raw' if event == 0 else 1 / event['none']"
    with worker(tmp_path, source) as (connection, *_):
        frame(connection)
        answers = []
        for event in (b"[1]", b"0", b"{}"):
            connection.sendall(invoke(event))
            answers.append(frame(connection))

    assert answers[:2] == [(b"r", b"[1]"), (b"b", b"raw")]
    assert answers[2][0] == b"e"
    assert json.loads(answers[2][1])["errorType"] == "KeyError"


def test_answer_has_the_attempt_of_its_invocation(tmp_path: Path) -> None:
    """The bytes that came come back; before the first invocation there are none."""
    with worker(tmp_path, "def handler(event, context): return event") as (connection, *_):
        ready = whole_frame(connection)
        connection.sendall(invoke(b"1", attempt=b"\0one\xff\0\0\0") + invoke(b"2", attempt=b"two\0\0\0\0\0"))
        answers = [whole_frame(connection) for _ in range(2)]

    assert ready[1] == bytes(8)
    assert answers == [(b"r", b"\0one\xff\0\0\0", b"1"), (b"r", b"two\0\0\0\0\0", b"2")]


def test_more_than_lambda_takes(tmp_path: Path) -> None:
    """A result, bytes or an error of more than 6,291,556 bytes is not sent; that it was there is."""
    source = (
        "def handler(event, context):\n    big = 'x' * event['bytes']\n    if event['raises']: raise ValueError(big)\n"
        "    return big.encode() if event['raw'] else big"
    )
    answers = {}
    with worker(tmp_path, source) as (connection, process, _):
        drained(process)
        frame(connection)
        for raises, raw, size in ((0, 0, 6_291_554), (0, 0, 6_291_555), (0, 1, 6_291_557), (1, 0, 6_291_556)):
            connection.sendall(invoke(json.dumps({"bytes": size, "raises": raises, "raw": raw}).encode()))
            kind, body = frame(connection)
            answers[raises, raw, size] = kind, len(body)

    assert list(answers.values()) == [(b"r", 6_291_556), (b"t", 0), (b"t", 0), (b"t", 0)]


def test_ready_says_what_was_found(tmp_path: Path) -> None:
    """The first frame describes the handler."""
    with worker(tmp_path, "handler = 5") as (connection, *_):
        kind, body = frame(connection)

    assert (kind, json.loads(body)) == (b"R", {"callable": False, "type": "int", "file": str(tmp_path / "app.py")})


def test_init_failure(tmp_path: Path) -> None:
    """A module that raises is reported with its place; the process ends with code 1 and says so in its log."""
    with worker(tmp_path, "\nraise ValueError('no')") as (connection, process, _):
        kind, body = frame(connection)
        assert process.stdout
        log = process.stdout.read().decode()
        code = process.wait(DEADLINE_S)

    split = 4 + int.from_bytes(body[:4], "big")
    assert (kind, body[4:split].decode()) == (b"X", f"{tmp_path / 'app.py'}, line 2")
    error = json.loads(body[split:])
    assert error["errorMessage"] == "no"
    assert "importlib/__init__.py" in error["stackTrace"][0]  # as on Lambda, and nothing of this package before it
    assert code == 1
    assert log.startswith("[WARNING]\t")
    assert "LAMBDA_WARNING: Unhandled exception." in log
    assert "[ERROR] ValueError: no\rTraceback (most recent call last):\r" in log


@pytest.mark.parametrize(
    "source", ["raise ValueError('x' * 2_000_000)", "raise type('X' * 2_000_000, (Exception,), {})('no')"]
)
def test_init_failure_of_many_words(tmp_path: Path, source: str) -> None:
    """An error of more than a frame may have is cut, however it came to be long."""
    with worker(tmp_path, source) as (connection, process, _):
        drained(process)
        kind, body = frame(connection)

    error = json.loads(body[4 + int.from_bytes(body[:4], "big") :])
    assert kind == b"X"
    assert len(body) < 1024 * 1024
    assert max(len(error["errorMessage"]), len(error["errorType"])) == 10_000
    assert error["stackTrace"] == []


def test_gateway_that_is_gone(tmp_path: Path) -> None:
    """When the socket closes the process leaves quietly."""
    with worker(tmp_path, "def handler(event, context): pass") as (connection, process, _):
        frame(connection)
        connection.close()

        assert process.wait(DEADLINE_S) == 0


def test_gateway_that_goes_during_an_invocation(tmp_path: Path) -> None:
    """Also when there is nobody left to answer."""
    source = "import sys\ndef handler(event, context): print('in', flush=True); sys.stdin.read(); return 'x' * 10**7"
    with worker(tmp_path, source) as (connection, process, _):
        frame(connection)
        connection.sendall(invoke(b"{}"))
        connection.close()

        assert process.wait(DEADLINE_S) == 0


def test_trace_id_of_each_invocation(tmp_path: Path) -> None:
    """``_X_AMZN_TRACE_ID`` is set for an invocation with a trace and gone for one without."""
    source = "import os\ndef handler(event, context): return os.environ.get('_X_AMZN_TRACE_ID')"
    with worker(tmp_path, source) as (connection, *_):
        frame(connection)
        answers = []
        for trace_id in ("Root=1", "", "Root=2"):
            connection.sendall(invoke(b"{}", trace_id))
            answers.append(frame(connection)[1])

    assert answers == [b'"Root=1"', b"null", b'"Root=2"']


COUNTS = """
import os, subprocess
def handler(event, context):
    if event == "held":
        return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if event:
        exec(event)
    child = subprocess.run(["printenv", "_X_AMZN_TRACE_ID"], stdout=subprocess.PIPE, text=True)
    return [os.environ.get("_X_AMZN_TRACE_ID"), child.stdout.strip()]
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_trace_ids_take_no_memory(tmp_path: Path) -> None:
    """After very many invocations too each sees its own trace, and so do its child processes; nothing is kept."""
    traces = (f"Root=1-65a0f5c0-{number:024x};Parent={number:016x};Sampled=0" for number in itertools.count())
    with worker(tmp_path, COUNTS) as (connection, *_):

        def call(event: str, trace_id: str) -> Json:
            connection.sendall(invoke(json.dumps(event).encode(), trace_id))
            answer: Json = json.loads(frame(connection)[1])
            return answer

        def held_after(count: int) -> int:
            for _ in range(0, count, 100):
                connection.sendall(b"".join(invoke(b'"held"', next(traces)) for _ in range(100)))
                held = [json.loads(frame(connection)[1]) for _ in range(100)]
            return int(held[-1])

        frame(connection)
        before = held_after(12_000)
        after = held_after(30_000)
        last, long = next(traces), f"Root=1;Long={'é' * 1000}"
        seen = [call(event, trace) for event, trace in (("", last), ("", ""), ("", long), ("", last))]
        changed = call("os.environ['_X_AMZN_TRACE_ID'] = 'mine'", last)
        kept = call("", last)

    assert after - before < 1024 * 1024
    assert seen == [[last] * 2, [None, ""], [long] * 2, [last] * 2]
    assert (changed, kept) == (["mine"] * 2, [last] * 2)


def test_ahead_only_with_a_token(tmp_path: Path) -> None:
    """Of the invocations given ahead those without a token are passed over; several frames may come at once."""
    with worker(tmp_path, "def handler(event, context): return event") as (connection, _, tokens):
        frame(connection)
        os.write(tokens, b"x")
        connection.sendall(invoke(b"1", kind=b"A") + invoke(b"2", kind=b"A") + invoke(b"3"))

        assert frame(connection) == (b"r", b"1")
        assert frame(connection) == (b"r", b"3")
