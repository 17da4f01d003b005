"""The Python runtime against AWS's own, and against what was recorded of it."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from decimal import Decimal
from pathlib import Path

import pytest
from awslambdaric import bootstrap
from awslambdaric.lambda_context import LambdaContext as AwsContext
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from hypothesis import given
from hypothesis import strategies as st

from gateway.bootstraps.python import lambda_runtime as runtime

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:app"

Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - the kind that handlers return


class Colour(enum.IntEnum):
    """A number with a name."""

    RED = 1


class Word(str, enum.Enum):  # noqa: UP042 - the older kind
    """Text with a name."""

    YES = "yes"


class Table:
    """Not a named tuple, but with the method that makes one."""

    def _asdict(self) -> dict[str, int]:
        return {"rows": 2}


def circle() -> list[object]:
    """A list that holds itself, and a Decimal."""
    value: list[object] = [Decimal(1)]
    value.append(value)
    return value


def deep(levels: int) -> list[object]:
    """Lists in lists."""
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


RESULTS: list[object] = [
    None, True, 1, 10**40, 1.5, -0.0, float("nan"), float("inf"), float("-inf"), "", "ü€😀", "\u2028", "\x7f</script>",
    b"\x00\xff", {}, [], (1, (2,)), {"b": 1, "a": 2}, {1: 2, 1.5: 3, False: 4, None: 5}, {"f": float("nan")},
    Decimal("1.10"), Decimal("1E+3"), Decimal("-0"), Decimal("NaN"), Decimal("-NaN"), Decimal("Infinity"),
    [Decimal(1), "a", {"d": Decimal("0.1")}], Point(1, 2), [Point(1, Decimal(2))], {"p": Point("a", Point(1, 2))},
    Table(), {"t": Table()}, Colour.RED, Word.YES, {Colour.RED: 1}, {Word.YES: 1}, {"a": b"text"}, [b"text"],
    {b"key": 1}, {"a": b"\xff"}, {(1, 2): 3}, {Decimal(1): 2}, {dt.date(2024, 1, 1): 1}, {1, 2}, object, 1j,
    bytearray(b"a"), dt.datetime(2024, 1, 1, tzinfo=dt.UTC), range(3), circle(), deep(100_000),
    collections.OrderedDict(b=1, a=2), ValueError("x"),
]  # fmt: skip


def aws_result(value: object) -> tuple[bytes, str] | str:
    """What AWS's encoder makes of a result, or the message of its error."""
    try:
        payload, content_type = LambdaMarshaller().marshal_response(value)
    except FaultException as error:
        return f"{error.exception_type} {error.msg}"
    return (payload if isinstance(payload, bytes) else payload.encode()), content_type


def our_result(value: object) -> tuple[bytes, str] | str:
    """What ours makes of it."""
    try:
        return runtime.encode_result(value)
    except runtime.RuntimeFault as error:
        return f"{error.error_type} {error}"


@pytest.fixture(params=[True, False], ids=["escaped", "raw"])
def _escaping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Python 3.12, and from then on."""
    version = "3.11" if request.param else "3.12"
    monkeypatch.setenv("AWS_EXECUTION_ENV", f"AWS_Lambda_python{version}")
    monkeypatch.setattr(runtime, "ASCII_ONLY", request.param)


@pytest.mark.usefixtures("_escaping")
@pytest.mark.parametrize("result", RESULTS, ids=lambda value: type(value).__name__)
def test_encodes_results_as_aws_does(result: object) -> None:
    """Bytes, content type and error text are those of AWS's runtime client."""
    assert our_result(result) == aws_result(result)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text() | st.binary(max_size=3),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
        max_leaves=8,
    )
)
def test_encodes_any_result_as_aws_does(result: object) -> None:
    """So are those of results nobody thought of."""
    assert our_result(result) == aws_result(result)


