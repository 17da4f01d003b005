"""Settings of authentication actions are values."""

from gateway.config.authentication import AuthenticateCognito, AuthenticateOidc
from tests.config.reading import read


def test_secrets_are_not_shown() -> None:
    """A client's secret never reaches a log through a representation."""
    action = AuthenticateOidc("i", "a", "t", "u", "id", "very secret")

    assert "very secret" not in repr(action)


def test_login_defaults() -> None:
    """A login lasts seven days and asks for openid."""
    login = read(
        AuthenticateCognito,
        {
            "type": "authenticate-cognito",
            "user_pool_arn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A",
            "user_pool_client_id": "id",
            "user_pool_domain": "example",
        },
    )

    assert (login.session_cookie_name, login.scope, login.session_timeout, login.on_unauthenticated_request) == (
        "AWSELBAuthSessionCookie",
        "openid",
        604800,
        "authenticate",
    )
