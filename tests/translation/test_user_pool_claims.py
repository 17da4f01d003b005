"""Claims of user pools as a REST API writes them."""

import pytest

from gateway.translation.user_pool_claims import user_pool_claims
from gateway.types import Json


def test_order_and_kinds() -> None:
    """Everything is text in the order of the token; null is left out."""
    claims: dict[str, Json] = {
        "sub": "11111111",
        "email_verified": False,
        "middle_name": None,
        "auth_time": 1795838631,
        "exp": 1795842231,
        "iat": 1795838631,
    }

    assert list(user_pool_claims(claims).items()) == [
        ("sub", "11111111"),
        ("email_verified", "false"),
        ("auth_time", "1795838631"),
        ("exp", "Sat Nov 28 05:03:51 UTC 2026"),
        ("iat", "Sat Nov 28 04:03:51 UTC 2026"),
    ]


@pytest.mark.parametrize(("groups", "text"), [(["admin"], "admin"), (["admin", "user"], "admin,user"), ([], "")])
def test_groups(groups: list[Json], text: str) -> None:
    """One is bare, several are joined by commas."""
    assert user_pool_claims({"cognito:groups": groups}) == {"cognito:groups": text}


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (1744634011, "Mon Apr 14 12:33:31 UTC 2025"),
        (0, "Thu Jan 01 00:00:00 UTC 1970"),
        (10**15, "1000000000000000"),
        (True, "true"),
    ],
)
def test_dates(instant: Json, text: str) -> None:
    """Days have two digits; what is no instant of the calendar stays as it is."""
    assert user_pool_claims({"exp": instant}) == {"exp": text}
