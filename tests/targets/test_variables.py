"""A function's environment variables."""

import re
from pathlib import Path

import pytest

from gateway.configuration import RESERVED_VARIABLES, FunctionConfiguration
from gateway.errors import UsageError
from gateway.targets.variables import (
    check_user_variables,
    credentials,
    function_variables,
    new_log_stream,
    runtime_variables,
    variables_in_process,
)


@pytest.mark.parametrize("name", sorted(RESERVED_VARIABLES))
def test_reserved_names(name: str) -> None:
    """Lambda refuses a reserved name; the message says so."""
    with pytest.raises(UsageError, match=f"environment variable {name}: Lambda reserves this name"):
        check_user_variables({name: "x"})


def test_several_reserved_names() -> None:
    """All of them are named at once, in the user's order, as by Lambda."""
    with pytest.raises(UsageError, match="variables LAMBDA_TASK_ROOT, AWS_REGION: Lambda reserves these names; choose"):
        check_user_variables({"LAMBDA_TASK_ROOT": "x", "MINE": "", "AWS_REGION": "x"})


@pytest.mark.parametrize("name", ["_X", "1A", "A", "", "A-B", "Ä1", "A B", "A="])
def test_malformed_names(name: str) -> None:
    """A name begins with a letter, has two characters or more, and no others than letters, digits and _."""
    with pytest.raises(UsageError, match=r"a name begins with a letter"):
        check_user_variables({name: "x"})


@pytest.mark.parametrize("name", ["TZ", "LANG", "PATH", "AWS_PROFILE", "a1", "A_", "AWS_XRAY_DAEMON_ADDRESS"])
def test_allowed_names(name: str) -> None:
    """What is not reserved may be set, also some that Lambda sets itself."""
    check_user_variables({name: ""})


def test_size() -> None:
    """4 KB as compact JSON is allowed, a byte more is not."""
    check_user_variables({"AA": "x" * (4096 - 10)})
    with pytest.raises(UsageError, match="take 4097 bytes as JSON; Lambda allows 4096"):
        check_user_variables({"AA": "x" * (4096 - 9)})


def test_log_streams() -> None:
    """Named by day and version as on AWS, each only once."""
    first, second = new_log_stream("7"), new_log_stream("7")

    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[7\][0-9a-f]{32}", first)
    assert first != second


def test_everything_a_function_sees() -> None:
    """Lambda's own variables win, the user's win over defaults, of the host's only a few pass."""
    function = FunctionConfiguration(
        name="app",
        handler="app.handler",
        task_root=Path("/code"),
        memory_mb=256,
        environment={"TZ": "Europe/Berlin", "PATH": "/mine", "GREETING": "hi"},
        version="7",
        region="eu-central-1",
    )
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    host = {"PATH": "/usr/bin", "HOME": "/home/me", "GATEWAY_SECRET": "s", "LANG": "C", **keys}

    variables = function_variables(function, host, Path("/scratch"), "the/stream")

    assert variables == {
        "HOME": "/home/me",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "",
        "PATH": "/mine",
        "GREETING": "hi",
        "TZ": "Europe/Berlin",
        "LANG": "en_US.UTF-8",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "_HANDLER": "app.handler",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_NAME": "app",
        "AWS_LAMBDA_FUNCTION_VERSION": "7",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/app",
        "AWS_LAMBDA_LOG_STREAM_NAME": "the/stream",
        "LAMBDA_TASK_ROOT": "/code",
        "PWD": "/code",
        "TMPDIR": "/scratch",
    }


def test_json_logs() -> None:
    """The runtime is told of them; the user's level wins."""
    function = FunctionConfiguration("f", "h", log_format="JSON", environment={"AWS_LAMBDA_LOG_LEVEL": "WARN"})
    variables = function_variables(function, {}, Path("/scratch"), "the/stream")

    assert (variables["AWS_LAMBDA_LOG_FORMAT"], variables["AWS_LAMBDA_LOG_LEVEL"]) == ("JSON", "WARN")


def test_placeholders(tmp_path: Path) -> None:
    """Without credentials there are three all the same, in the form that AWS's have."""
    found = credentials({"HOME": str(tmp_path)}, {})

    assert re.fullmatch("ASIA[A-Z2-7]{16}", found["AWS_ACCESS_KEY_ID"])
    assert re.fullmatch("[A-Za-z0-9/+]{40}", found["AWS_SECRET_ACCESS_KEY"])
    assert re.fullmatch("[A-Za-z0-9/+]+=*", found["AWS_SESSION_TOKEN"])


@pytest.mark.parametrize("user", [{"AWS_PROFILE": "me"}, {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}])
def test_no_placeholders_before_a_source_of_the_user(tmp_path: Path, user: dict[str, str]) -> None:
    """Variables would win over the credentials that the user's own variables lead to."""
    assert credentials({"HOME": str(tmp_path)}, user) == {}


