"""Would a front door accept this result?"""

import json

import pytest

from gateway.errors import UsageError
from gateway.listener_types import FLAVOURS
from gateway.translation.flavour_options import build_flavour
from gateway.translation.verdict import Verdict, judge, source_of


def verdict(name: str, result: object) -> Verdict:
    """The verdict about a value."""
    return judge(name, build_flavour(name), json.dumps(result).encode())


@pytest.mark.parametrize(
    ("name", "result", "pointer", "status", "source"),
    [
        ("alb", {"statusCode": "200"}, "/statusCode", 502, "apig-wsgi issue 52"),
        ("alb", {"statusCode": 200, "body": None}, "/body", 502, "Powertools"),
        ("alb", {"statusCode": 200, "headers": {"a/b~": 1}}, "/headers/a~1b~0", 502, "serverless-express"),
        ("alb-multi", {"statusCode": 200, "multiValueHeaders": {"a": "b"}}, "/multiValueHeaders/a", 502, "issue 688"),
        ("rest", {"status": 200}, "/status", 502, "set-up-lambda-proxy-integrations"),
        ("rest", [], "", 502, "localstack"),
        ("http", {"statusCode": 200, "body": {}}, "/body", 500, "http-api-develop-integrations-lambda"),
        ("http-v1", {"statusCode": 0}, "/statusCode", 500, "http-api-develop-integrations-lambda"),
        ("url", {"statusCode": 99}, "/statusCode", 502, "localstack"),
        ("websocket", {}, "/statusCode", 500, "route-keys-connect-disconnect"),
    ],
)
def test_refused(name: str, result: object, pointer: str, status: int, source: str) -> None:
    """A verdict names the member, the rule, the source and the answer that goes out instead."""
    given = verdict(name, result)

    assert not given.accepted
    assert (given.pointer, given.response.status) == (pointer, status)
    assert given.rule.startswith(f"{pointer or '(result)'}: expected ")
    assert source in given.source


@pytest.mark.parametrize(
    ("name", "result", "notes"),
    [
        ("alb", {"statusCode": 200}, ()),
        ("alb", {"statusCode": 200, "multiValueHeaders": {}}, ("/multiValueHeaders is ignored",)),
        ("alb-multi", {"statusCode": 200, "headers": {"a": 1}}, ("/headers is ignored",)),
        ("rest", {"statusCode": 204, "body": "x"}, ("/body is ignored: a 204 has none",)),
        ("rest", {"body": "x"}, ()),
        ("http", {"statusCode": 200, "multiValueHeaders": {}}, ("/multiValueHeaders is ignored",)),
        ("http", {"status": 1}, ("without statusCode the whole result is the body of a 200 with application/json",)),
        ("url", "text", ("without statusCode the whole result is the body of a 200 with application/json",)),
    ],
)
def test_accepted(name: str, result: object, notes: tuple[str, ...]) -> None:
    """What is accepted and may still surprise is noted."""
    given = verdict(name, result)

    assert given.accepted
    assert given.notes == notes


def test_a_stream_front_door_sends_json() -> None:
    """Behind RESPONSE_STREAM a buffered result is the body."""
    given = verdict("url-stream", {"statusCode": 404})

    assert (given.response.status, given.response.body) == (200, b'{"statusCode": 404}')
    assert "RESPONSE_STREAM" in given.notes[0]


def test_a_result_that_is_too_large_has_no_pointer() -> None:
    """The whole of it is at fault."""
    given = verdict("alb", {"statusCode": 200, "body": "x" * 1024 * 1024})

    assert (given.accepted, given.pointer) == (False, "")
    assert "at most 1048576" in given.rule


def test_every_front_door_has_a_source() -> None:
    """A new front door cannot come without one."""
    assert all(source_of(name, "/headers") for name in FLAVOURS)
    with pytest.raises(UsageError):
        source_of("nlb", "")
