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
