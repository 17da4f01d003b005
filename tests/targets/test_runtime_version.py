"""Which version a function asks for, and which one runs it."""

import re
import stat
from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.targets.runtime_version import (
    asked_version,
    execution_environment,
    node_version,
    runtime_version,
    tell_of_another_version,
)
from tests.targets.runtime_api.opening import needs_node


def function(runtime: str, name: str) -> FunctionConfiguration:
    """A function of this runtime."""
    return FunctionConfiguration("app", "app.handler", runtime=runtime, runtime_name=name)


@pytest.mark.parametrize(
    ("runtime", "name", "asked", "environment"),
    [
        ("python", "python3.12", "3.12", "AWS_Lambda_python3.12"),
        ("python", "", "", "AWS_Lambda_python3.11"),
        ("python", "python3", "", "AWS_Lambda_python3.11"),
        ("nodejs", "nodejs24.x", "24", "AWS_Lambda_nodejs24.x"),
        ("nodejs", "", "", "AWS_Lambda_nodejs3.11.x"),
        ("provided", "provided.al2023", "", "AWS_Lambda_provided3.11"),
    ],
)
def test_versions(runtime: str, name: str, asked: str, environment: str) -> None:
    """AWS's identifier says the version; without one that of the program counts."""
    assert asked_version(function(runtime, name)) == asked
    assert execution_environment(function(runtime, name), "3.11") == environment


@pytest.mark.parametrize(
    ("runtime", "name", "version", "line"),
    [
        (
            "python",
            "python3.9",
            "3.11",
            "the function app asks for python3.9, and Python 3.11 runs it; --python names another interpreter",
        ),
        (
            "nodejs",
            "nodejs24.x",
            "20",
            "the function app asks for nodejs24.x, and Node.js 20 runs it; put that version of node first on PATH",
        ),
        ("python", "python3.11", "3.11", ""),
        ("python", "", "3.11", ""),
        ("provided", "provided.al2023", "", ""),
    ],
)
def test_another_version(runtime: str, name: str, version: str, line: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, with what to do, and only where it differs."""
    tell_of_another_version(function(runtime, name), version)

    assert [record.getMessage() for record in caplog.records] == [line] * bool(line)


@pytest.mark.parametrize(
    ("runtime", "name", "version", "shown"),
    [
        ("python", "python3.12", "3.11", "python:3.12.v1"),
        ("nodejs", "", "20", "nodejs:20.v1"),
        ("provided", "provided.al2", "", "provided:al2.v1"),
        ("provided", "", "", "provided:al2023.v1"),
    ],
)
def test_runtime_version(runtime: str, name: str, version: str, shown: str) -> None:
    """It has the form of Lambda's, and an ARN that is always the same."""
    found = runtime_version(function(runtime, name), version)

    assert found == runtime_version(function(runtime, name), version)
    assert found.version == shown
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", found.arn)


@needs_node
def test_node_version() -> None:
    """The program tells."""
    assert 18 <= int(node_version("node")) < 100


def test_no_node(tmp_path: Path) -> None:
    """What is none is a fault of the user's machine, in one line."""
    other = tmp_path / "node"
    other.write_text("#!/bin/sh\necho hello\n")
    other.chmod(stat.S_IRWXU)

    with pytest.raises(UsageError, match=r"it is no Node.js; it says its version is 'hello'"):
        node_version(str(other))
    with pytest.raises(UsageError, match=r"/no/such/node: it cannot be run as Node.js"):
        node_version("/no/such/node")
