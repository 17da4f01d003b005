"""The region and the account of a command line."""

import pytest

from gateway.cli.account_region import account_region
from gateway.errors import UsageError


@pytest.mark.parametrize(
    ("given", "environ", "region"),
    [
        (None, {}, ""),
        ("eu-west-1", {"AWS_REGION": "eu-west-2"}, "eu-west-1"),
        ("", {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-2"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "ap-southeast-7"}, "ap-southeast-7"),
        (None, {"AWS_REGION": "il-central-1"}, "il-central-1"),
    ],
)
def test_region(given: str | None, environ: dict[str, str], region: str) -> None:
    """What is given wins, then ``AWS_REGION``, then ``AWS_DEFAULT_REGION``."""
    assert account_region(given, None, environ) == (region, "")


def test_account() -> None:
    """Twelve digits, zeros in front included."""
    assert account_region(None, "000000000000", {}) == ("", "000000000000")


@pytest.mark.parametrize("account", ["1234567890123", "12345678901", "١٢٣٤٥٦٧٨٩٠١٢", "twelve"])
def test_no_account(account: str) -> None:
    """Anything else is refused."""
    with pytest.raises(UsageError, match=rf"^--account {account}: write an account of twelve digits"):
        account_region(None, account, {})


@pytest.mark.parametrize("region", ["europe", "eu-west", "EU-WEST-1", "cn-north-1", "us-gov-west-1", "eu-west-1\n"])
def test_no_region(region: str) -> None:
    """So is what is no region, and one of another partition; the message names where it came from."""
    with pytest.raises(UsageError, match="write a region such as 'eu-central-1'; those of China, GovCloud"):
        account_region(region, None, {})
    with pytest.raises(UsageError, match=r"^AWS_REGION=.*\n?.*: expected a region .*; --region gives another one$"):
        account_region(None, None, {"AWS_REGION": region})
