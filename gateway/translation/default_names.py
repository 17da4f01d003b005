"""The names that events carry when nobody gives others; the command line knows them without any front door."""

from typing import Final


def default_target_group_arn(region: str, account: str) -> str:
    """The target group's ARN in an account of a region."""
    return f"arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/gateway/6d0ecf831eec9f09"


DEFAULT_TARGET_GROUP_ARN: Final = default_target_group_arn("us-east-1", "123456789012")
