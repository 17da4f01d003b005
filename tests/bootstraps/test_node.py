"""The Node.js runtime: what a handler can see of it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

import gateway.bootstraps
from gateway.invocation import Failed, Invocation, Outcome, Returned, StreamBroken, Streamed
from gateway.targets.reaper import Reaper
from gateway.types import Json
from tests.targets.conformance import Log, Running
from tests.targets.runtime_api.opening import NODE, environment, needs_node, options_for

pytestmark = [pytest.mark.anyio, needs_node]
ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


async def result_of(handler: str, event: object = None) -> object:
    """The result of one invocation."""
    async with NODE.function(handler) as function:
        outcome = await function.invoke(event)
    assert isinstance(outcome, Returned), outcome
    return json.loads(outcome.payload)


async def failure_of(handler: str, event: object = None) -> tuple[Failed, str]:
    """The failure of one invocation, and the log."""
    async with NODE.function(handler) as function:
        outcome = await function.invoke(event)
    assert isinstance(outcome, Failed), outcome
    return outcome, function.log.text


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        ("common.handler", "CommonJS, .cjs"),
        ("plain.handler", "CommonJS, .js"),
        ("module/src/app.handler", "ES module, .js"),
        ("behaviours.nested.handler", "nested"),
    ],
)
async def test_module_kinds(handler: str, result: str) -> None:
    """Every kind of module loads, in folders and as a member of a member."""
    assert await result_of(handler) == result


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("behaviours.missing", "Runtime.HandlerNotFound", "behaviours.missing is undefined or not exported"),
        ("behaviours.notAFunction", "Runtime.HandlerNotFound", "behaviours.notAFunction is not a function"),
        ("behaviours/..", "Runtime.MalformedHandlerName", "'behaviours/..' is not a valid handler name."),
        ("folder.x/nothing", "Runtime.MalformedHandlerName", "Bad handler"),
        ("no_such.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'no_such'"),
        ("bad_require.handler", "Runtime.ImportModuleError", "Error: Cannot find module './no_such_module'"),
        ("bad_syntax.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token ')'"),
    ],
)
async def test_init_errors(handler: str, error_type: str, message: str) -> None:
    """Each way not to find a handler has AWS's type and wording."""
    failure, log = await failure_of(handler)

    assert failure.error_type == error_type
    assert failure.message.startswith(message)
    assert "\tundefined\tERROR\tUncaught Exception \t{" in log


async def test_callback() -> None:
    """A handler may call back, with a result or an error."""
    failure, _ = await failure_of("calls_back", {"error": "no luck"})

    assert await result_of("calls_back", {}) == {"called": "back"}
    assert failure.payload == b'{"errorType":"string","errorMessage":"no luck","trace":[]}'


@pytest.mark.parametrize("waits", [True, False])
async def test_callback_waits_for_empty_event_loop(waits: bool) -> None:
    """By default a called-back result goes out when nothing is left to do; a handler can turn that off."""
    async with NODE.function("calls_back_early") as function:
        outcome = await function.invoke({"waits": waits})
        log = function.log.text

    assert isinstance(outcome, Returned)
    assert ("the loop is empty" in log) is waits


async def test_callback_never_called() -> None:
    """A handler that neither calls back nor returns a promise ends with null when nothing is left to do."""
    assert await result_of("never_calls_back") is None


async def test_callback_of_a_past_invocation() -> None:
    """It neither answers the present invocation nor keeps it from ending."""
    async with NODE.function("calls_a_past_callback") as function:
        outcomes = [await function.invoke({}), await function.invoke({})]

    assert outcomes == [Returned(b'"first"'), Returned(b"null")]


async def test_promise_that_never_settles() -> None:
    """An async function that waits for nothing is an error, not a timeout."""
    failure, _ = await failure_of("never_settles_async")

    assert failure.error_type == "Runtime.NodeJsExit"
    assert "a Promise that never settled" in failure.message


async def test_unhandled_rejection() -> None:
    """The caller learns of it, and the process ends with 128."""
    async with NODE.function("rejects_unhandled") as function:
        outcome = await function.invoke({})
        again = await function.invoke({})
        log = function.log.text

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.UnhandledPromiseRejection"
    assert outcome.message == "RangeError: nobody listens"
    assert "ERROR\tUnhandled Promise Rejection \t{" in log
    assert isinstance(again, Failed | Returned)


