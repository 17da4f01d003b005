"""The names that events carry when nobody gives others; the command line knows them without any front door."""

from typing import Final

DEFAULT_TARGET_GROUP_ARN: Final = (
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/gateway/6d0ecf831eec9f09"
)
