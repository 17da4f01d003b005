"""Each example serves a request."""

import gzip
from pathlib import Path

import httpx
import pytest

from tests.serving import served

EXAMPLES = {path.stem for path in (Path(__file__).parent.parent / "examples").glob("*.py")}
FRAMEWORKS = ["flask_app", "powertools_app", "starlette_app"]


def test_every_example_is_tested() -> None:
    """A new example is added to this file."""
    assert {"binary", "hello", *FRAMEWORKS} == EXAMPLES


def test_hello_answers_with_the_path() -> None:
    """The README's first command."""
    with served("examples.hello.handler") as url:
        answer = httpx.get(f"{url}/some/path")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["hello"] == "/some/path"


@pytest.mark.parametrize("mode", ["alb", "alb-multi"])
def test_binary_answers_with_bytes_and_two_cookies(mode: str) -> None:
    """Bytes that are no text go there and back, and a header comes twice in either mode."""
    with served("examples.binary.handler", "--as", mode) as url:
        answer = httpx.post(url, content=b"\x00\xff" * 100)

    assert answer.headers["content-type"] == "application/gzip"
    assert gzip.decompress(answer.content) == b"\x00\xff" * 100
    assert sorted(answer.headers.get_list("set-cookie")) == ["first=1", "second=2"]


@pytest.mark.parametrize("example", FRAMEWORKS)
def test_a_framework_behind_its_adapter_routes_a_request(example: str) -> None:
    """The application gets the path and the query that were sent; a load balancer leaves decoding to it."""
    with served(f"examples.{example}.handler") as url:
        answer = httpx.get(f"{url}/hello/world?q=a%20b")
        missing = httpx.get(f"{url}/nothing")

    assert answer.json() == {"hello": "world", "query": {"q": "a b"}}
    assert missing.status_code == 404
