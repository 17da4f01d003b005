"""Finding the way to run a function by its name."""

import pytest

from gateway.errors import UsageError
from gateway.targets import open_target
from gateway.targets.aws import AwsTarget
from gateway.targets.rie import RieTarget


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("aws:demo", AwsTarget),
        ("aws:demo:live", AwsTarget),
        ("arn:aws:lambda:us-east-1:123456789012:function:demo:1", AwsTarget),
        ("rie:http://127.0.0.1:9000", RieTarget),
        ("rie:http://127.0.0.1:9000,http://127.0.0.1:9001", RieTarget),
    ],
)
async def test_the_scheme_tells(spec: str, kind: type) -> None:
    """One table, one class each."""
    assert isinstance(open_target(spec), kind)


@pytest.mark.parametrize("spec", ["", "demo", "ftp:x", "aws", "arn:aws:s3:::b", "rie:", "rie:http://a/path"])
def test_what_is_no_function_is_refused(spec: str) -> None:
    """The message shows what is."""
    with pytest.raises(UsageError, match=r"aws:name|http://127\.0\.0\.1:9001"):
        open_target(spec)


def test_an_http_server_is_no_function() -> None:
    """The message says where it belongs."""
    with pytest.raises(UsageError, match="target group"):
        open_target("http://127.0.0.1:9001")
