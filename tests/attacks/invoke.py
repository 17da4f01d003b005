"""Cases for the control port (Lambda's Invoke API and the gateway's own pages) and for a Runtime API."""

import base64
from typing import Final

from tests.attacks import bodies, parts
from tests.attacks.case import Case, Dice, damaged
from tests.attacks.http1 import Built, assemble, broken_request, junk
from tests.attacks.tokens import authorization, signed_lines

_NAMES: Final = (b"echo",) * 40 + (
    b"stream", b"function", b"echo:$LATEST", b"echo:x", b"echo%3A%24LATEST", b"123456789012:function:echo", b"", b"x",
    b"%00", b"%0a", b"..", b"arn:aws:lambda:us-east-1:123456789012:function:echo",
    b"arn:aws:lambda:eu-west-1:1:function:echo", b"arn%3Aaws%3Alambda", b"echo%0a", b"a" * 65, b"a" * 300, b"a/b",
    b"\xff", b"%ff", b"%E2%80%A8", b"*", b"echo/../echo", b"echo%2Fx", b"$LATEST", b":", b"echo:", b"echo::",
    b"function:echo", b"-", b"_", b"%", b"%zz",
)  # fmt: skip
_QUALIFIERS: Final = (b"",) * 20 + (
    b"?Qualifier=$LATEST", b"?Qualifier=", b"?Qualifier=x", b"?Qualifier=%00", b"?Qualifier=1&Qualifier=2",
    b"?qualifier=x", b"?Qualifier", b"?Qualifier=" + b"a" * 200, b"?Qualifier=\xff", b"?%zz", b"?&&&",
)  # fmt: skip
_TYPES: Final = (
    b"RequestResponse",
    b"Event",
    b"DryRun",
    b"",
    b"event",
    b"x",
    b"\xff",
    b"Event, Event",
    b"RequestResponse\t",
)
_LOG_TYPES: Final = (b"None", b"Tail", b"", b"tail", b"x" * 1000, b"\xfe")
_CLIENTS: Final = (
    b"{}", b"[]", b"null", b"", b'{"client":{}}', b'{"custom":1}', b"{", b"\xff", b'{"a":"' + b"x" * 2600 + b'"}',
    b"{}x", b"[" * 2000,
)  # fmt: skip
_CONTEXTS: Final = (
    *(base64.b64encode(client) for client in _CLIENTS), b"!", b"e30", b"e30=x", b"=", b"\xff", b"e30\xff", b"x" * 4000,
)  # fmt: skip
_REQUEST_IDS: Final = (
    b"x",
    b"",
    b"00000000-0000-0000-0000-000000000000",
    b"{00000000000000000000000000000000}",
    b"\xff",
    b"urn:uuid:0",
)
_OTHER_PATHS: Final = (
    b"/", b"/_gateway/health", b"/_gateway/target-health/1", b"/_gateway/target-health/x",
    b"/_gateway/target-health/" + b"9" * 30, b"/_gateway/", b"/2015-03-31/functions", b"/2015-03-31/functions/",
    b"/2015-03-31/functions/echo", b"/2015-03-31/event-source-mappings/", b"/prod/@connections/x", b"/KEY-ID",
    b"/%2e%2e/", b"//", b"/2015-03-31/functions//invocations", b"/metrics", b"/\xff", b"*",
    b"http://localhost/_gateway/health", b"/2020-06-30/functions/echo/code-signing-config", b"/_gateway/health/",
    b"/_gateway/target-health/%00",
)  # fmt: skip
_OPERATIONS: Final = (
    (b"/2015-03-31/functions/", b"/invocations"), (b"/2015-03-31/functions/", b"/invocations"),
    (b"/2015-03-31/functions/", b"/invocations"), (b"/2021-11-15/functions/", b"/response-streaming-invocations"),
    (b"/2014-11-13/functions/", b"/invoke-async"), (b"/2014-11-13/functions/", b"/invoke-async/"),
    (b"/2015-03-31/functions/", b"/invocations/"), (b"/1999-01-01/functions/", b"/invocations"),
)  # fmt: skip
_OPTIONS: Final = (
    (b"X-Amz-Invocation-Type", _TYPES), (b"X-Amz-Log-Type", _LOG_TYPES), (b"X-Amz-Client-Context", _CONTEXTS),
    (b"X-Amzn-RequestId", _REQUEST_IDS),
)  # fmt: skip
_HOST: Final = b"localhost"


def case(dice: Dice, listener: str) -> Case:
    """A few calls of the Invoke API on one connection, and perhaps what is none."""
    built = [_call(dice) for _ in range(dice.upto(6))]
    if not built or (built[-1].sure and dice.chance(0.3)):
        builder = dice.one((broken_request, broken_request, broken_request, junk))
        built.append(builder(dice, listener, _HOST))
    return assemble(dice, listener, built)


