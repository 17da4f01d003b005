"""The process of one execution environment: ``python worker.py FD TOKENS``.

Reads invocations from the inherited socket FD and writes results to it; standard output and error are logs and never
protocol.  A frame is a 4-byte big-endian length, one byte that says what it is, 8 bytes that name the attempt, and a
body of that length.  An answer has the attempt of its invocation; ``R`` and ``X`` have zeros.

- ``I`` invoke: 4-byte length of a NUL-joined head (request id, timeout in ms, function ARN, trace id, client context,
  Cognito identity), the head, the event.
- ``A`` the same, given ahead while another invocation runs.  A byte in the pipe TOKENS goes with it; who reads the
  byte has the invocation: this process when it begins, or the gateway when it takes the invocation back.
- ``R`` ready: JSON ``{"callable": bool, "type": str, "file": str}``, sent once when the handler is loaded.
- ``X`` init failed: 4-byte length of the place of the fault in words (``app.py, line 3``), the place, the error JSON;
  the process then ends with code 1.
- ``r`` a result, ``b`` a result that is not JSON, ``e`` the error JSON; ``t``, without a body, that any of them has
  more bytes than Lambda takes.

When the gateway is gone the socket reads empty and this process leaves.

Handlers fork, and the child may come back from the handler, too: it ends there, without an answer.  The socket is this
process's alone, as are the invocations in it.  (On Lambda the child posts a second response, which is refused.)
Programs that the handler starts do not inherit socket and pipe.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time

TYPE_CHECKING = False  # importing typing would cost a tenth of the cold start
if TYPE_CHECKING:
    from typing import NoReturn

    from gateway.bootstraps.python import lambda_runtime as runtime
    from gateway.bootstraps.python.lambda_call_backs import lead_as_told
    from gateway.bootstraps.python.trace_variable import TraceVariable
else:
    import lambda_runtime as runtime  # beside this file, which Python puts first on the path
    from lambda_call_backs import lead_as_told
    from trace_variable import TraceVariable

_KIND = 4
_ATTEMPT = 5
_HEAD = 13
_INIT_ATTEMPT = bytes(8)
_ROOM = 64 * 1024
_RESULT_LIMIT = 6_291_556
_FACT_LIMIT = 4096
_INIT_ERROR_LIMIT = 1024 * 1024 - 32 * 1024  # beside the place of the fault
_CUT_TO = 10_000
_DESCRIPTORS = 1024  # as many as a process may have on Lambda

sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]


class FrameSocket:
    """Whole frames over a blocking file descriptor."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._data = b""
        self._process = os.getpid()

    def _read(self, size: int) -> bytes:
        data = os.read(self.fd, size)
        if not data:
            os._exit(0)
        return data

    def receive(self) -> tuple[bytes, bytes, bytes]:
        """The next frame's kind, attempt and body; ends the process when the other side is gone."""
        data = self._data or self._read(_ROOM)
        while len(data) < _HEAD:
            data += self._read(_ROOM)
        end = _HEAD + int.from_bytes(data[:4], "big")
        if len(data) < end:
            parts, missing = [data], end - len(data)
            while missing:
                parts.append(self._read(missing))
                missing -= len(parts[-1])
            data = b"".join(parts)
        self._data = data[end:]
        return data[_KIND:_ATTEMPT], data[_ATTEMPT:_HEAD], data[_HEAD:end]

    def send(self, kind: bytes, attempt: bytes, body: bytes) -> None:
        """Write one frame; ends the process when the other side is gone, and one that was forked off in any case."""
        if os.getpid() != self._process:
            os._exit(0)
        data = b"".join((len(body).to_bytes(4, "big"), kind, attempt, body))
        try:
            written = os.write(self.fd, data)
            while written < len(data):
                written += os.write(self.fd, memoryview(data)[written:])
        except BrokenPipeError:
            os._exit(0)


def initialise(socket: FrameSocket) -> runtime.Handler:
    """Load the handler and say so, or report why it cannot be loaded and end the process."""
    setting = os.environ["_HANDLER"]
    runtime.set_up_logging()
    try:
        handler = runtime.load_handler(setting)
    except Exception as error:  # noqa: BLE001 - whatever a module raises is reported
        fault = runtime.error_object(error, "")
        logging.getLogger().warning(runtime.INIT_WARNING)
        runtime.log_error(fault)
        place = runtime.place_of(error)[:_FACT_LIMIT].encode()
        socket.send(b"X", _INIT_ATTEMPT, b"".join((len(place).to_bytes(4, "big"), place, _init_error(fault))))
        sys.exit(1)
    module = sys.modules.get(setting.rpartition(".")[0].replace("/", "."))
    facts = {
        "callable": callable(handler),
        "type": type(handler).__name__[:_FACT_LIMIT],
        "file": (getattr(module, "__file__", None) or "")[:_FACT_LIMIT],
    }
    socket.send(b"R", _INIT_ATTEMPT, json.dumps(facts).encode())
    return handler


def _init_error(fault: dict[str, object]) -> bytes:
    """The JSON of an error; one that is longer than a frame may be is cut."""
    text = runtime.to_json(fault).encode()
    if len(text) <= _INIT_ERROR_LIMIT:
        return text
    cut = {key: value[:_CUT_TO] if isinstance(value, str) else [] for key, value in fault.items()}
    return runtime.to_json(cut).encode()


_trace = TraceVariable()


def invoke(handler: runtime.Handler, head: bytes, event: bytes) -> tuple[bytes, bytes]:
    """Run one invocation: the kind and the payload of the answering frame."""
    request_id, timeout_ms, arn, trace_id, client_context, identity = head.decode().split("\0")
    _trace.set(trace_id)
    deadline_ms = int(time.time() * 1000) + int(timeout_ms)
    context = runtime.LambdaContext(request_id, deadline_ms, arn, client_context, identity)
    returned, payload, content_type = runtime.run(handler, event, context)
    if len(payload) > _RESULT_LIMIT:
        return b"t", b""
    if not returned:
        return b"e", payload
    return (b"r" if content_type == "application/json" else b"b"), payload


def serve(socket: FrameSocket, tokens: int) -> NoReturn:
    """Take invocations one after another until the other side is gone."""
    handler = initialise(socket)
    while True:
        kind, attempt, body = socket.receive()
        if kind == b"A" and not _take_token(tokens):
            continue
        split = 4 + int.from_bytes(body[:4], "big")
        kind, payload = invoke(handler, body[4:split], body[split:])
        sys.stdout.flush()
        sys.stderr.flush()
        socket.send(kind, attempt, payload)


def _take_token(tokens: int) -> bool:
    try:
        return bool(os.read(tokens, 1))
    except BlockingIOError:
        return False


def set_apart(*descriptors: int) -> list[int]:
    """Move descriptors to high numbers, and keep them from the programs that the handler starts.

    Code that goes wrong with file descriptors uses low ones as a rule: what it has closed before, or all from 3 on.
    """
    highest = min(os.sysconf("SC_OPEN_MAX"), _DESCRIPTORS) - 1
    free = (number for number in range(highest, 2, -1) if number not in descriptors)
    moved = [
        os.dup2(descriptor, number, inheritable=False) for descriptor, number in zip(descriptors, free, strict=False)
    ]
    for descriptor in descriptors:
        os.close(descriptor)
    return moved


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # the real ones can
    lead_as_told()
    socket_fd, tokens_fd = set_apart(*map(int, sys.argv[1:]))
    del sys.argv[1:]
    serve(FrameSocket(socket_fd), tokens_fd)
