"""From a function's configuration to what runs it."""

import os
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.hosting import Host, HostOptions, runtime_of_handler
from gateway.limits.means import ResourceLimits
from gateway.limits.sandbox import Sandbox
from gateway.targets.inprocess import InProcess
from gateway.targets.pool import EnvironmentPool
from gateway.targets.runtime_api.environment import RuntimeApiEnvironment
from gateway.targets.worker.environment import WorkerEnvironment
from tests.limits.grounds import ground
from tests.targets.hosting import Log, children, configuration, result_of
from tests.targets.runtime_api.opening import ONE_EACH, needs_curl

pytestmark = pytest.mark.anyio

OPTIONS = HostOptions(variables=os.environ, log=Log().append, python=sys.executable)
CODE = "import os\ndef handler(event, context): return [os.getpid(), os.getcwd()]\n"


@pytest.fixture
async def host(anyio_backend: str) -> AsyncIterator[Host]:  # noqa: ARG001 - makes it async
    """A host that is closed at the end."""
    host = Host(OPTIONS)
    yield host
    await host.aclose()


async def result(host: Host, function: FunctionConfiguration) -> object:
    """What a function returns, from start to stop."""
    target = host.target(function)
    await target.start()
    try:
        return await result_of(target)
    finally:
        await target.aclose()


async def test_worker(host: Host, tmp_path: Path) -> None:
    """A Python handler runs in a process of its own, in its folder."""
    (tmp_path / "app.py").write_text(CODE)
    found = await result(host, configuration("app.handler", tmp_path))

    assert isinstance(found, list)
    assert found[0] != os.getpid()
    assert found[1] == str(tmp_path)


async def test_a_launcher_only_for_functions_of_this_machine(tmp_path: Path) -> None:
    """A gateway whose functions are all elsewhere starts no process."""
    (tmp_path / "app.py").write_text(CODE)
    before = children()
    host = Host(OPTIONS)
    try:
        assert children() == before
        host.unpack(configuration("app.handler", tmp_path))
        assert len(children() - before) == 1
    finally:
        await host.aclose()


def test_variables_of_the_gateway_for_functions(host: Host) -> None:
    """What is shared stands beside the gateway's own variables, and wins over them."""
    own = host.options.variables
    host.share({"AWS_CA_BUNDLE": "/ours.pem"})

    assert host.options.variables == {**own, "AWS_CA_BUNDLE": "/ours.pem"}


async def test_in_process() -> None:
    """With the option it runs here, and nothing is started or made for it."""
    before = children()
    host = Host(replace(OPTIONS, in_process=True))
    target = host.target(configuration("returns"))
    made = children() - before, host._workspace
    await host.aclose()

    assert isinstance(target, InProcess)
    assert made == (set(), None)


async def test_zip_file(host: Host, tmp_path: Path) -> None:
    """The code may be a zip file: it is unzipped into the host's workspace."""
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("app.py", CODE)
    found = await result(host, configuration("app.handler", tmp_path / "code.zip"))

    assert isinstance(found, list)
    assert Path(found[1]).is_relative_to(host.workspace)


async def test_close_leaves_nothing(tmp_path: Path) -> None:
    """The workspace and the reaper are gone."""
    before = children()
    host = Host(OPTIONS)
    (tmp_path / "app.py").write_text(CODE)
    await result(host, configuration("app.handler", tmp_path))
    assert host.workspace.is_dir()
    await host.aclose()

    assert not host.workspace.exists()
    assert children() == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"environment": {"AWS_REGION": "x"}}, "environment variable AWS_REGION: Lambda reserves this name"),
        ({"runtime": "java"}, "Unknown runtime 'java': use python, nodejs or provided."),
        ({"task_root": Path("/no/such/code")}, "/no/such/code does not exist: give a folder or a zip file."),
        ({"layers": (Path("/no/such/layer"),)}, "/no/such/layer does not exist: give a folder or a zip file."),
    ],
)
async def test_refusals(host: Host, changes: dict[str, object], message: str) -> None:
    """What can never work is refused before anything is started."""
    function = replace(configuration("returns"), **changes)  # type: ignore[arg-type]  # whatever a case changes
    with pytest.raises(UsageError) as raised:
        host.target(function)

    assert str(raised.value).startswith(message)


async def test_in_process_is_for_python() -> None:
    """Another runtime cannot run in this process."""
    host = Host(replace(OPTIONS, in_process=True))
    with pytest.raises(UsageError, match="--in-process runs Python handlers; app is nodejs"):
        host.target(replace(configuration("returns"), runtime="nodejs"))
    await host.aclose()


