"""The names of events when nobody gives others."""

from gateway.translation.default_names import DEFAULT_TARGET_GROUP_ARN, default_target_group_arn


def test_target_group_arn() -> None:
    """The group is the same wherever it is."""
    assert default_target_group_arn("us-east-1", "123456789012") == DEFAULT_TARGET_GROUP_ARN
    assert default_target_group_arn("eu-west-1", "000000000000") == DEFAULT_TARGET_GROUP_ARN.replace(
        "us-east-1:123456789012", "eu-west-1:000000000000"
    )
