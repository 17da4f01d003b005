"""Defaults of actions, as AWS has them."""

import pytest
from pydantic import ValidationError

from gateway.config.listeners.actions import AuthenticateCognitoModel, ForwardModel, RedirectModel


def test_redirect_keeps_what_is_not_given() -> None:
    """The parts of a redirect stand for the request's own."""
    redirect = RedirectModel.model_validate({"type": "redirect", "status_code": "HTTP_302", "port": 8443})

    assert (redirect.protocol, redirect.host, redirect.path, redirect.query) == (
        "#{protocol}",
        "#{host}",
        "/#{path}",
        "#{query}",
    )
    assert redirect.port == "8443"


@pytest.mark.parametrize("count", [0, 6])
def test_forward_has_one_to_five_groups(count: int) -> None:
    """A forward action names one to five target groups."""
    with pytest.raises(ValidationError):
        ForwardModel.model_validate({"type": "forward", "target_groups": [{"target_group": "a"}] * count})


def test_login_defaults() -> None:
    """A login lasts seven days and asks for openid."""
    login = AuthenticateCognitoModel.model_validate(
        {
            "type": "authenticate-cognito",
            "user_pool_arn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_A",
            "user_pool_client_id": "id",
            "user_pool_domain": "example",
        }
    )

    assert (login.session_cookie_name, login.scope, login.session_timeout, login.on_unauthenticated_request) == (
        "AWSELBAuthSessionCookie",
        "openid",
        604800,
        "authenticate",
    )
