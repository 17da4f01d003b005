"""What a Python handler meets on Lambda, in the standard library alone.

This file runs in the handler's own interpreter and environment, so it imports nothing of ours and as little as it
can.  Facts, checked against AWS's own runtime client for Python, awslambdaric 4.2.2:

- The handler setting is split at its last dot; slashes in the module part become dots.
- Results are JSON with ``", "`` and ``": "``; non-ASCII is escaped before Python 3.12 and raw from then on; NaN and
  Infinity stay as those letters; ``Decimal`` becomes a bare number; a named tuple becomes an object; a result of
  ``bytes`` is passed on as it is, ``bytes`` inside of a result become text.
- An error is ``errorMessage, errorType, requestId, stackTrace`` in this order, frames of the runtime left out.
- ``SystemExit`` ends the process without an answer.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time

TYPE_CHECKING = False  # importing typing would cost a tenth of the cold start
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Handler = Callable[[object, "LambdaContext"], object]

ASCII_ONLY = sys.version_info < (3, 12)
# json.dumps and json.loads do more than a plain value needs; `_is_plain` has found every circle.
_dump_plain = {only: json.JSONEncoder(ensure_ascii=only, check_circular=False).encode for only in (False, True)}
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # typeshed does not know it
INIT_WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, "
    "runtime updates can be triggered by a function change, or can be applied automatically. To determine if the "
    "runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with a "
    "change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the previous "
    "runtime version. For more information, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


class RuntimeFault(Exception):
    """An error that the runtime itself reports, such as ``Runtime.HandlerNotFound``."""

    def __init__(self, error_type: str, message: str, stack: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.stack = list(stack)


def load_handler(name: str) -> Handler:
    """Import the handler that a setting such as ``src/app.handler`` names.

    Raises:
        RuntimeFault: The module or the function is missing, or the file has a syntax error.
        Exception: Whatever the module itself raises while it is imported.
    """
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise RuntimeFault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise RuntimeFault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        stack = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        message = f"Syntax error in module '{module_name}': {error}"
        raise RuntimeFault("Runtime.UserCodeSyntaxError", message, stack) from error
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise RuntimeFault("Runtime.HandlerNotFound", message) from None
    return handler


# What a context is made of is read for every invocation, as on AWS; ``os.environ`` would encode each name each time.
_variables = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001
_LOG_GROUP_NAME, _LOG_STREAM_NAME, _FUNCTION_NAME, _MEMORY_SIZE, _VERSION = (
    os.environ.encodekey(f"AWS_LAMBDA_{name}")
    for name in ("LOG_GROUP_NAME", "LOG_STREAM_NAME", "FUNCTION_NAME", "FUNCTION_MEMORY_SIZE", "FUNCTION_VERSION")
)
_decode_variable = os.environ.decodevalue


def _variable(key: object) -> str | None:
    value = _variables.get(key)
    return None if value is None else _decode_variable(value)


class CognitoIdentity:
    """``context.identity``: always there, its members None without Cognito."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.cognito_identity_id = values.get("cognitoIdentityId")
        self.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")


class Client:
    """``context.client_context.client``: the app that a mobile SDK described."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.installation_id = values.get("installation_id")
        self.app_title = values.get("app_title")
        self.app_version_name = values.get("app_version_name")
        self.app_version_code = values.get("app_version_code")
        self.app_package_name = values.get("app_package_name")


class ClientContext:
    """``context.client_context`` of a caller that sent one."""

    def __init__(self, values: Mapping[str, object]) -> None:
        client = values.get("client")
        self.custom = values.get("custom")
        self.env = values.get("env")
        self.client = Client(client) if isinstance(client, dict) else None


class LambdaContext:
    """The second argument of a handler."""

    def __init__(
        self, request_id: str, deadline_ms: int, function_arn: str, client_context: str = "", identity: str = ""
    ) -> None:
        self.aws_request_id = request_id
        self.log_group_name = _variable(_LOG_GROUP_NAME)
        self.log_stream_name = _variable(_LOG_STREAM_NAME)
        self.function_name = _variable(_FUNCTION_NAME)
        self.memory_limit_in_mb = _variable(_MEMORY_SIZE)
        self.function_version = _variable(_VERSION)
        self.invoked_function_arn = function_arn
        self.tenant_id = None
        given = json.loads(client_context) if client_context else None
        w3c = given.pop("w3c", None) if isinstance(given, dict) else None
        self._w3c = w3c if isinstance(w3c, dict) else {}
        self.client_context = ClientContext(given) if isinstance(given, dict) else None
        self.identity = CognitoIdentity(json.loads(identity) if identity else {})
        # The wall clock may be set while the handler runs; what is left may not change with it.
        self._ends_at = time.monotonic() + deadline_ms / 1000 - time.time()

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out, never negative."""
        return max(int((self._ends_at - time.monotonic()) * 1000), 0)

    def log(self, message: object) -> None:
        """Write one message to the function's log."""
        sys.stdout.write(str(message))

    def w3c(self) -> dict[str, str]:
        """The W3C trace context that came with the invocation."""
        names = ("traceparent", "tracestate", "baggage")
        return {name: self._w3c[name] for name in names if isinstance(self._w3c.get(name), str)}

    def __repr__(self) -> str:
        """All members by name, as AWS prints them."""
        names = (
            "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version "
            "invoked_function_arn client_context identity tenant_id"
        )
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in names.split())}])"