class Posted:
    """Stands where AWS's client has the Runtime API, and keeps what the runtime posts."""

    def __init__(self) -> None:
        self.marshaller = LambdaMarshaller()
        self.posted: tuple[bool, bytes, str] | None = None

    def post_invocation_result(self, _id: str, result: str | bytes, content_type: str, _other: object = None) -> None:
        """A result."""
        self.posted = True, result if isinstance(result, bytes) else result.encode(), content_type

    def post_invocation_error(self, _id: str, error: str, _xray: str, _other: object = None) -> None:
        """An error."""
        self.posted = False, error.encode(), "application/json"


def aws_run(handler: runtime.Handler, event: str) -> tuple[tuple[bool, bytes, str] | None, str]:
    """Run a handler in AWS's runtime: what it posts and what it logs."""
    client, log = Posted(), io.StringIO()
    with redirect_stdout(log):
        bootstrap.handle_event_request(
            client,
            handler,
            REQUEST_ID,
            event,
            "application/json",
            None,
            None,
            ARN,
            0,
            None,
            bootstrap.StandardLogSink(),
        )
    return client.posted, log.getvalue()


def our_run(handler: runtime.Handler, event: str) -> tuple[tuple[bool, bytes, str], str]:
    """Run it in ours."""
    log = io.StringIO()
    with redirect_stdout(log):
        posted = runtime.run(handler, event.encode(), runtime.LambdaContext(REQUEST_ID, 0, ARN))
    return posted, log.getvalue()


def returns(event: object, context: object) -> object:  # noqa: ARG001 - Lambda's signature
    """Give the event back."""
    return event


def raises(event: object, context: object) -> object:  # noqa: ARG001
    """Fail in a frame of its own."""
    return helper(event)


def helper(event: object) -> object:
    """The innermost frame."""
    raise LookupError("böse: " + json.dumps(event) + "\n  second line")


def raises_nothing_said(event: object, context: object) -> object:  # noqa: ARG001
    """An error without a message."""
    raise KeyError


def raises_from(event: object, context: object) -> object:
    """An error with a cause, which is not told."""
    try:
        return helper(event)
    except LookupError as error:
        raise ValueError(str(context.__class__.__name__)) from error


def returns_a_set(event: object, context: object) -> object:  # noqa: ARG001
    """No JSON."""
    return {1}


@pytest.mark.parametrize(
    ("handler", "event"),
    [
        (returns, '{"a": "ü"}'),
        (returns, "null"),
        (returns, ""),
        (raises, '{"a": 1}'),
        (raises_nothing_said, "1"),
        (raises_from, "1"),
        (returns_a_set, "1"),
    ],
)
def test_runs_handlers_as_aws_does(handler: runtime.Handler, event: str) -> None:
    """What is posted and what is logged is the same, byte for byte."""
    assert our_run(handler, event) == aws_run(handler, event)


def test_event_that_is_no_json() -> None:
    """It is the runtime's own error; the words about the place are those of the JSON parser."""
    (returned, payload, _), _ = our_run(returns, '{"a": tru}')

    error = json.loads(payload)
    assert not returned
    assert error["errorType"] == "Runtime.UnmarshalError"
    assert error["errorMessage"] == "Unable to unmarshal input: Expecting value: line 1 column 7 (char 6)"