async def test_uncaught_exception() -> None:
    """The caller gets the error itself."""
    failure, log = await failure_of("throws_later")

    assert (failure.error_type, failure.message) == ("RangeError", "nobody catches")
    assert "ERROR\tUncaught Exception \t{" in log


async def test_thrown_string() -> None:
    """Anything can be thrown."""
    failure, log = await failure_of("throws_a_string")

    assert failure.payload == b'{"errorType":"string","errorMessage":"just words","trace":[]}'
    assert "ERROR\tInvoke Error \t" in log


async def test_console() -> None:
    """One line per call: time, request id, level, text; line breaks inside become carriage returns."""
    async with NODE.function("logs") as function:
        await function.invoke({})
        await function.invoke({})
        lines = function.log.text.splitlines(keepends=True)

    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    text = "".join(lines)
    assert re.search(rf"^{time}\t{function.request_id}\tINFO\tone {{ two: 2 }}\n", text)
    assert re.search(rf"{time}\t{function.request_id}\tERROR\tthree\rfour\n", text)


async def test_console_json() -> None:
    """AWS_LAMBDA_LOG_FORMAT=JSON turns each call into an object."""
    log = Log()
    configuration = replace(
        NODE.base,
        handler="behaviours.logs",
        environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN"},
    )
    async with environment(configuration, log) as function:
        await function.invoke(Invocation(b"{}", ID))

    (entry,) = map(json.loads, log.text.splitlines())
    assert (entry["level"], entry["requestId"], entry["message"]) == ("ERROR", ID, "three\nfour")


async def test_context() -> None:
    """The context has AWS's members; the trace id is in the environment while the handler runs."""
    log = Log()
    configuration = replace(NODE.base, handler="behaviours.shows_context")
    invocation = Invocation(
        b"{}",
        ID,
        trace_id="Root=1-x",
        client_context=b'{"custom":{"k":"v"}}',
        cognito_identity=b'{"cognitoIdentityId":"i"}',
    )
    async with environment(configuration, log) as function:
        outcome = await function.invoke(invocation)
        second = await function.invoke(Invocation(b"{}", ID))

    assert isinstance(outcome, Returned)
    context = json.loads(outcome.payload)
    remaining = context.pop("remaining")
    assert context == {
        "functionVersion": "$LATEST",
        "functionName": "conformance",
        "memoryLimitInMB": "128",
        "logGroupName": "/aws/lambda/conformance",
        "logStreamName": "stream",
        "clientContext": {"custom": {"k": "v"}},
        "identity": {"cognitoIdentityId": "i"},
        "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:conformance",
        "awsRequestId": ID,
        "callbackWaitsForEmptyEventLoop": True,
        "trace": "Root=1-x",
    }
    assert 0 < remaining <= 3000
    assert isinstance(second, Returned)
    assert json.loads(second.payload)["trace"] is None


TRACES = """
const { execFileSync } = require('node:child_process');
const name = '_X_AMZN_TRACE_ID';
const child = () => execFileSync('sh', ['-c', `echo "$${name}"`]).toString().trim();
const seen = () => [process.env[name] ?? null, { ...process.env }[name] ?? null, child()];
const memory = () => (gc(), process.memoryUsage().rss);
const id = (number) => `Root=1-65a0f5c0-${String(number).padStart(24, '0')};Parent=0123456789abcdef;Sampled=0`;
(async () => {
  const set = (await import(process.argv[1])).traceVariable(1000);
  const steps = [];
  for (const value of ['one', undefined, 'two']) steps.push((set(value), seen()));
  for (let number = 0; number < 100000; number += 1) set(id(number));
  const before = memory();
  for (let number = 0; number < 400000; number += 1) set(id(number));
  const grown = memory() - before;
  for (const value of ['three', undefined, 'four']) steps.push((set(value), seen()));
  process.env[name] = 'mine';
  steps.push(seen());
  delete process.env[name];
  steps.push(seen());
  set('five');
  process.env.OTHER = 6;
  steps.push([...seen(), process.env.OTHER]);
  console.log(JSON.stringify({ steps, grown }));
})();
"""


OWN_ENVIRONMENT = """
(async () => {
  const set = (await import(process.argv[1])).traceVariable(2);
  process.env = { mine: 'here' };
  for (const value of ['one', 'two', 'three']) set(value);
  console.log(JSON.stringify(process.env));
})();
"""


