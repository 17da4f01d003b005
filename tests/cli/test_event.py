"""``gateway event`` from the outside."""

import json
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli import gateway
from gateway.errors import UsageError
from gateway.testing import assert_event_shape


def run(*arguments: str) -> Result:
    """The command's answer."""
    return CliRunner().invoke(gateway, ["event", *arguments])


def event(*arguments: str) -> Any:  # noqa: ANN401 - JSON
    """The event that is printed."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_a_request() -> None:
    """METHOD and URL with curl's flags give the load balancer's event."""
    made = event("POST", "/pets?tag=a", "--json", '{"name": "Rex"}', "-H", "X-A: 1")

    assert_event_shape("alb", made)
    assert (made["httpMethod"], made["body"], made["headers"]["x-a"]) == ("POST", '{"name": "Rex"}', "1")


@pytest.mark.parametrize("name", ["alb", "alb-multi", "rest", "http", "http-v1", "url", "websocket"])
def test_every_front_door(name: str) -> None:
    """--as names the front door."""
    assert_event_shape(name, event("http", "GET", "/", "--as", name))


def test_a_curl_command() -> None:
    """A copied command is enough; flags beside it add to it."""
    made = event("--curl", "curl https://shop.test/x -X PUT -H 'a: b' --data-raw q -s", "--as", "http", "-H", "c: d")

    assert made["requestContext"]["http"]["method"] == "PUT"
    assert (made["headers"]["a"], made["headers"]["c"], made["headers"]["host"]) == ("b", "d", "shop.test")


def test_comparing() -> None:
    """--compare shows all front doors, for people and for machines."""
    text = run("GET", "/a?x=1", "--compare").output
    leaves = event("GET", "/a?x=1", "--compare", "--as-json")

    assert "= /headers" not in text
    assert "≠ /body\n" in text
    assert leaves["/body"] == {"alb": "", "alb-multi": "", "rest": None, "http-v1": None}
    assert set(leaves["/requestContext/accountId"]) == {"rest", "http", "http-v1", "url"}, "url-stream says nothing new"


def test_a_service() -> None:
    """The other services have commands of their own, with their options."""
    made = event("s3", "put", "--bucket", "photos", "--key", "a b.jpg")

    assert made["Records"][0]["s3"]["bucket"]["name"] == "photos"
    assert made["Records"][0]["s3"]["object"]["key"] == "a+b.jpg"
    assert "--key" in run("s3", "put", "--help").output
    assert "dynamodb" in run("--help").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["GET"], "give METHOD and URL"),
        (["TRACE", "/"], "alb never makes an event of this request"),
        (["GET", "/", "--as-json"], "goes with --compare"),
        (["s3", "put", "--bucket", "B"], "--bucket 'B'"),
    ],
)
def test_what_cannot_be_made(arguments: list[str], message: str) -> None:
    """The message says what to do."""
    error = run(*arguments).exception

    assert isinstance(error, UsageError)
    assert message in str(error)


def test_an_unknown_flag() -> None:
    """A flag that curl has and this has not is named."""
    result = run("GET", "/", "--ftp-pasv")

    assert result.exit_code == 2
    assert "--ftp-pasv" in result.output
    assert isinstance(gateway, click.Group)
