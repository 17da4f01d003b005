"""Settings of authentication actions are values."""

from gateway.config.authentication import AuthenticateOidc


def test_secrets_are_not_shown() -> None:
    """A client's secret never reaches a log through a representation."""
    action = AuthenticateOidc("i", "a", "t", "u", "id", "very secret")

    assert "very secret" not in repr(action)
