"""The order of maps that REST and WebSocket APIs make."""

import pytest

from gateway.translation.map_order import in_map_order
from gateway.types import Json

IDENTITY = (
    *("cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey"),
    *("cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user"),
)
WITH_API_KEY = (
    *("cognitoIdentityPoolId", "cognitoIdentityId", "apiKey", "principalOrgId", "cognitoAuthenticationType", "userArn"),
    *("userAgent", "accountId", "caller", "sourceIp", "accessKey", "cognitoAuthenticationProvider", "user"),
)
CONTEXT = (
    *("resourceId", "authorizer", "resourcePath", "httpMethod", "extendedRequestId", "customDomain", "requestTime"),
    *("path", "accountId", "protocol", "stage", "domainPrefix", "requestTimeEpoch", "requestId", "identity"),
    *("domainName", "apiId"),
)


@pytest.mark.parametrize(
    "captured",
    [
        IDENTITY,
        WITH_API_KEY,
        (*WITH_API_KEY[:6], "apiKeyId", *WITH_API_KEY[6:]),
        CONTEXT,
        ("principalId", "integrationLatency", "user"),  # 2023
        ("sub", "scope", "principalId", "integrationLatency", "username"),  # 2021
        ("number", "bool", "principalId", "integrationLatency", "key"),  # 2020
    ],
)
def test_captured_orders(captured: tuple[str, ...]) -> None:
    """Whatever order the members had before; those of one bucket stay as they were."""
    sent: dict[str, Json] = dict.fromkeys((captured[-1], *captured))

    assert list(in_map_order(sent)) == list(captured)


def test_names_of_any_kind() -> None:
    """Java counts UTF-16, two units for what is beyond the first plane; half a pair is a unit too."""
    assert list(in_map_order({"\U0001f600": 1, "\ud83d": 2, "": 3, "a": 4})) == ["", "a", "\U0001f600", "\ud83d"]