async def trace_script(script: str) -> Json:
    """What a script prints that is given the module behind the variable."""
    module = Path(gateway.bootstraps.__file__).parent / "node" / "trace.mjs"
    printed: Json = json.loads((await anyio.run_process(["node", "--expose-gc", "-e", script, str(module)])).stdout)
    return printed


async def test_an_environment_of_the_handler_stays() -> None:
    """What a handler puts in place of ``process.env`` is left alone, after any number of invocations."""
    assert await trace_script(OWN_ENVIRONMENT) == {"mine": "here"}


async def test_trace_ids_take_no_memory() -> None:
    """After very many invocations too each sees its own trace, and so do its child processes; nothing is kept."""
    found: Any = await trace_script(TRACES)

    values = [step[0] for step in found["steps"]]
    assert values == ["one", None, "two", "three", None, "four", "mine", None, "five"]
    for value, spread, child, *_ in found["steps"]:
        assert (spread, child) == (value, value or "")
    assert found["steps"][-1][-1] == "6"
    assert found["grown"] < 30 * 1024 * 1024


CALL_BACKS = """
const net = require('node:net');
(async () => {
  const { lead } = await import(process.argv[1]);
  const server = net.createServer((socket) => socket.end('here')).listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const { port } = server.address();
  lead(`ws.example.com=${port} other.example.com=1`);
  const read = (...given) => new Promise((done) => {
    let text = '';
    const socket = net.connect(...given);
    socket.on('data', (data) => { text += data; }).on('end', () => done(text)).on('error', (error) => done(error.code));
  });
  const lookup = (name, options, done) => done(Object.assign(new Error(name), { code: `asked for ${name}` }));
  console.log(JSON.stringify([
    await read({ host: 'WS.example.com.', port: 443 }),
    await read(443, 'ws.example.com'),
    await read({ host: 'other.example.com', port: '443' }),
    await read({ host: 'ws.example.com', port: 80, lookup }),
    await read({ host: 'a.ws.example.com', port: 443, lookup }),
    await read(port, '127.0.0.1'),
  ]));
  server.close();
})();
"""


async def test_call_backs() -> None:
    """The names of the gateway's own APIs are on this machine, for port 443 alone; all else is as it was given."""
    module = Path(gateway.bootstraps.__file__).parent / "node" / "call_backs.mjs"
    printed = (await anyio.run_process(["node", "-e", CALL_BACKS, str(module)])).stdout

    led, untouched = (
        ["here", "here", "ECONNREFUSED"],
        ["asked for ws.example.com", "asked for a.ws.example.com", "here"],
    )
    assert json.loads(printed) == led + untouched


async def test_slow_event_in_pieces() -> None:
    """A large event arrives whole."""
    async with NODE.function("returns") as function:
        outcome = await function.invoke({"large": "x" * 5_000_000})

    assert isinstance(outcome, Returned)
    assert len(json.loads(outcome.payload)["event"]["large"]) == 5_000_000


HTTP = "application/vnd.awslambda.http-integration-response"
PLAIN = "application/octet-stream"
END = b"\0" * 8
CREATED = b'{"statusCode":201}' + END


async def streamed(function: Running, way: str) -> tuple[str, bytes, str] | str:
    """A stream's content type, its bytes and the type of what broke it; the type of the failure that was none."""
    outcome = await function.invoke({"way": way}, streaming=True)
    if isinstance(outcome, Failed):
        return outcome.error_type
    assert isinstance(outcome, Streamed), outcome
    body, error_type = b"", ""
    try:
        async for piece in outcome.chunks:
            body += piece
    except StreamBroken as broken:
        error_type = broken.error_type
    assert outcome.ended
    await outcome.ended
    return outcome.content_type, body, error_type


