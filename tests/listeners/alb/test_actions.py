"""Redirects and fixed responses, down to their header lines."""

import pytest

from gateway.listeners.alb.actions import (
    MAX_LOCATION,
    FixedAction,
    ForwardAction,
    RedirectAction,
    WeightedGroup,
    compile_action,
    fixed_response,
    location_of,
    redirect,
)
from gateway.listeners.alb.rules import compile_rules
from gateway.translation.alb_attributes import AlbAttributes
from gateway.types import Json
from tests.listeners.alb.stacks import alb, request, rows, rule, table

NOON = 1609316836000
DATE = (b"Date", b"Wed, 30 Dec 2020 08:27:16 GMT")
PLAIN = AlbAttributes()
ANYTHING: Json = {"field": "path-pattern", "values": ["*"]}


def action_of(given: Json, groups: tuple[str, ...] = ()) -> ForwardAction | RedirectAction | FixedAction:
    """A compiled action from the words of the file."""
    return compile_rules(alb([rule(ANYTHING, actions=[given])], groups)).rules[0].action


@pytest.mark.parametrize("row", rows("redirects"), ids=lambda row: row["why"])
def test_location(row: dict[str, Json]) -> None:
    """Location is the request's URL with the parts that the action gives, always with the port."""
    action = action_of(row["action"])
    assert isinstance(action, RedirectAction)

    assert location_of(action, request(table(row["request"]))).decode() == row["location"], row["why"]


def test_redirect_head_and_page() -> None:
    """A redirect has the load balancer's head with Location last, and the page of its status."""
    action = action_of({"type": "redirect", "status_code": "HTTP_301", "protocol": "HTTPS", "port": 443})
    assert isinstance(action, RedirectAction)
    answer = redirect(action, request({}), PLAIN, NOON)

    assert answer.status == 301
    assert answer.headers == [
        (b"Server", b"awselb/2.0"),
        DATE,
        (b"Content-Type", b"text/html"),
        (b"Content-Length", b"134"),
        (b"Connection", b"keep-alive"),
        (b"Location", b"https://example.com:443/"),
    ]
    assert isinstance(answer.body, bytes)
    assert len(answer.body) == 134


def test_redirect_over_http_2_has_lower_case_names_and_no_connection() -> None:
    """Over HTTP/2 the same lines go out in lower case."""
    action = RedirectAction(302, b"http://#{host}:80/x", b"")
    answer = redirect(action, request({})._replace(http_version="2"), PLAIN, NOON)

    assert [name for name, _ in answer.headers] == [b"server", b"date", b"content-type", b"content-length", b"location"]


@pytest.mark.parametrize(("length", "status"), [(MAX_LOCATION, 302), (MAX_LOCATION + 1, 507)])
def test_redirect_url_too_long(length: int, status: int) -> None:
    """A URL over the limit is answered with 507 and leads nowhere."""
    action = RedirectAction(302, b"http://#{host}:80/#{path}", b"")
    path = "/" + "a" * (length - len("http://example.com:80/"))
    answer = redirect(action, request({"path": path}), PLAIN, NOON)

    assert answer.status == status
    assert any(name == b"Location" for name, _ in answer.headers) == (status == 302)


def test_fixed_response() -> None:
    """A fixed response has the load balancer's head; its type goes out with a charset."""
    given: Json = {"type": "fixed-response", "status_code": "503", "content_type": "text/html", "message_body": "é"}
    action = action_of(given)
    assert isinstance(action, FixedAction)
    answer = fixed_response(action, request({})._replace(keep_alive=False), PLAIN, NOON)

    assert (answer.status, answer.reason, answer.body) == (503, b"Service Temporarily Unavailable", "é".encode())
    assert answer.close
    assert answer.headers == [
        (b"Server", b"awselb/2.0"),
        DATE,
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Content-Length", b"2"),
        (b"Connection", b"close"),
    ]


def test_fixed_response_without_content_has_no_length() -> None:
    """A 204 has no Content-Length."""
    answer = fixed_response(FixedAction(204, b"text/plain", b""), request({}), PLAIN, NOON)

    assert b"Content-Length" not in dict(answer.headers)


def test_listener_attributes_reach_these_answers() -> None:
    """Lines that the listener inserts stand on the load balancer's own answers as well."""
    attributes = AlbAttributes(server_header=False, response_headers=((b"X-Frame-Options", b"DENY"),))
    answer = fixed_response(FixedAction(200, b"text/plain", b""), request({}), attributes, NOON)

    assert (b"X-Frame-Options", b"DENY") in answer.headers
    assert b"Server" not in dict(answer.headers)


def test_forward() -> None:
    """A forward action names its groups; stickiness counts only when it is enabled."""
    groups: Json = [{"target_group": "a", "weight": 9}, {"target_group": "b"}]
    weighted = (WeightedGroup("a", 9), WeightedGroup("b", 1))
    sticky: Json = {"enabled": True, "duration_seconds": 60}

    assert action_of({"type": "forward", "target_groups": groups}, ("a", "b")) == ForwardAction(weighted, 0)
    assert action_of(
        {"type": "forward", "target_groups": groups, "target_group_stickiness_config": sticky}, ("a", "b")
    ) == ForwardAction(weighted, 60)


def test_compiling_an_action_prepares_the_answer() -> None:
    """What a request needs is made once, when the action is compiled."""
    listener = alb()
    (default,) = listener.default_actions

    assert compile_action(default) == FixedAction(404, b"text/plain; charset=utf-8", b"")  # type: ignore[arg-type]
