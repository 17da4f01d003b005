"""Reasons and their statuses."""

import pytest

from gateway.listeners.alb.authentication_failure import STATUS, AuthenticationFailure


@pytest.mark.parametrize("reason", STATUS)
def test_statuses(reason: str) -> None:
    """A failure's status is one of those that load balancers give, and its text names the reason for the log."""
    failure = AuthenticationFailure(reason, "why")

    assert failure.status in (401, 500, 561, 562)
    assert (failure.status == 562) is reason.startswith("JWKS")
    assert str(failure) == f"{reason}: why"


def test_without_a_reason() -> None:
    """A refusal that AWS does not explain in its log has a status only."""
    failure = AuthenticationFailure("", "no session", 401)

    assert (failure.status, failure.reason, str(failure)) == (401, "", "no session")
