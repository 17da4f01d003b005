"""Which names promise a secret; the kinds that recordings meet are in ``tests/data/redaction``."""

import pytest

from gateway.observe.secret_names import Place, hides_all, is_secret_name


@pytest.mark.parametrize(
    "name",
    ["access_token", "ACCESS_TOKEN", "access-token", "accessToken", "AccessToken", "accesstoken", "x.access.token",
     "user[access_token]", "access token", "x-access-token-v2", "HTTPAccessToken"],
)  # fmt: skip
@pytest.mark.parametrize("place", Place)
def test_a_name_may_be_written_in_any_way(name: str, place: Place) -> None:
    """Words are found whatever stands between them."""
    assert is_secret_name(name, place)


@pytest.mark.parametrize(
    ("name", "header", "field", "member"),
    [
        ("key", True, True, False),
        ("code", False, True, False),
        ("state", False, True, False),
        ("x-monitoring-key", True, False, False),
        ("public-key", False, False, False),
        ("api-key", True, True, True),
        ("apiKeyId", False, False, False),
        ("accessKeyId", True, True, True),
        ("auth_code", True, True, True),
        ("error_code", False, False, False),
        ("token_count", False, False, False),
        ("reset_token", True, True, True),
        ("max_tokens", False, False, False),
        ("max_secret", True, True, True),
        ("client-certificate", True, True, True),
        ("", False, False, False),
        ("[]", False, False, False),
    ],
)
def test_names_by_their_place(name: str, *, header: bool, field: bool, member: bool) -> None:
    """Everyday words of JSON are secrets in a query."""
    places = (Place.HEADER, Place.FIELD, Place.MEMBER)

    assert [is_secret_name(name, place) for place in places] == [header, field, member]


def test_of_a_long_name_the_end_counts() -> None:
    """It is the end that says what it is, and no name takes long."""
    assert is_secret_name("a" * 100_000 + "_token", Place.MEMBER)
    assert not is_secret_name("token" + "_a" * 100_000, Place.MEMBER)


@pytest.mark.parametrize(
    ("name", "expected"), [("credentials", True), ("secrets", True), ("session", False), ("jwt", False)]
)
def test_tables_with_the_name_of_a_secret(name: str, *, expected: bool) -> None:
    """Some hold nothing else, others hold everything about a user."""
    assert hides_all(name) is expected
