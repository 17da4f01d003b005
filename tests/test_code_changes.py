"""Zip files and layers that change while a gateway runs: new code and nothing of the old, but for what is in flight."""

import asyncio
import json
import os
import sys
import threading
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app import Gateway
from gateway.config.settings import FunctionSettings
from gateway.invocation import Invocation, Returned
from tests.gateways import function, gateway_of
from tests.targets.hosting import Log

pytestmark = pytest.mark.anyio

HANDLER = """
import importlib, os
SAYS = {says!r}
def handler(event, context):
    if event:
        open(event[0], "w").close()
        open(event[1]).read()
    found = []
    for name in ("only_old", "only_new", "in_layer"):
        try:
            found.append(name + "=" + importlib.import_module(name).SAYS)
        except ImportError:
            pass
    return [SAYS, *found]
"""
"""Tells its version and what it can import; with an event it tells one pipe that it began and waits for another."""


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    """What handlers in this process brought with them leaves it after the test."""
    path = sys.path[:]
    yield
    sys.path[:] = path
    for name in {"app", "only_old", "only_new", "in_layer"} & set(sys.modules):
        del sys.modules[name]


def zipped(file: Path, says: str, members: Mapping[str, str] | None = None) -> Path:
    """A zip file with the handler, and modules by their names; an older one is replaced as tools do it."""
    made = file.with_suffix(".part")
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app.py", HANDLER.format(says=says))
        for name, text in (members or {}).items():
            archive.writestr(f"{name}.py", f"SAYS = {text!r}\n")
    return made.replace(file)


def of(code: Path, *layers: Path) -> FunctionSettings:
    """The function with this code."""
    return replace(function("app", "app.handler", timeout=60), code=code, layers=layers)


@asynccontextmanager
async def running(settings: FunctionSettings, *, in_process: bool = False) -> AsyncIterator[Gateway]:
    """A gateway with this function."""
    gateway = gateway_of([settings], [], Log().append, in_process=in_process)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop(5)


async def says(gateway: Gateway, event: object = None) -> object:
    """What the function returns."""
    outcome = await gateway.functions["app"].invoke(Invocation(json.dumps(event).encode(), "id"))
    assert isinstance(outcome, Returned), outcome
    return json.loads(outcome.payload)


OLD = {"only_old": "old"}
NEW = {"only_new": "new"}


@pytest.mark.parametrize("in_process", [False, True])
@pytest.mark.parametrize("name", ["a.zip", "b.zip"])
async def test_new_code_and_nothing_of_the_old(tmp_path: Path, name: str, *, in_process: bool) -> None:
    """Whether the same file has changed or the configuration names another one."""
    variables = dict(os.environ)
    async with running(of(zipped(tmp_path / "a.zip", "old", OLD)), in_process=in_process) as gateway:
        before = await says(gateway)
        new = of(zipped(tmp_path / name, "new", NEW))
        if name == "a.zip":
            await gateway.reset()
        else:
            await gateway.reconfigure(replace(gateway.settings, functions={"app": new}))
        after = await says(gateway)

    assert (before, after) == (["old", "only_old=old"], ["new", "only_new=new"])
    assert {**os.environ, "PYTEST_CURRENT_TEST": ""} == {**variables, "PYTEST_CURRENT_TEST": ""}


@pytest.mark.parametrize("name", ["a.zip", "b.zip"])
async def test_what_is_in_flight_keeps_its_files(tmp_path: Path, name: str) -> None:
    """It may import at its end what it did not need before."""
    async with running(of(zipped(tmp_path / "a.zip", "old", OLD))) as gateway:
        pipes = [str(gateway._host.workspace / pipe) for pipe in ("began", "go")]  # a function may have its own /tmp
        for pipe in pipes:
            os.mkfifo(pipe)
        running_still = asyncio.create_task(says(gateway, pipes))
        await asyncio.to_thread(Path(pipes[0]).read_text)
        new = of(zipped(tmp_path / name, "new", NEW))
        if name == "a.zip":
            await gateway.reset()
        else:
            await gateway.reconfigure(replace(gateway.settings, functions={"app": new}))
        after = await says(gateway)
        await asyncio.to_thread(Path(pipes[1]).write_text, "go")
        before = await running_still

    assert (before, after) == (["old", "only_old=old"], ["new", "only_new=new"])


async def test_layers_change(tmp_path: Path) -> None:
    """A layer's files are the new ones as well, also those of a folder."""
    layer = tmp_path / "layer" / "python"
    layer.mkdir(parents=True)
    (layer / "in_layer.py").write_text("SAYS = '1'\n")
    async with running(of(zipped(tmp_path / "a.zip", "code"), tmp_path / "layer")) as gateway:
        before = await says(gateway)
        (layer / "in_layer.py").write_text("SAYS = '2'\n")
        unchanged = await says(gateway)
        await gateway.reset()
        after = await says(gateway)

    assert (before, unchanged, after) == (["code", "in_layer=1"], ["code", "in_layer=1"], ["code", "in_layer=2"])


async def test_a_broken_zip_file_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It may be half written; one line tells, and the old code stays until it can be read."""
    async with running(of(zipped(tmp_path / "a.zip", "old"))) as gateway:
        (tmp_path / "a.zip").write_bytes(b"PK")
        await gateway.reset()
        broken = await says(gateway)
        zipped(tmp_path / "a.zip", "new")
        await gateway.reset()
        repaired = await says(gateway)

    assert (broken, repaired) == (["old"], ["new"])
    (line,) = [it for it in caplog.messages if "keeps its old code" in it]
    assert line.startswith(f"the function app keeps its old code: {tmp_path}/a.zip is neither a folder nor a zip file")


async def test_what_is_replaced_is_not_looked_at(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The old zip file may be gone while an invocation is still in flight with its code."""
    async with running(of(zipped(tmp_path / "a.zip", "old"))) as gateway:
        old = gateway.functions["app"]  # as an invocation would hold it
        new = of(zipped(tmp_path / "b.zip", "new"))
        await gateway.reconfigure(replace(gateway.settings, functions={"app": new}))
        (tmp_path / "a.zip").unlink()
        await gateway.reset()
        after = await says(gateway)

    assert old is not gateway.functions["app"]
    assert after == ["new"]
    assert not [it for it in caplog.messages if "keeps its old code" in it]


async def test_two_versions_of_one_function_stand_side_by_side(tmp_path: Path) -> None:
    """Their folders differ, and the same content under two names has one."""
    codes = [zipped(tmp_path / "one.zip", "1"), zipped(tmp_path / "two.zip", "2"), zipped(tmp_path / "again.zip", "1")]
    async with running(of(codes[0])) as gateway:
        roots = [gateway._host.unpack(of(code).configuration()).task_root for code in codes]

    assert roots[0] == roots[2]
    assert roots[0] != roots[1]


async def test_requests_flow_while_code_is_unpacked(tmp_path: Path) -> None:
    """Hashing and unpacking are done beside the event loop."""
    threads = set()
    async with running(of(zipped(tmp_path / "a.zip", "old"))) as gateway:
        unpack = gateway._host.unpack

        def watched(*arguments: object) -> object:
            threads.add(threading.current_thread())
            return unpack(*arguments)  # type: ignore[arg-type]  # passed on as they came

        gateway._host.unpack = watched  # type: ignore[method-assign, assignment]  # looked at, and called
        await gateway.reset()
        await says(gateway)
        new = of(zipped(tmp_path / "b.zip", "new"))
        await gateway.reconfigure(replace(gateway.settings, functions={"app": new}))

    assert threads
    assert threading.current_thread() not in threads
