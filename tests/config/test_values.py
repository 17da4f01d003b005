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
