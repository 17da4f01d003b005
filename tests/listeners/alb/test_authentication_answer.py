"""Answers that the load balancer gives itself."""

import pytest

from gateway.listeners.alb.authentication_answer import Answers
from gateway.listeners.alb.authentication_failure import AuthenticationFailure
from gateway.translation.alb_attributes import AlbAttributes
from gateway.translation.messages import Arrival, Request

ARRIVAL = Arrival("id", 0, "1-0-0")


def request(method: str = "GET", http_version: str = "1.1") -> Request:
    """A request."""
    return Request(method, b"/", b"", [], b"", ("", 0), ("", 0), http_version=http_version)


def test_redirect() -> None:
    """A redirect has its target and its cookies last, in front of them the load balancer's own lines."""
    cookie = (b"Set-Cookie", b"a=b")
    answer = Answers(AlbAttributes()).redirect("https://idp/", [cookie], request(), ARRIVAL)

    assert answer.response.status == 302
    assert [name for name, _ in answer.response.headers[:2]] == [b"Server", b"Date"]
    assert list(answer.response.headers[-2:]) == [(b"Location", b"https://idp/"), cookie]
    assert (answer.error_reason, answer.detail) == ("", "")


@pytest.mark.parametrize(("reason", "status"), [("AuthInvalidCookie", 401), ("AuthTokenEpRequestFailed", 561)])
def test_failure(reason: str, status: int) -> None:
    """A failure's page is nginx's where it has one, and empty elsewhere; the reason is for the access log."""
    answer = Answers(AlbAttributes()).failure(AuthenticationFailure(reason, "why"), request(), ARRIVAL)

    assert (answer.response.status, answer.error_reason, answer.detail) == (status, reason, f"{reason}: why")
    assert bool(answer.response.body) is (status == 401)


def test_head_and_http2() -> None:
    """HEAD gets no body, and HTTP/2 lower-case names."""
    answers = Answers(AlbAttributes())
    failure = AuthenticationFailure("AuthInvalidCookie", "why")

    assert answers.failure(failure, request("HEAD"), ARRIVAL).response.body == b""
    lines = answers.failure(failure, request(http_version="2"), ARRIVAL).response.headers
    assert all(name == name.lower() for name, _ in lines)
