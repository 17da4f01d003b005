"""The table of executors."""

import re

import pytest

from gateway.errors import UsageError
from gateway.executors import EXECUTORS, LOCAL, Executor, executor_named, executor_of, runs_functions
from gateway.loading import load


@pytest.mark.parametrize("row", [row for row in EXECUTORS if row.make], ids=lambda row: row.name)
def test_every_place_is_there(row: Executor) -> None:
    """What a row names can be loaded and called."""
    assert callable(load(row.make))


def test_names_and_schemes_stand_once() -> None:
    """A name or a scheme finds one row."""
    names = [row.name for row in EXECUTORS]
    schemes = [scheme for row in EXECUTORS for scheme in row.schemes]

    assert len(set(names)) == len(names)
    assert len(set(schemes)) == len(schemes)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("aws:orders", "aws"),
        ("arn:aws:lambda:us-east-1:123456789012:function:orders", "aws"),
        ("rie:http://127.0.0.1:9000", "rie"),
        ("http://127.0.0.1:9000", "http"),
        ("https://example.com", "http"),
    ],
)
def test_a_scheme_finds_its_row(target: str, name: str) -> None:
    """What stands before the first colon tells, and the row's pattern takes the whole."""
    row = executor_of(target)

    assert row
    assert row.name == name
    assert re.fullmatch(row.pattern, target)


@pytest.mark.parametrize("target", ["", "aws", "app.handler", "app:handler", "ftp://host", ":aws", "worker:x"])
def test_what_is_no_target(target: str) -> None:
    """A name without one of the schemes is none."""
    assert executor_of(target) is None


@pytest.mark.parametrize(
    ("target", "expected"), [("http://h", False), ("https://h", False), ("rie:http://h:9000", True), ("aws:f", True)]
)
def test_servers_get_whole_requests(target: str, *, expected: bool) -> None:
    """All others get invocations."""
    assert runs_functions(target) is expected


def test_functions_of_this_gateway() -> None:
    """Three executors take what a function's configuration says."""
    assert LOCAL == ("worker", "runtime-api", "in-process")
    assert [executor_named(name).name for name in LOCAL] == list(LOCAL)


def test_a_place_is_a_row() -> None:
    """One from outside the package is made from where it stands; nothing is imported for that."""
    assert executor_named("our.own:Executor").make == "our.own:Executor"


@pytest.mark.parametrize("name", ["", "aws", "http", "Worker", "our.own", "our.own:", ":Name", "our-own:Name"])
def test_what_is_no_executor(name: str) -> None:
    """The message says what is; what runs elsewhere is a target and no executor of a function."""
    with pytest.raises(UsageError, match=r"write worker, runtime-api, in-process, or package\.module:Name"):
        executor_named(name)
