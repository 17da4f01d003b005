"""Rule settings are values."""

from gateway.config.rules import AuthenticateOidc


def test_secrets_are_not_shown() -> None:
    """A client's secret never reaches a log through a representation."""
    action = AuthenticateOidc("i", "a", "t", "u", "id", "very secret")

    assert "very secret" not in repr(action)
