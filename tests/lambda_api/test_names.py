"""Which function a caller means."""

import botocore.session
import pytest

from gateway.invocation import FunctionReference
from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.names import name_violations, not_found, qualifier_violations, resolve

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.mark.parametrize(
    ("name", "qualifier", "expected"),
    [
        ("f", None, ("f", None)),
        ("f", "1", ("f", "1")),
        ("f:prod", None, ("f", "prod")),
        ("f:prod", "prod", ("f", "prod")),
        ("f:$LATEST.PUBLISHED", None, ("f", "$LATEST.PUBLISHED")),
        ("function:f", None, ("f", None)),
        ("function", None, ("function", None)),
        ("123456789012:function:f:2", None, ("f", "2")),
        ("us-east-1:123456789012:function:f", None, ("f", None)),
        (ARN, None, ("f", None)),
        (f"{ARN}:$LATEST", "$LATEST", ("f", "$LATEST")),
        ("f", "$latest", ("f", "$latest")),
    ],
)
def test_a_name_is_read(name: str, qualifier: str | None, expected: tuple[str, str | None]) -> None:
    """Every form of the model gives the name and the qualifier, wherever that stands."""
    assert resolve(name, qualifier, "us-east-1", "123456789012") == FunctionReference(*expected)


@pytest.mark.parametrize(
    ("name", "qualifier", "code"),
    [
        ("f:1", "2", "InvalidParameterValueException"),
        (ARN.replace("us-east-1", "eu-west-1"), None, "ResourceNotFoundException"),
        (ARN.replace("123456789012", "210987654321"), None, "AccessDeniedException"),
        ("210987654321:function:f", None, "AccessDeniedException"),
        ("", None, "ValidationException"),
        ("a:b:c", None, "ValidationException"),
        ("ä", None, "ValidationException"),
        ("f\n", None, "ValidationException"),
        ("f", "", "ValidationException"),
        ("f", "a" * 129, "ValidationException"),
    ],
)
def test_a_wrong_name_is_refused(name: str, qualifier: str | None, code: str) -> None:
    """Every mistake has the exception that AWS gives it."""
    with pytest.raises(ApiError) as raised:
        resolve(name, qualifier, "us-east-1", "123456789012")

    assert raised.value.code == code


def test_a_name_that_is_only_too_long_says_so() -> None:
    """256 characters pass, more break one constraint."""
    assert name_violations("a" * 256) == []

    (broken,) = name_violations("a" * 257)

    assert broken.endswith("Member must have length less than or equal to 256")


@pytest.mark.parametrize("member", ["FunctionName", "Qualifier"])
def test_the_patterns_are_the_models(member: str) -> None:
    """The pattern that a refusal shows is the one of botocore's model."""
    model = botocore.session.get_session().get_service_model("lambda").operation_model("Invoke")
    shape = model.input_shape.members[member]

    (broken,) = name_violations("a/b") if member == "FunctionName" else qualifier_violations("a/b")

    assert broken.endswith(f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}")


@pytest.mark.parametrize(("qualifier", "suffix"), [(None, "$LATEST"), ("7", "7")])
def test_a_missing_function_is_named_with_a_qualifier(qualifier: str | None, suffix: str) -> None:
    """Without a qualifier the answer says ``$LATEST``."""
    error = not_found(FunctionReference("f", qualifier), "us-east-1", "123456789012")

    assert error.message == f"Function not found: {ARN}:{suffix}"