_PLAIN = {str, int, bool, float, type(None)}


def _is_plain(value: object) -> bool:
    """Whether the standard encoder writes this value as AWS's runtime would."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return (kind is list or kind is tuple) and isinstance(value, list | tuple) and all(map(_is_plain, value))


class _Numbers:
    """Stands in for each ``Decimal`` while the standard encoder runs, then puts the digits in its place."""

    def __init__(self) -> None:
        self.mark = os.urandom(8).hex()
        self.texts: list[str] = []

    def encode(self, value: object) -> object:
        """What the standard encoder writes for a value that it does not know."""
        decimal = sys.modules.get("decimal")
        if isinstance(value, bytes):
            return value.decode()
        if not decimal or not isinstance(value, decimal.Decimal):
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        text = str(value)
        if "NaN" in text:
            return float("nan")
        self.texts.append(text)
        return f"{self.mark}{len(self.texts) - 1}"

    def restore(self, text: str) -> str:
        for index, digits in enumerate(self.texts):
            text = text.replace(f'"{self.mark}{index}"', digits)
        return text


def _key(key: object) -> object:
    if isinstance(key, bytes):
        return key.decode()
    if key is None or isinstance(key, str | int | float):
        return key
    raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")


def _simplify(value: object) -> object:
    """Named tuples as objects, keys as text."""
    as_dict = getattr(value, "_asdict", None)
    if callable(as_dict):
        return _simplify(as_dict())
    if isinstance(value, dict):
        return {_key(key): _simplify(member) for key, member in value.items()}
    return [_simplify(member) for member in value] if isinstance(value, list | tuple) else value


def to_json(value: object) -> str:
    """JSON text as AWS's runtime writes it.

    Raises:
        TypeError, ValueError: The value has no JSON form.
    """
    try:
        if _is_plain(value):
            return _dump_plain[ASCII_ONLY](value)
        simple = _simplify(value)
    except TypeError:  # a key that is not text
        simple = _simplify(value)
    except RecursionError:  # the encoder knows whether it is a circle
        simple = value
    numbers = _Numbers()
    return numbers.restore(json.dumps(simple, ensure_ascii=ASCII_ONLY, default=numbers.encode))


def load_event(event: bytes) -> object:
    """The value of an event, as ``json.loads`` reads it; raises ``ValueError`` when it is no JSON.

    An object with nothing around it, and so in UTF-8, is nearly every event: it needs no look at the encoding.
    """
    if event[:1] == b"{" and event[-1:] == b"}":
        text = event.decode("utf-8", "surrogatepass")
        try:
            value, end = _scan(text, 0)
        except StopIteration:
            end = 0  # json.loads has the words for what is missing
        if end == len(text):
            return value
    return json.loads(event)


def encode_result(result: object) -> tuple[bytes, str]:
    """A handler's result as the bytes and the content type that the runtime sends.

    Raises:
        RuntimeFault: ``Runtime.MarshalError``.
    """
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        text = to_json(result)
    except Exception as error:  # noqa: BLE001 - so does AWS's encoder
        raise RuntimeFault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None
    return text.encode(), "application/json"


_OURS = __file__.removesuffix("bootstraps/python/lambda_runtime.py")


def error_object(error: Exception, request_id: str) -> dict[str, object]:
    """The error JSON of an exception, frames of this runtime left out."""
    if isinstance(error, RuntimeFault):
        error_type, stack = error.error_type, error.stack
    else:
        import traceback  # noqa: PLC0415 - only a failing handler pays for it

        frames = traceback.extract_tb(error.__traceback__)
        while frames and frames[0].filename.startswith(_OURS):
            del frames[0]
        error_type, stack = (
            type(error).__name__,
            traceback.format_list([(f.filename, f.lineno or 0, f.name, f.line) for f in frames]),
        )
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": stack}


def place_of(error: BaseException) -> str:
    """Where an import went wrong: ``<file>, line <n>``, "" when no file of the user is at fault."""
    import traceback  # noqa: PLC0415 - only a failing handler pays for it

    cause = error.__cause__ or error
    if isinstance(cause, RuntimeFault):
        return ""
    if isinstance(cause, SyntaxError):
        return f"{cause.filename}, line {cause.lineno}"
    ours = (__file__.removesuffix("lambda_runtime.py"), importlib.__file__, "<")
    frames = [f for f in traceback.extract_tb(cause.__traceback__) if not f.filename.startswith(ours)]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def log_error(error: dict[str, object]) -> None:
    """Write an error as one log event: JSON, or lines joined by CR with no-break spaces for indentation."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stdout.write(to_json({"timestamp": stamp, "level": "ERROR", **error}) + "\n")
        return
    head = ": ".join(part for part in (str(error["errorType"]), str(error["errorMessage"])) if part)
    lines = [f"[ERROR] {head}" if head else "[ERROR]", "Traceback (most recent call last):"]
    stack = error["stackTrace"]
    for line in "".join(stack if isinstance(stack, list) else ()).splitlines():
        bare = line.lstrip(" ")
        if line:
            lines.append("\u00a0" * (len(line) - len(bare)) + bare)
    sys.stdout.write("\r".join(lines) + "\n")


