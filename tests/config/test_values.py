"""The forms of texts, beyond the plain cases of whole files."""

import pytest
from pydantic import ValidationError

from gateway.config.settings import FunctionSettings, TargetGroupSettings
from gateway.types import Json
from tests.config.reading import read


@pytest.mark.parametrize(
    ("runtime", "taken"),
    [
        ("python", True),
        ("python3.12", True),
        ("nodejs22.x", True),
        ("provided.al2023", True),
        ("provided.al2", True),
        ("ruby3.2", False),
        ("python2 7", False),
    ],
)
def test_runtimes(runtime: str, *, taken: bool) -> None:
    """Runtimes are the three families, with AWS's suffixes."""
    try:
        read(FunctionSettings, {"handler": "a.b", "runtime": runtime})
    except ValidationError:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize("executor", ["worker", "runtime-api", "in-process", "our.own:Executor"])
def test_executors(executor: str) -> None:
    """Those of the gateway by their names, and others by their places."""
    assert read(FunctionSettings, {"handler": "a.b", "executor": executor}).executor == executor


@pytest.mark.parametrize("executor", ["", "aws", "http", "threads", "our.own"])
def test_what_is_no_executor(executor: str) -> None:
    """The fault names all that are."""
    with pytest.raises(ValidationError, match=r"allowed: worker, runtime-api, in-process, or package\.module:Name for"):
        read(FunctionSettings, {"handler": "a.b", "executor": executor})


def test_an_executor_may_need_no_handler() -> None:
    """One from outside knows what it runs; the gateway's own do not."""
    read(FunctionSettings, {"executor": "our.own:Executor"})
    with pytest.raises(ValidationError, match="give handler, or command for a runtime of your own"):
        read(FunctionSettings, {"executor": "worker"})


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:1",
        "https://h",
        "rie:http://h:9000",
        "aws:f",
        "aws:f:$LATEST",
        "aws:f:live",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:f:1",
    ],
)
def test_targets(target: str) -> None:
    """Every documented form of a target is taken."""
    assert read(TargetGroupSettings, {"targets": [target]}).targets == (target,)


@pytest.mark.parametrize("targets", [["aws:f"], ["http://h:1"]])
def test_only_some_keys_of_health_checks_may_be_null(targets: Json) -> None:
    """Those whose default depends on the targets; whatever these are."""
    assert read(TargetGroupSettings, {"targets": targets, "health_check": {"interval": None}})
    with pytest.raises(ValidationError):
        read(TargetGroupSettings, {"targets": targets, "health_check": {"matcher": None}})


def test_a_slash_at_the_end_is_dropped() -> None:
    """Servers are told apart by their addresses."""
    group = read(TargetGroupSettings, {"targets": ["aws:f"], "endpoint_url": "http://h:1/"})

    assert group.endpoint_url == "http://h:1"
    assert read(TargetGroupSettings, {"targets": ["http://h:1/"]}).targets == ("http://h:1",)
