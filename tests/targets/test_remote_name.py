"""Names of functions that run elsewhere."""

import pytest

from gateway.errors import UsageError
from gateway.targets.remote_name import RemoteName, parse_remote_name, remote_configuration

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:demo"
CHINA = ARN.replace("arn:aws:", "arn:aws-cn:")


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("aws:demo", RemoteName("demo", "demo")),
        ("aws:demo:live", RemoteName("demo", "demo", "live")),
        ("aws:demo:$LATEST", RemoteName("demo", "demo", "$LATEST")),
        (ARN, RemoteName("demo", ARN, "", "eu-west-1", "123456789012")),
        (f"{ARN}:7", RemoteName("demo", ARN, "7", "eu-west-1", "123456789012")),
        (
            CHINA,
            RemoteName("demo", CHINA, "", "eu-west-1", "123456789012"),
        ),
    ],
)
def test_names_are_read(spec: str, name: RemoteName) -> None:
    """The qualifier is apart from the name."""
    assert parse_remote_name(spec) == name


@pytest.mark.parametrize("spec", ["", "demo", "aws:", "aws:a b", "aws:a:b:c", "arn:aws:s3:::bucket", f"{ARN}:1:2"])
def test_what_names_no_function_is_refused(spec: str) -> None:
    """The message shows the forms that do."""
    with pytest.raises(UsageError, match=r"aws:name:qualifier"):
        parse_remote_name(spec)


def test_paths_are_those_of_the_sdks() -> None:
    """Colons of an ARN and the dollar of a version are percent-encoded."""
    name = parse_remote_name(f"{ARN}:$LATEST")
    encoded = ARN.replace(":", "%3A")
    assert name.path() == f"/2015-03-31/functions/{encoded}/invocations"
    assert name.path(streaming=True) == f"/2021-11-15/functions/{encoded}/response-streaming-invocations"
    assert name.query == "Qualifier=%24LATEST"
    assert parse_remote_name("aws:demo").query == ""


@pytest.mark.parametrize(
    ("spec", "arn"),
    [
        (ARN, ARN),
        ("aws:other:live", "arn:aws:lambda:us-east-1:123456789012:function:other"),
        ("rie:http://127.0.0.1:9000", "arn:aws:lambda:us-east-1:123456789012:function:function"),
    ],
)
def test_a_front_door_learns_the_arn(spec: str, arn: str) -> None:
    """As much of it as the name tells."""
    assert remote_configuration(spec).arn == arn