class LogHandler(logging.Handler):
    """Writes records to standard output with the request id of the running invocation."""

    request_id = ""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json
        form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        self.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        record.aws_request_id = LogHandler.request_id
        sys.stdout.write(self._json_line(record) if self.as_json else self.format(record))

    def _json_line(self, record: logging.LogRecord) -> str:
        as_is = isinstance(record.msg, dict) and not record.args
        entry: dict[str, object] = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.msg if as_is else record.getMessage(),
            "logger": record.name,
            "requestId": LogHandler.request_id,
        }
        if record.exc_info:
            import traceback  # noqa: PLC0415 - only a failing handler pays for it

            kind, error, trace = record.exc_info
            entry["stackTrace"] = traceback.format_tb(trace)
            entry["errorType"] = kind.__name__ if kind else None
            entry["errorMessage"] = str(error)
            entry["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        extras = {key: value for key, value in vars(record).items() if key not in _RECORD_KEYS}
        entry.update(extras)
        return json.dumps({k: v for k, v in entry.items() if v is not None}, ensure_ascii=False, default=str) + "\n"


_RECORD_KEYS = {*vars(logging.makeLogRecord({})), "message", "asctime", "aws_request_id"}


def set_up_logging() -> None:
    """Give the root logger the handler that it has on Lambda, and the level of ``AWS_LAMBDA_LOG_LEVEL``."""
    logging.Formatter.converter = time.gmtime
    root = logging.getLogger()
    root.addHandler(LogHandler(os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"))
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "FATAL": "CRITICAL", "WARN": "WARNING"}.get(level, level)
    if isinstance(logging.getLevelName(level), int):
        root.setLevel(level)


def run(handler: Handler, event: bytes, context: LambdaContext) -> tuple[bool, bytes, str]:
    """Call a handler once: whether it returned, the result or error JSON, and the content type.

    Only ``Exception`` is an answer; ``SystemExit`` and its like end the process, as on Lambda.
    """
    LogHandler.request_id = context.aws_request_id
    try:
        try:
            value = load_event(event)
        except ValueError as error:
            raise RuntimeFault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from None
        return (True, *encode_result(handler(value, context)))
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its answer
        fault = error_object(error, context.aws_request_id)
        log_error(fault)
        return False, to_json(fault).encode(), "application/json"
