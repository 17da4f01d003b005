"""Sessions in cookies."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.listeners.alb.session_cookie import Seal, Session, cookies_of, read_session, set_cookie, write_session
from gateway.translation.messages import Request

SEAL = Seal(bytes(32), b"session")
SESSION = Session("issuer client", {"sub": "s"}, "access", "refresh", 1000, 2000)


def written(session: Session, cookies: dict[str, str] | None = None) -> dict[str, str]:
    """Name → value of the lines."""
    lines = [value.decode().partition(";")[0] for _, value in write_session(session, "C", SEAL, cookies or {})]
    return dict(line.split("=", 1) for line in lines)


@given(st.text(max_size=200), st.integers(0, 12_000))
def test_round_trip(subject: str, length: int) -> None:
    """A session of any length comes back, from cookies that browsers keep."""
    session = SESSION._replace(claims={"sub": subject}, access_token="a" * length)
    lines = list(write_session(session, "C", SEAL, {}))

    assert all(len(value) <= 4096 for _, value in lines)
    assert read_session(written(session), "C", SEAL) == session


def test_no_cookie() -> None:
    """A request without the cookie has no session; a cookie of another name is none."""
    assert read_session({"Other-0": "x", "C": "x", "C-1": "x"}, "C", SEAL) is None


@pytest.mark.parametrize(
    "value",
    [
        "no base64!",
        "AAAA",
        base64.b64encode(bytes(40)).decode(),
        Seal(bytes(32), b"state").close(list(SESSION)),
        Seal(b"1" * 32, b"session").close(list(SESSION)),
        SEAL.close("another shape"),
    ],
    ids=["no base64", "short", "no tag", "a state", "another key", "another shape"],
)
def test_foreign_cookie(value: str) -> None:
    """A cookie that this load balancer did not make is refused."""
    with pytest.raises(AuthenticationFailure, match="AuthInvalidCookie"):
        read_session({"C-0": value}, "C", SEAL)


def test_secrets_are_not_readable() -> None:
    """Nobody but the load balancer reads the tokens."""
    assert b"access" not in base64.b64decode(written(SESSION)["C-0"])


def test_shorter_session_removes_shards() -> None:
    """Cookies of an earlier session that are not needed any more are removed."""
    lines = list(write_session(SESSION, "C", SEAL, {"C-0": "x", "C-1": "x", "C-2": "x"}))

    assert [value for _, value in lines][1:] == [
        b"C-%d=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; HttpOnly" % number for number in (1, 2)
    ]


def test_attributes() -> None:
    """No script can read a cookie, and none goes out in the clear."""
    assert set_cookie("a", "b", 0) == (
        b"Set-Cookie",
        b"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; HttpOnly",
    )


def test_cookies_of_a_request() -> None:
    """Cookies of all lines count; of one name the first does."""
    lines = [(b"Cookie", b"a=1; b=x=y"), (b"cookie", b"a=2;c=3")]
    request = Request("GET", b"/", b"", lines, b"", ("", 0), ("", 0))

    assert cookies_of(request) == {"a": "1", "b": "x=y", "c": "3"}
