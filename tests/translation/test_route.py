"""Which route takes a request."""

import pytest

from gateway.errors import UsageError
from gateway.translation.route import ANY, DEFAULT, HTTP_DEFAULT, REST_DEFAULT, Route, RouteTable, parse_route


def _table(*keys: str) -> RouteTable:
    return RouteTable(Route(*key.split(" ")) if " " in key else Route(ANY, key) for key in keys)


PETS = _table("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", DEFAULT)


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("POST", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
        ("GET", "/pets/", "GET /pets/{proxy+}", {"proxy": ""}),
        ("GET", "/pets/dog/", "GET /pets/{proxy+}", {"proxy": "dog/"}),
    ],
)
def test_http_precedence(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    """A full match of method and path, then the longest greedy route."""
    found = PETS.match_http(method, path)

    assert found is not None
    assert (found[0].key, found[1]) == (key, parameters)


def test_http_default_takes_the_rest() -> None:
    """``$default`` takes what no other route does; without it nothing does."""
    found = HTTP_DEFAULT.match_http("GET", "/any/thing")

    assert found is not None
    assert found[0].key == DEFAULT
    assert _table("GET /a").match_http("GET", "/b") is None
    assert _table("GET /a").match_http("POST", "/a") is None


def test_http_trailing_slash_is_another_path() -> None:
    """A static route does not match with a slash behind it."""
    assert _table("GET /a").match_http("GET", "/a/") is None


def test_http_method_beats_any() -> None:
    """On one path the route of the method comes before ANY."""
    found = _table("ANY /a", "GET /a").match_http("GET", "/a")

    assert found is not None
    assert found[0].method == "GET"


@pytest.mark.parametrize(
    ("routes", "method", "path", "resource", "parameters"),
    [
        (("GET /a", "GET /{x}", "GET /{proxy+}"), "GET", "/a", "/a", {}),
        (("GET /a", "GET /{x}", "GET /{proxy+}"), "GET", "/b", "/{x}", {"x": "b"}),
        (("GET /a", "GET /{x}", "GET /{proxy+}"), "GET", "/b/c", "/{proxy+}", {"proxy": "b/c"}),
        (("GET /a", "ANY /{proxy+}"), "POST", "/a", "/{proxy+}", {"proxy": "a"}),
        (("GET /a/b", "ANY /a/{proxy+}", "ANY /{proxy+}"), "PUT", "/a/b", "/a/{proxy+}", {"proxy": "b"}),
        (("GET /a/b", "GET /a/{proxy+}", "ANY /{proxy+}"), "PUT", "/a/b", "/{proxy+}", {"proxy": "a/b"}),
        (("GET /a/b", "GET /{x}/c"), "GET", "/a/c", "/{x}/c", {"x": "a"}),
        (("GET /a",), "GET", "/a/", "/a", {}),
        (("ANY /{proxy+}",), "GET", "/a//b/", "/{proxy+}", {"proxy": "a//b"}),
        (("GET /{x}/y/{z+}",), "GET", "/1/y/2/3", "/{x}/y/{z+}", {"x": "1", "z": "2/3"}),
    ],
)
def test_rest_precedence(
    routes: tuple[str, ...], method: str, path: str, resource: str, parameters: dict[str, str]
) -> None:
    """Static before parameter before greedy; a missing method falls back to a greedy resource that has it."""
    found = _table(*routes).match_rest(method, path)

    assert found is not None
    assert (found[0].path, found[1]) == (resource, parameters)


@pytest.mark.parametrize(
    ("routes", "method", "path"),
    [
        (("ANY /{proxy+}",), "GET", "/"),
        (("ANY /a/{proxy+}",), "GET", "/a"),
        (("ANY /a/{proxy+}",), "GET", "/a/"),
        (("GET /a",), "POST", "/a"),
        (("GET /a", "POST /{x}"), "POST", "/a"),
        (("GET /a",), "GET", "/b"),
        (("GET /a/b",), "GET", "/a"),
    ],
)
def test_rest_has_no_route(routes: tuple[str, ...], method: str, path: str) -> None:
    """A greedy parameter is never empty, and a parameter is no fallback for a method."""
    assert _table(*routes).match_rest(method, path) is None


def test_rest_default_takes_everything() -> None:
    """The resources of a REST API with one proxy integration."""
    assert all(REST_DEFAULT.match_rest("GET", path) for path in ("/", "/a", "/a/b/", "/a//b"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /pets/{id}", Route("GET", "/pets/{id}")),
        ("/pets", Route(ANY, "/pets")),
        ("$default", Route(ANY, DEFAULT)),
        ("PUT /a PutA", Route("PUT", "/a", operation_name="PutA")),
    ],
)
def test_a_route_as_it_is_written(text: str, expected: Route) -> None:
    """In a configuration, a test, a recording."""
    assert parse_route(text) == expected


@pytest.mark.parametrize("text", ["", "GET", "GET pets", "pets"])
def test_what_is_no_route(text: str) -> None:
    """The message says how one is written."""
    with pytest.raises(UsageError, match=r"is no route: write 'GET /pets/\{id\}'"):
        parse_route(text)