def test_json_log_format_of_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the JSON log format an error is one object with the time and the level in front."""
    monkeypatch.setenv("AWS_LAMBDA_LOG_FORMAT", "JSON")

    (_, payload, _), log = our_run(raises, "1")

    entry = json.loads(log)
    assert list(entry)[:2] == ["timestamp", "level"]
    assert entry["level"] == "ERROR"
    assert {key: entry[key] for key in list(entry)[2:]} == json.loads(payload)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for handler modules; they are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


LOADS = [
    ("app.handler", "handler = 5\n", None, None),
    ("src/app.handler", "handler = 5\n", None, None),
    ("src.app.handler", "handler = 5\n", None, None),
    ("app.missing", "", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
    (
        "nowhere.handler",
        "",
        "Runtime.ImportModuleError",
        "Unable to import module 'nowhere': No module named 'nowhere'",
    ),
    (
        "app.handler",
        "import no_such_module\n",
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'no_such_module'",
    ),
    (
        "app.handler",
        "x = 1\nx = = 2\n",
        "Runtime.UserCodeSyntaxError",
        "Syntax error in module 'app': invalid syntax (app.py, line 2)",
    ),
    (
        "bad",
        "",
        "Runtime.MalformedHandlerName",
        "Bad handler 'bad': not enough values to unpack (expected 2, got 1)",
    ),
    ("sys.exit", "", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
]


@pytest.mark.parametrize(("setting", "source", "error_type", "message"), LOADS)
def test_loads_handlers_as_aws_does(
    folder: Path, setting: str, source: str, error_type: str | None, message: str | None
) -> None:
    """Each way in which a handler cannot be loaded has its type and its words."""
    file = folder / ("src/app.py" if setting.startswith("src") else "app.py")
    file.parent.mkdir(exist_ok=True)
    file.write_text(source)

    if error_type is None:
        assert runtime.load_handler(setting) == 5  # type: ignore[comparison-overlap]  # nobody looks at it yet
        return
    with pytest.raises(runtime.RuntimeFault) as ours:
        runtime.load_handler(setting)
    assert (ours.value.error_type, str(ours.value)) == (error_type, message)
    with pytest.raises(FaultException) as theirs:
        bootstrap._get_handler(setting)("event", None)
    sys.modules.pop("app", None)
    assert theirs.value.exception_type == error_type
    assert theirs.value.msg == message
    assert [*(theirs.value.trace or ())] == ours.value.stack


def test_module_that_raises_while_it_loads(folder: Path) -> None:
    """Its own exception comes through, and the user is told where."""
    (folder / "app.py").write_text("x = 1\nraise ValueError('no')\n")

    with pytest.raises(ValueError, match="no") as raised:
        runtime.load_handler("app.handler")

    assert runtime.place_of(raised.value) == f"{folder / 'app.py'}, line 2"


def test_place_of_a_syntax_error(folder: Path) -> None:
    """A syntax error is placed where it is, not where the import stood."""
    (folder / "app.py").write_text("import broken\n")
    (folder / "broken.py").write_text("\n\ndef f(:\n")

    with pytest.raises(runtime.RuntimeFault) as raised:
        runtime.load_handler("app.handler")

    assert runtime.place_of(raised.value) == f"{folder / 'broken.py'}, line 3"


def test_no_place_without_a_file_of_the_user() -> None:
    """A module that does not exist has no place."""
    with pytest.raises(runtime.RuntimeFault) as raised:
        runtime.load_handler("no_such_module.handler")

    assert runtime.place_of(raised.value) == ""


VARIABLES = {
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/app",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
    "AWS_LAMBDA_FUNCTION_NAME": "app",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
}


def test_context_is_that_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every member of AWS's context object has the same value in ours, its text included."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    client = {"custom": {"a": 1}, "env": {"b": "2"}, "client": {"app_title": "t", "installation_id": "i"}}
    identity = {"cognitoIdentityId": "id", "cognitoIdentityPoolId": "pool"}

    ours = runtime.LambdaContext(REQUEST_ID, 0, ARN, json.dumps(client), json.dumps(identity))

    theirs = AwsContext(REQUEST_ID, client, identity, 0, ARN, None)
    plain = [name for name in vars(theirs) if not name.startswith("_") and isinstance(vars(theirs)[name], str | None)]
    assert len(plain) >= 7
    assert {name: getattr(ours, name) for name in plain} == {name: getattr(theirs, name) for name in plain}
    for part in (ours, theirs):
        assert part.client_context.custom == {"a": 1}  # type: ignore[union-attr]
        assert part.client_context.env == {"b": "2"}  # type: ignore[union-attr]
        assert part.client_context.client.app_title == "t"  # type: ignore[union-attr]
        assert part.identity.cognito_identity_pool_id == "pool"
        assert part.get_remaining_time_in_millis() == 0
    bare = runtime.LambdaContext(REQUEST_ID, 0, ARN)
    assert bare.client_context is None
    assert bare.identity.cognito_identity_id is None
    shown = [str(AwsContext(REQUEST_ID, None, None, 0, ARN, None)), str(bare)]
    assert shown[0].split(",identity=")[0] == shown[1].split(",identity=")[0]


def test_context_log_adds_no_line_end() -> None:
    """``context.log`` writes what it gets, whatever that is."""
    log = io.StringIO()
    with redirect_stdout(log):
        runtime.LambdaContext(REQUEST_ID, 0, ARN).log({"a": 1})

    assert log.getvalue() == "{'a': 1}"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger without handlers; afterwards as it was."""
    logger = logging.getLogger()
    handlers, level, converter = logger.handlers[:], logger.level, logging.Formatter.converter
    logger.handlers.clear()
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logging.Formatter.converter = converter


