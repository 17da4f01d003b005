"""What the model takes beyond the plain cases of whole files."""

import pytest
from pydantic import ValidationError

from gateway.config.model import FileModel
from gateway.config.settings import FunctionSettings, HealthCheckSettings, TargetGroupSettings
from gateway.types import Json


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
    data: Json = {"functions": {"f": {"handler": "a.b", "runtime": runtime}}}
    try:
        FileModel.model_validate(data)
    except ValidationError:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize("executor", ["worker", "runtime-api", "in-process", "our.own:Executor"])
def test_executors(executor: str) -> None:
    """Those of the gateway by their names, and others by their places."""
    model = FileModel.model_validate({"functions": {"f": {"handler": "a.b", "executor": executor}}})

    assert model.functions["f"].executor == executor


@pytest.mark.parametrize("executor", ["", "aws", "http", "threads", "our.own"])
def test_what_is_no_executor(executor: str) -> None:
    """The fault names all that are."""
    with pytest.raises(ValidationError, match=r"allowed: worker, runtime-api, in-process, or package\.module:Name for"):
        FileModel.model_validate({"functions": {"f": {"handler": "a.b", "executor": executor}}})


def test_an_executor_may_need_no_handler() -> None:
    """One from outside knows what it runs; the gateway's own do not."""
    FileModel.model_validate({"functions": {"f": {"executor": "our.own:Executor"}}})
    with pytest.raises(ValidationError, match="give handler, or command for a runtime of your own"):
        FileModel.model_validate({"functions": {"f": {"executor": "worker"}}})


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
    assert FileModel.model_validate({"target_groups": {"g": {"targets": [target]}}}).target_groups["g"].targets


@pytest.mark.parametrize(
    ("table", "settings"),
    [
        ("FunctionModel", FunctionSettings),
        ("TargetGroupModel", TargetGroupSettings),
        ("HealthCheckModel", HealthCheckSettings),
    ],
)
def test_no_key_is_lost(table: str, settings: type) -> None:
    """Every key of the file is in the settings under the same name."""
    definition = FileModel.model_json_schema()["$defs"][table]

    assert set(definition["properties"]) <= set(settings.__match_args__)  # type: ignore[attr-defined]
