"""A Python handler behind the Lambda Runtime API: ``python bootstrap.py``, in the standard library alone.

For environments with extensions or a wrapper, which need that API; other handlers run in ``worker.py``.  The address is
in ``AWS_LAMBDA_RUNTIME_API``, the handler in ``_HANDLER``.  What the handler sees of it is in ``lambda_runtime.py``.

The connection is this process's alone: a child that the handler forks, and that comes back from the handler too, ends
without an answer.  Programs that the handler starts do not inherit it.
"""

from __future__ import annotations

import logging
import os
import socket
import sys

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

_PREFIX = "/2018-06-01/runtime/"
_JSON = "application/json"
_LINE_LIMIT = 64 * 1024


class RuntimeApiClient:
    """Calls of the Runtime API over one connection; the process ends when the other side is gone."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = address
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self._socket.makefile("rb")
        self._process = os.getpid()

    def next(self) -> tuple[dict[str, str], bytes]:
        """Wait for an invocation: its headers, with names in lower case, and its event."""
        return self._call(f"GET {_PREFIX}invocation/next", "")

    def post(self, path: str, body: bytes, content_type: str, headers: str = "") -> None:
        """Send an answer; a refusal changes nothing here, since Lambda has made its own of it."""
        length = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        self._call(f"POST {_PREFIX}{path}", headers + length, body)

    def _call(self, line: str, headers: str, body: bytes = b"") -> tuple[dict[str, str], bytes]:
        if os.getpid() != self._process:
            os._exit(0)
        head = f"{line} HTTP/1.1\r\nHost: {self._address}\r\n{headers}\r\n"
        found: dict[str, str] = {}
        try:
            self._socket.sendall(head.encode("latin-1") + body)
            while (reply := self._replies.readline(_LINE_LIMIT)) not in (b"\r\n", b""):
                name, _, value = reply.decode("latin-1").partition(":")
                found[name.lower()] = value.strip()
            content = self._replies.read(int(found.get("content-length", "0")))
        except OSError:
            os._exit(0)
        if not found:
            os._exit(0)
        return found, content


def initialise(api: RuntimeApiClient) -> runtime.Handler:
    """Load the handler, or report why it cannot be loaded and end the process."""
    runtime.set_up_logging()
    try:
        return runtime.load_handler(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001 - whatever a module raises is reported
        fault = runtime.error_object(error, "")
        logging.getLogger().warning(runtime.INIT_WARNING)
        runtime.log_error(fault)
        sys.stdout.flush()
        kind = f"Lambda-Runtime-Function-Error-Type: {fault['errorType']}\r\n"
        api.post("init/error", runtime.to_json(fault).encode(), _JSON, kind)
        sys.exit(1)


def serve(api: RuntimeApiClient) -> NoReturn:
    """Take invocations one after another until the other side is gone."""
    handler, trace = initialise(api), TraceVariable()
    while True:
        headers, event = api.next()
        trace.set(headers.get("lambda-runtime-trace-id", ""))
        request_id = headers["lambda-runtime-aws-request-id"]
        context = runtime.LambdaContext(
            request_id,
            int(headers["lambda-runtime-deadline-ms"]),
            headers["lambda-runtime-invoked-function-arn"],
            headers.get("lambda-runtime-client-context", ""),
            headers.get("lambda-runtime-cognito-identity", ""),
        )
        returned, payload, content_type = runtime.run(handler, event, context)
        sys.stdout.flush()
        sys.stderr.flush()
        attempt = f"Lambda-Runtime-Invocation-Id: {headers.get('lambda-runtime-invocation-id', '')}\r\n"
        path = f"invocation/{request_id}/{'response' if returned else 'error'}"
        api.post(path, payload, content_type, attempt)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # the real ones can
    lead_as_told()
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    serve(RuntimeApiClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))
