"""The Python client of the Runtime API from the other end of its connection."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import gateway.bootstraps.python

BOOTSTRAP = Path(gateway.bootstraps.python.__file__).with_name("bootstrap.py")
DEADLINE_S = 20.0
SHOWS = """
import os
def handler(event, context):
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return [event, context.aws_request_id, context.invoked_function_arn, trace, os.getcwd()]
"""


class Call(NamedTuple):
    """A request of the client: its first line, its headers and its body."""

    line: str
    headers: dict[str, str]
    body: bytes


class Client:
    """A client for a module, and its calls."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self.process = process
        self._connection = connection
        self._stream: BinaryIO = connection.makefile("rb")

    def call(self) -> Call:
        """Its next call."""
        first = self._stream.readline().decode().strip()
        lines = iter(lambda: self._stream.readline().decode().strip(), "")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Call(first, headers, self._stream.read(int(headers.get("content-length", "0"))))

    def answer(self, status: str, body: bytes = b"", headers: str = "") -> None:
        """Answer it."""
        head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self._connection.sendall(head.encode() + body)

    def invoke(self, event: bytes, headers: str = "") -> Call:
        """Its answer to an invocation."""
        assert self.call().line == "GET /2018-06-01/runtime/invocation/next HTTP/1.1"
        fixed = "Lambda-Runtime-Aws-Request-Id: id-1\r\nLambda-Runtime-Deadline-Ms: 1\r\n"
        self.answer("200 OK", event, f"{fixed}Lambda-Runtime-Invoked-Function-Arn: arn\r\n{headers}")
        answer = self.call()
        self.answer("202 Accepted")
        return answer


@contextmanager
def client(folder: Path, source: str, **further: str) -> Iterator[Client]:
    """A client that has connected, with these variables too."""
    (folder / "app.py").write_text(source)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE_S)
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.getsockname()[1]}",
            "LAMBDA_TASK_ROOT": str(folder),
            "PATH": os.environ["PATH"],
            "_HANDLER": "app.handler",
            **further,
        }
        process = subprocess.Popen([sys.executable, str(BOOTSTRAP)], env=variables, cwd=folder, stdout=subprocess.PIPE)
        connection, _ = server.accept()
    with process, connection:
        connection.settimeout(DEADLINE_S)
        yield Client(process, connection)
        connection.shutdown(socket.SHUT_RDWR)
        process.wait(DEADLINE_S)


def test_invocations(tmp_path: Path) -> None:
    """Each has its own context and trace, and its answer goes to its own place."""
    with client(tmp_path, SHOWS) as it:
        first = it.invoke(b"1", "Lambda-Runtime-Trace-Id: Root=1\r\nLambda-Runtime-Invocation-Id: a\r\n")
        second = it.invoke(b"2")

    assert first.line == "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1"
    assert (first.headers["content-type"], first.headers["lambda-runtime-invocation-id"]) == ("application/json", "a")
    assert json.loads(first.body) == [1, "id-1", "arn", "Root=1", str(tmp_path)]
    assert json.loads(second.body) == [2, "id-1", "arn", None, str(tmp_path)]


def test_call_backs(tmp_path: Path) -> None:
    """Names that lead to this machine do, and the handler does not see which."""
    source = (
        "import os, socket\n"
        "def handler(event, context):\n"
        "    return [socket.getaddrinfo('a.test', 443)[0][4], '_GATEWAY_CALL_BACKS' in os.environ]\n"
    )
    with client(tmp_path, source, _GATEWAY_CALL_BACKS="a.test=4001") as it:
        answer = it.invoke(b"1")

    assert json.loads(answer.body) == [["127.0.0.1", 4001], False]


def test_error(tmp_path: Path) -> None:
    """It goes where errors go."""
    with client(tmp_path, "def handler(event, context): raise LookupError('no')\n") as it:
        answer = it.invoke(b"1")

    assert answer.line == "POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1"
    assert json.loads(answer.body)["errorType"] == "LookupError"


def test_init_error(tmp_path: Path) -> None:
    """It is reported with its type, and ends the process with 1."""
    with client(tmp_path, "import no_such_module\n") as it:
        call = it.call()
        it.answer("202 Accepted")
        assert it.process.wait(DEADLINE_S) == 1

    assert call.line == "POST /2018-06-01/runtime/init/error HTTP/1.1"
    assert call.headers["lambda-runtime-function-error-type"] == "Runtime.ImportModuleError"
    assert json.loads(call.body)["errorMessage"] == "Unable to import module 'app': No module named 'no_such_module'"


def test_gateway_that_is_gone(tmp_path: Path) -> None:
    """Then nobody needs the process."""
    with client(tmp_path, SHOWS) as it:
        it.call()

    assert it.process.returncode == 0