def test_text_log_record(root: logging.Logger) -> None:
    """Level, time in UTC, request id and message, separated by tabs."""
    log = io.StringIO()
    with redirect_stdout(log):
        runtime.set_up_logging()
        our_run(returns, "1")
        root.warning("half %d %%", 50)

    level, time, request_id, message = log.getvalue().split("\t")
    assert (level, request_id, message) == ("[WARNING]", REQUEST_ID, "half 50 %\n")
    assert dt.datetime.fromisoformat(time).tzinfo == dt.UTC


def test_json_log_record(root: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """One object a line: extras are members, an exception has its type, message, place and frames."""
    monkeypatch.setenv("AWS_LAMBDA_LOG_FORMAT", "JSON")
    log = io.StringIO()
    with redirect_stdout(log):
        runtime.set_up_logging()
        our_run(returns, "1")
        root.error({"as": "is"}, extra={"colour": "blue"})
        try:
            helper(1)
        except LookupError:
            logging.getLogger("app").exception("it failed")

    first, second = map(json.loads, log.getvalue().splitlines())
    assert list(first) == ["timestamp", "level", "message", "logger", "requestId", "colour"]
    assert (first["message"], first["colour"], first["requestId"]) == ({"as": "is"}, "blue", REQUEST_ID)
    assert (second["logger"], second["errorType"]) == ("app", "LookupError")
    assert second["errorMessage"].startswith("böse")
    assert second["location"].startswith(f"{__file__}:test_json_log_record:")
    assert any("raise LookupError" in frame for frame in second["stackTrace"])


@pytest.mark.parametrize(
    ("given", "level"), [("", logging.WARNING), ("TRACE", 10), ("WARN", 30), ("FATAL", 50), ("INFO", 20), ("odd", 30)]
)
def test_log_level(root: logging.Logger, monkeypatch: pytest.MonkeyPatch, given: str, level: int) -> None:
    """``AWS_LAMBDA_LOG_LEVEL`` in Lambda's words sets the root logger's level; others change nothing."""
    root.setLevel(logging.WARNING)
    monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", given)

    runtime.set_up_logging()

    assert root.level == level


def test_w3c_trace_context_is_no_part_of_the_client_context() -> None:
    """The service hides the trace context in the client context; the handler sees it only through ``w3c``."""
    context = runtime.LambdaContext(REQUEST_ID, 0, ARN, '{"custom":{},"w3c":{"traceparent":"00-1","other":"x"}}')

    assert context.w3c() == {"traceparent": "00-1"}
    assert context.client_context is not None


def test_remaining_time_never_negative() -> None:
    """After the deadline nothing remains."""
    assert runtime.LambdaContext(REQUEST_ID, 0, ARN).get_remaining_time_in_millis() == 0