@pytest.mark.parametrize(
    ("file", "text", "is_source"),
    [
        ("credentials", "", True),
        ("config", "[default]\nsso_session = me\n", True),
        ("config", "[default]\nregion = eu-central-1\n", False),
    ],
)
def test_no_placeholders_before_files(tmp_path: Path, file: str, text: str, is_source: bool) -> None:
    """Nor do they stand before the files of AWS's SDKs, where these have credentials."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / file).write_text(text)

    assert (credentials({"HOME": str(tmp_path)}, {}) == {}) is is_source


@pytest.mark.parametrize(
    ("runtime", "variable", "parts"),
    [
        (
            "nodejs",
            "NODE_PATH",
            [
                "opt/nodejs/node22/node_modules",
                "opt/nodejs/node_modules",
                "/var/runtime/node_modules",
                "/var/runtime",
                "code",
            ],
        ),
        ("python", "PYTHONPATH", ["opt/python", "opt/python/lib/python3.12/site-packages", "/var/runtime"]),
        ("python", "LD_LIBRARY_PATH", ["code", "code/lib", "opt/lib"]),
        ("provided", "LD_LIBRARY_PATH", ["code", "code/lib", "opt/lib"]),
    ],
)
def test_search_paths(tmp_path: Path, runtime: str, variable: str, parts: list[str]) -> None:
    """The folder that stands for /opt is on the search path of each runtime."""
    function = FunctionConfiguration("f", "h", tmp_path / "code", runtime=runtime, opt=tmp_path / "opt")

    variables = runtime_variables(function, {"PATH": "/bin"}, "22" if runtime == "nodejs" else "3.12")

    assert variables[variable].split(":") == [str(tmp_path / part) for part in parts]
    assert variables["PATH"] == f"/bin:{tmp_path / 'opt' / 'bin'}"


@pytest.mark.parametrize(
    ("runtime", "variable", "parts"),
    [
        ("nodejs24.x", "NODE_PATH", ["/o/nodejs/node24/node_modules", "/o/nodejs/node_modules"]),
        (
            "python3.9",
            "PYTHONPATH",
            ["/o/python", "/o/python/lib/python3.9/site-packages", "/o/python/lib/python3.12/site-packages"],
        ),
    ],
)
def test_search_paths_of_the_version_asked_for(runtime: str, variable: str, parts: list[str]) -> None:
    """The folder of the version in the runtime's name is looked at, whatever runs it."""
    language = re.sub(r"\d.*", "", runtime)
    function = FunctionConfiguration("f", "h", runtime=language, runtime_name=runtime, opt=Path("/o"))
    variables = runtime_variables(function, {}, "3.12")

    assert variables[variable].split(":")[: len(parts)] == parts
    assert variables["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{runtime}"


@pytest.mark.parametrize(("runtime", "there"), [("python", True), ("nodejs", True), ("provided", False)])
def test_variables_of_managed_runtimes(runtime: str, there: bool) -> None:
    """Some are missing for runtimes of one's own, as recorded; where the Runtime API is, all of them are told."""
    variables = runtime_variables(FunctionConfiguration("f", "h", runtime=runtime), {"PWD": "/x"}, "3.12")

    assert [name in variables for name in ("PWD", "SHLVL", "AWS_EXECUTION_ENV")] == [there] * 3
    assert "AWS_LAMBDA_RUNTIME_API" in variables


RECORDED = (
    "AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME "
    "AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME "
    "AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_XRAY_CONTEXT_MISSING "
    "AWS_XRAY_DAEMON_ADDRESS LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT LANG LD_LIBRARY_PATH PATH TZ "
    "_AWS_XRAY_DAEMON_ADDRESS _AWS_XRAY_DAEMON_PORT _HANDLER"
)
"""Those of every runtime; ``_X_AMZN_TRACE_ID`` comes with the invocation."""


@pytest.mark.parametrize(
    ("runtime", "name", "more"),
    [
        ("python", "python3.11", "AWS_EXECUTION_ENV PWD PYTHONPATH SHLVL"),
        ("python", "python3.13", "AWS_EXECUTION_ENV LC_CTYPE PWD PYTHONPATH SHLVL"),
        ("nodejs", "nodejs24.x", "AWS_EXECUTION_ENV NODE_PATH PWD SHLVL"),
        ("provided", "provided.al2023", ""),
    ],
)
def test_names_recorded_from_aws(tmp_path: Path, runtime: str, name: str, more: str) -> None:
    """A function has those names that real ones had in January 2026, and ``TMPDIR`` and ``HOME`` beside them."""
    function = FunctionConfiguration("f", "h", runtime=runtime, runtime_name=name)
    host = {"PATH": "/bin", "HOME": str(tmp_path)}
    found = runtime_variables(function, function_variables(function, host, Path("/scratch"), "the/stream"), "3.11")

    assert set(found) == {*RECORDED.split(), *more.split(), "TMPDIR", "HOME"}


def test_layers_come_before_a_python_path_of_the_user() -> None:
    """They stay on the path of the handler."""
    function = FunctionConfiguration("f", "h", opt=Path("/o"), environment={"PYTHONPATH": "/mine:/yours"})
    found = runtime_variables(function, {}, "3.12")["PYTHONPATH"]

    assert found.split(":") == ["/o/python", "/o/python/lib/python3.12/site-packages", "/mine", "/yours"]


def test_search_paths_of_the_user_win() -> None:
    """A search path may be overridden (AWS guide, "Defined runtime environment variables")."""
    function = FunctionConfiguration("f", "h", runtime="nodejs", environment={"NODE_PATH": "/mine"})

    assert runtime_variables(function, {"NODE_PATH": "/mine"}, "20")["NODE_PATH"] == "/mine"


def test_variables_in_process() -> None:
    """All that a process of its own has; the search paths of this process stay."""
    function = FunctionConfiguration("f", "h", environment={"LD_LIBRARY_PATH": "/mine"})
    variables = variables_in_process(
        function, {"PYTHONPATH": "/here", "LD_LIBRARY_PATH": "/x"}, Path("/scratch"), "the/stream"
    )

    assert variables.keys() >= {"AWS_EXECUTION_ENV", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "SHLVL"}
    assert (variables["PYTHONPATH"], variables["LD_LIBRARY_PATH"]) == ("/here", "/mine")