async def test_streams() -> None:
    """Whatever a handler does to its stream, the platform sees what AWS's own client would send."""
    expected: dict[str, tuple[str, bytes, str] | str] = {
        "writes": (PLAIN, b"ab", ""),
        "only_ends": (PLAIN, b"", ""),
        "writes_an_object": (PLAIN, b'{"a":1}', ""),
        "writes_null": "TypeError",
        "writes_bytes": (PLAIN, b"abc", ""),
        "http": (HTTP, CREATED + b"body", ""),
        "http_writes_nothing": (HTTP, CREATED, ""),
        "http_only_ends": (HTTP, b"", ""),
        "http_ends_with": (HTTP, b"body", ""),
        "http_twice": (HTTP, b'{"statusCode":203}' + END + b"a", ""),
        "http_without_a_value": (HTTP, b"null" + END + b"a", ""),
        "http_pipes": (HTTP, CREATED + b"xy", ""),
        "http_pipes_nothing": (HTTP, b"", ""),
        "http_then_throws": "RangeError",
        "throws_words": "string",
        "breaks": (HTTP, CREATED + b"a", "RangeError"),
        "sets_a_type": ("text/html", b"a", ""),
        "sets_a_type_late": (PLAIN, b"a", "Runtime.InvalidStreamingOperation"),
        "ends_later": (PLAIN, b"late", ""),
        "pipes_and_leaves": (PLAIN, b"xy", ""),
        "waits_for_its_end": (PLAIN, b"a", ""),
        "gives_up": (PLAIN, b"a", "Runtime.TruncatedResponse"),
        "looks": (PLAIN, b"undefined,true,false", ""),
    }
    async with NODE.function("streams.handler") as function:
        pid = function.target.pid  # type: ignore[attr-defined]  # an environment has one
        found = {way: await streamed(function, way) for way in expected}
        still = function.target.pid  # type: ignore[attr-defined]

    assert found == expected
    assert pid == still


async def test_stream_of_a_handler_that_is_not_async() -> None:
    """It is an error."""
    failure, _ = await failure_of("streams.sync")

    assert failure.message == "Streaming does not support non-async handlers."


async def outcome_of_nodejs24(handler: str) -> Outcome | None:
    """The outcome of one invocation where that runtime is asked for."""
    configuration = replace(NODE.base, handler=f"modern.{handler}", runtime_name="nodejs24.x")
    async with environment(configuration, Log()) as function:
        return await function.invoke(Invocation(b"{}", ID, trace_id="Root=1"))


@pytest.mark.parametrize(
    ("handler", "payload"),
    [
        ("two", b'"two"'),
        ("sync", b'"sync"'),
        ("streams", b"three"),
        ("nested", b'"default export"'),
        ("context", b'["xRayTraceId"]'),
    ],
)
async def test_without_callbacks(handler: str, payload: bytes) -> None:
    """nodejs24.x awaits whatever a handler returns, and its context has no callbacks."""
    outcome = await outcome_of_nodejs24(handler)

    assert isinstance(outcome, Returned)
    assert outcome.payload == payload


async def test_callback_handler_of_nodejs24() -> None:
    """A handler with a third parameter fails at init, with AWS's words."""
    outcome = await outcome_of_nodejs24("three")

    assert isinstance(outcome, Failed)
    assert outcome.error_type == "Runtime.CallbackHandlerDeprecated"
    assert outcome.message.startswith("ERROR: AWS Lambda has removed support for callback-based function handlers")


def package(folder: Path, name: str, text: str) -> None:
    """An ES module package in a folder of packages."""
    (folder / name).mkdir(parents=True)
    (folder / name / "package.json").write_text('{"type": "module", "exports": "./index.js"}')
    (folder / name / "index.js").write_text(f"export default {json.dumps(text)};\n")


async def test_packages_of_layers_for_es_modules(tmp_path: Path) -> None:
    """They are found like those of CommonJS modules; the function's own come first."""
    layer, code = tmp_path / "opt" / "nodejs", tmp_path / "code"
    package(layer / "node24" / "node_modules", "versioned", "of the version")
    package(layer / "node_modules", "shared", "of all versions")
    package(layer / "node_modules", "own", "of the layer")
    package(code / "node_modules", "own", "of the function")
    lines = [f"import {name} from '{name}';" for name in ("versioned", "shared", "own")]
    failing = "const missing = await import('no-such-package').catch((error) => error.code);"
    result = "export const handler = async () => [versioned, shared, own, missing];"
    (code / "app.mjs").write_text("\n".join([*lines, failing, result]))
    configuration = replace(NODE.base, handler="app.handler", task_root=code, runtime_name="nodejs24.x")
    options = options_for(configuration, Log(), Reaper(), tmp_path / "opt")
    async with environment(configuration, Log(), variables=options.variables) as function:
        outcome = await function.invoke(Invocation(b"{}", ID))

    assert isinstance(outcome, Returned), outcome
    assert json.loads(outcome.payload) == [
        "of the version",
        "of all versions",
        "of the function",
        "ERR_MODULE_NOT_FOUND",
    ]
