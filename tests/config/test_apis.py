"""What APIs are made of, as settings."""

import pytest
from pydantic import ValidationError

from gateway.config import apis
from gateway.types import Json
from tests.config.reading import read


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("TOKEN", "function"),
        ("REQUEST", "function"),
        ("COGNITO_USER_POOLS", "provider_arns"),
        ("JWT", "issuer and audience"),
    ],
)
def test_what_an_authorizer_needs(kind: str, missing: str) -> None:
    """Each type has keys without which it can do nothing."""
    table: Json = {"type": kind}
    with pytest.raises(ValidationError, match=f"an authorizer of type {kind} needs {missing}"):
        read(apis.Authorizer, table)


def test_response_types() -> None:
    """Each is AWS's own word; the two defaults are among them."""
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} < apis.RESPONSE_TYPES
    assert all(name.isupper() for name in apis.RESPONSE_TYPES)