def _call(dice: Dice) -> Built:
    before, after = dice.one(_OPERATIONS)
    path = before + dice.one(_NAMES) + after
    query = dice.one(_QUALIFIERS)
    method = b"POST" if dice.chance(0.95) else dice.one(parts.METHODS)
    if dice.chance(0.15):
        path, method = dice.one(_OTHER_PATHS), dice.one((b"GET", b"GET", b"POST", b"HEAD", b"OPTIONS"))
    body = dice.one((b"{}", b'{"path":"/raise"}', b"[1]")) if dice.chance(0.5) else bodies.json_junk(dice)
    options = _options(dice)
    lines = b"Host: " + _HOST + b"\r\n" + b"".join(name + b": " + value + b"\r\n" for name, value in options)
    signable = not query and lines.isascii() and path.isascii() and path.startswith(b"/2")
    if signable and dice.chance(0.8):
        lines += signed_lines((method, path, body), _HOST, "lambda", options)
    elif dice.chance(0.7):
        lines += authorization(dice) + dice.one((b"", b"X-Amz-Date: 20260101T000000Z\r\n", b"X-Amz-Date: \xff\r\n"))
    if dice.chance(0.2):
        lines += parts.header_lines(dice)
    if dice.chance(0.8):
        framing = b"Content-Length: %d\r\n" % len(body)
    else:
        framing, body = b"Transfer-Encoding: chunked\r\n", bodies.chunked(dice, body)
    data = b"%b %b%b HTTP/1.1\r\n%b%b\r\n%b" % (method, path, query, lines, framing, body)
    if body and dice.chance(0.05):
        return Built(data[: -1 - dice.upto(len(body))], sure=False)
    return Built(data, sure=True, stops=b"pgrade:" in lines)


def _options(dice: Dice) -> list[tuple[bytes, bytes]]:
    return [(name, dice.one(values)) for name, values in _OPTIONS if dice.chance(0.2)]


_RUNTIME_PATHS: Final = (
    b"/2018-06-01/ping", b"/2018-06-01/runtime/invocation/x/response", b"/2018-06-01/runtime/invocation/x/error",
    b"/2018-06-01/runtime/", b"/2018-06-01/runtime/invocation//response", b"/2018-06-01/runtime/invocation/%00/error",
    b"/", b"*", b"/2018-06-01/runtime/invocation/next/", b"/2020-01-01/extension/register",
    b"/2020-01-01/extension/event/next", b"/2020-01-01/extension/init/error", b"/2020-08-15/logs",
    b"/2022-07-01/telemetry", b"/2020-01-01/extension/exit/error",
    b"/2018-06-01/runtime/invocation/" + b"x" * 5000 + b"/response", b"\xff", b"/2018-06-01/runtime/restore/next",
    b"/2018-06-01/runtime/restore/error", b"/2019-09-29/runtime/invocation/next",
)  # fmt: skip
_RUNTIME_LINES: Final = (
    b"Lambda-Runtime-Function-Response-Mode: streaming\r\n", b"Lambda-Runtime-Function-Response-Mode: x\r\n",
    b"Lambda-Extension-Name: x\r\n", b"Lambda-Extension-Identifier: x\r\n", b"Lambda-Extension-Identifier: \xff\r\n",
    b"Lambda-Runtime-Function-Error-Type: \xff\r\n", b"Lambda-Extension-Function-Error-Type: x\r\n",
    b"Trailer: Lambda-Runtime-Function-Error-Type\r\n", b"",
)  # fmt: skip


def runtime_api_case(dice: Dice, listener: str) -> Case:
    """Requests of a stranger at the Runtime API of an environment; none of them waits for an invocation."""
    built = []
    for _ in range(dice.upto(5)):
        method = dice.one((b"GET", b"POST", b"POST", b"PUT", b"HEAD"))
        body = bodies.framed(dice) if dice.chance(0.7) else bodies.badly_framed(dice)
        lines = (
            b"Host: "
            + _HOST
            + b"\r\n"
            + dice.one(_RUNTIME_LINES)
            + (parts.header_lines(dice) if dice.chance(0.2) else b"")
        )
        data = b"%b %b HTTP/1.1\r\n%b%b\r\n%b" % (method, dice.one(_RUNTIME_PATHS), lines, body.lines, body.body)
        built.append(Built(damaged(dice, data) if dice.chance(0.1) else data, sure=False))
    if not built or dice.chance(0.3):
        built.append(dice.one((broken_request, junk))(dice, listener, _HOST))
    return assemble(dice, listener, built)
