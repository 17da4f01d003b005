"""Error answers against the model that every AWS SDK is made from."""

import json

import botocore.session
import pytest

from gateway.lambda_api.errors import MODELLED, UNMODELLED, ApiError, throttled, validation_error, violation

OPERATIONS = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")


def modelled() -> dict[str, tuple[int, str, str]]:
    """Status, key of the text and ``Type`` of every exception that the operations declare."""
    model = botocore.session.get_session().get_service_model("lambda")
    found = {}
    for operation in OPERATIONS:
        for shape in model.operation_model(operation).error_shapes:
            (key,) = [member for member in shape.members if member.lower() == "message"]
            error = shape.metadata["error"]
            found[shape.name] = (error["httpStatusCode"], key, "User" if error.get("senderFault") else "Service")
    return found


MODEL = modelled()


@pytest.mark.parametrize("name", sorted(MODEL))
def test_a_modelled_error_is_as_in_the_model(name: str) -> None:
    """The status, the spelling of the text's key, and who is at fault."""
    error = ApiError(name, "text")

    status, key, kind = MODEL[name]
    assert (error.status, json.loads(error.body())) == (status, {key: "text", "Type": kind})


def test_no_error_is_made_up() -> None:
    """Every exception of the table is one that botocore knows, now or in an older version."""
    assert set(MODELLED) - set(MODEL) == set()


@pytest.mark.parametrize("name", sorted(UNMODELLED))
def test_an_unmodelled_error_has_only_a_text(name: str) -> None:
    """AWS's front end knows nothing of ``Type``."""
    error = ApiError(name, "text")

    assert (error.status, error.body()) == (UNMODELLED[name], b'{"message":"text"}')
    assert dict(error.headers())[b"x-amzn-ErrorType"] == name.encode()


def test_members_are_in_the_order_of_their_bytes() -> None:
    """A throttle as it was recorded, with its reason first."""
    assert throttled("R").body() == b'{"Reason":"R","Type":"User","message":"Rate Exceeded."}'
    assert ApiError("ServiceException", "m").body() == b'{"Message":"m","Type":"Service"}'


def test_violations_are_counted_and_joined() -> None:
    """One violation and several read differently."""
    one = violation("v", "member", "be good")

    assert validation_error(one).message == (
        "1 validation error detected: Value 'v' at 'member' failed to satisfy constraint: Member must be good"
    )
    assert validation_error(one, one).message == f"2 validation errors detected: {one}; {one}"