@pytest.mark.parametrize(
    ("executor", "line"),
    [
        ("in-process", "app runs without its extensions and AWS_LAMBDA_EXEC_WRAPPER: the executor is in-process"),
        ("worker", "app runs without its extensions: the executor is worker"),
        ("", ""),
    ],
)
async def test_what_does_not_run(
    host: Host, tmp_path: Path, executor: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that a function has on Lambda is left out in silence."""
    (tmp_path / "extensions").mkdir()
    environment = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}
    host.target(replace(configuration("returns"), executor=executor, layers=(tmp_path,), environment=environment))

    assert [record.getMessage() for record in caplog.records] == [line] * bool(line)


@pytest.mark.parametrize(
    ("file", "environment"),
    [("layer/extensions/readme", {}), ("layer/wrapper", {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"})],
)
async def test_python_that_needs_the_runtime_api(
    host: Host, tmp_path: Path, file: str, environment: dict[str, str]
) -> None:
    """With extensions or a wrapper it speaks that API, and needs no package for it in its project."""
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text('exec "$@"\n')
    (tmp_path / file).chmod(0o755 if environment else 0o644)
    (tmp_path / "app.py").write_text("import sys\ndef handler(event, context): return sys.argv[0][-12:]\n")
    function = configuration("app.handler", tmp_path)

    assert (
        await result(host, replace(function, layers=(tmp_path / "layer",), environment=environment)) == "bootstrap.py"
    )


@needs_curl
async def test_web_adapter(host: Host, tmp_path: Path) -> None:
    """Its wrapper starts the file that the handler's setting names; what runs then is no business of Python's."""
    (tmp_path / "layer").mkdir()
    for file, text in (("layer/bootstrap", 'exec "$LAMBDA_TASK_ROOT/$_HANDLER"\n'), ("run.sh", ONE_EACH)):
        (tmp_path / file).write_text(f"#!/bin/sh\n{text}")
        (tmp_path / file).chmod(0o755)
    function = configuration("run.sh", tmp_path)
    wrapper = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap"}

    assert await result(host, replace(function, layers=(tmp_path / "layer",), environment=wrapper)) == "done"


@pytest.mark.parametrize(("platform", "found"), [("json", ["JSON", "INFO"]), ("text", [None, None])])
async def test_log_format(platform: str, found: list[str | None], tmp_path: Path) -> None:
    """With the platform's lines in JSON the function's are, too."""
    names = "['AWS_LAMBDA_LOG_FORMAT', 'AWS_LAMBDA_LOG_LEVEL']"
    (tmp_path / "app.py").write_text(
        f"import os\ndef handler(event, context): return [os.environ.get(it) for it in {names}]\n"
    )
    host = Host(replace(OPTIONS, platform_lines=platform))
    try:
        assert await result(host, configuration("app.handler", tmp_path)) == found
    finally:
        await host.aclose()


async def test_ric(tmp_path: Path) -> None:
    """AWS's own client over the Runtime API, when it is asked for."""
    (tmp_path / "app.py").write_text("import sys\ndef handler(event, context): return 'awslambdaric' in sys.modules\n")
    found = []
    for client in ("worker", "ric"):
        host = Host(replace(OPTIONS, runtime_client=client))
        found.append(await result(host, configuration("app.handler", tmp_path)))
        await host.aclose()

    assert found == [False, True]


@pytest.mark.parametrize(("file", "expected"), [("app.py", "python"), ("app.cjs", "nodejs"), (None, "python")])
def test_runtime_of_handler(tmp_path: Path, file: str | None, expected: str) -> None:
    """The handler's file tells; what has no file here may still be a module that Python finds."""
    if file:
        (tmp_path / file).touch()

    assert runtime_of_handler("app.handler", tmp_path) == expected


def test_runtime_of_two_files(tmp_path: Path) -> None:
    """Nobody guesses between two."""
    (tmp_path / "app.py").touch()
    (tmp_path / "app.js").touch()
    with pytest.raises(UsageError, match=r"could be app\.js and app\.py"):
        runtime_of_handler("app.handler", tmp_path)


def test_bootstrap_that_is_not_executable(tmp_path: Path) -> None:
    """A custom runtime that cannot be run is not taken for a Python handler."""
    (tmp_path / "bootstrap").touch()
    with pytest.raises(UsageError, match="run chmod"):
        runtime_of_handler("app.handler", tmp_path)


def environment_of(host: Host, function: FunctionConfiguration) -> WorkerEnvironment | RuntimeApiEnvironment:
    """An environment that is not started."""
    target = host.target(function)
    assert isinstance(target, EnvironmentPool)
    environment = target._fleet._make(Path("/"))
    assert isinstance(environment, WorkerEnvironment | RuntimeApiEnvironment)
    return environment


@pytest.mark.parametrize(("wanted", "given", "expected"), [(False, False, 0), (True, False, 1), (False, True, 1)])
@pytest.mark.parametrize("client", ["worker", "ric"])
async def test_cpu_share(client: str, *, wanted: bool, given: bool, expected: int) -> None:
    """It is for functions that ask for it, or for all; both kinds of environments know it."""
    with ground("cpu") as made:
        host = Host(replace(OPTIONS, cpu_share=given, runtime_client=client))
        host.limits = ResourceLimits(sandbox=False, opened=host.reaper.remove_groups, refused=host.reaper.refused)
        host.limits._found["cpu"] = made
        environment = environment_of(host, replace(configuration("returns"), cpu_share=wanted))
        await host.aclose()

    assert [environment._options.means.cpu].count(made) == expected


@pytest.mark.parametrize(("variable", "expected"), [("/tmp/own.db", False), ("/var/own.db", True)])
async def test_private_tmp(variable: str, *, expected: bool) -> None:
    """Nothing is mounted over what a function needs, such as what a variable names."""
    host = Host(replace(OPTIONS, variables={}))
    host.limits = ResourceLimits(sandbox=False, opened=host.reaper.remove_groups, refused=host.reaper.refused)
    host.limits._sandbox = Sandbox(user=True, refused=lambda _: {})
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        function = configuration("app.handler", Path(folder))
        function = replace(function, runtime="provided", command=("/bin/sh",), environment={"DATABASE": variable})
        environment = environment_of(host, function)
    await host.aclose()

    view = environment._options.means.view
    assert view
    assert view.seen.tmp_mb == (512 if expected else 0)


async def test_workspace_ends_with_a_killed_gateway(host: Host) -> None:
    """The reaper removes it, in case that nobody else can."""
    host.target(configuration("returns"))
    there = host.workspace.exists()
    await host.reaper.aclose()

    assert (there, host.workspace.exists()) == (True, False)
