"""Which route takes a request, and what the event says about it: the pure part of routing.

Facts:

- REST APIs (recorded: localstack/localstack@8b9a79f0, 2024): static segment before ``{param}`` before ``{proxy+}``;
  when the most specific resource lacks the method, a greedy sibling or ancestor that has it takes the request; a
  trailing slash is ignored; nothing is decoded; slashes before the stage collapse, slashes right after it collapse in
  ``path`` but not in ``requestContext.path``; ``{proxy+}`` does not match its own parent.
- On a custom domain ``path`` and ``requestContext.path`` both hold the whole URL path, base path included
  (localstack/localstack pull request 12296, checked against AWS).
- HTTP APIs (API Gateway developer guide, http-api-develop-routes): a full match of method and path first, then the
  longest greedy route, then ``$default``; a method beats ``ANY`` on the same path.  Paths are decoded and cut at an
  encoded ``?`` (hotsock/voker issue 8); ``/handler/{proxy+}`` matches ``/handler/`` with ``proxy`` "" (recorded, 2022).
- An HTTP API's stage is the first path segment when it names one, else ``$default`` (same guide).
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.types import Json

ANY: Final = "ANY"
DEFAULT: Final = "$default"


class Route(NamedTuple):
    """One method of one path.

    Attributes:
        method: An HTTP method or ``ANY``.
        path: ``/pets/{id}``, ``/{proxy+}``; "$default" for the route that takes what is left.
        name: The caller's own mark (which function, which authorizer); it comes back in `RouteMatch.route`.
        operation_name: Of a REST method, "" for none.
    """

    method: str
    path: str
    name: str = ""
    operation_name: str = ""

    @property
    def key(self) -> str:
        """``GET /pets/{id}`` or ``$default``, as HTTP APIs write it; ``$connect``, as WebSocket APIs do."""
        return self.path if self.path.startswith("$") else f"{self.method} {self.path}"


def parse_route(text: str) -> Route:
    """The route of ``GET /pets/{id}``, ``ANY /{proxy+}``, ``/pets`` or ``$default``; `Route.key` written back.

    Behind a space may stand the name of the operation: ``GET /pets/{id} GetPet``.

    Raises:
        UsageError: It is none of these.
    """
    if text == DEFAULT:
        return Route(ANY, DEFAULT)
    method, _, rest = f"{ANY} {text}".partition(" ") if text.startswith("/") else text.partition(" ")
    path, _, operation_name = rest.partition(" ")
    if not method or not path.startswith("/"):
        raise UsageError(f"{text!r} is no route: write 'GET /pets/{{id}}', 'ANY /{{proxy+}}' or '$default'")
    return Route(method, path, operation_name=operation_name)


class RouteMatch(NamedTuple):
    """A routed request: what the event says beyond the request itself.

    Attributes:
        route: The route that matched.
        path: The event's ``path`` or ``rawPath``, in the front door's own encoding.
        context_path: The event's ``requestContext.path``.
        path_parameters: Encoded for REST APIs, decoded for HTTP APIs; empty when the path has none.
        stage: The stage's name.
        stage_variables: Empty when the stage has none.
        authorizer: ``requestContext.authorizer`` once an authorizer has spoken.
        identity: Members that replace or join ``requestContext.identity`` (IAM caller, API key, client certificate).
    """

    route: Route
    path: str
    context_path: str
    path_parameters: Mapping[str, str]
    stage: str
    stage_variables: Mapping[str, str]
    authorizer: Mapping[str, Json] | None = None
    identity: Mapping[str, Json] | None = None


class _Leaf:
    """What ends at one node: the parameter names on the way and the routes by method."""

    __slots__ = ("by_method", "names")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.by_method: dict[str, Route] = {}

    def route(self, method: str) -> Route | None:
        """The route for a method: its own before ``ANY``."""
        return self.by_method.get(method) or self.by_method.get(ANY)


class _Node:
    """One segment of the tree of paths."""

    __slots__ = ("full", "greedy", "param", "static")

    def __init__(self) -> None:
        self.static: dict[str, _Node] = {}
        self.param: _Node | None = None
        self.full: _Leaf | None = None
        self.greedy: _Leaf | None = None


class _Candidate(NamedTuple):
    leaf: _Leaf
    values: tuple[str, ...]
    greedy: bool


class RouteTable:
    """A set of routes as a tree of segments; build once, then only read."""

    __slots__ = ("_default", "_plain", "_root", "routes")

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        self._default: Route | None = None
        for route in self.routes:
            if route.path == DEFAULT:
                self._default = route
            else:
                self._add(route)
        root = self._root
        self._plain = root.greedy if root.param is None and not root.static.keys() - {""} else None

    def _add(self, route: Route) -> None:
        node, names = self._root, []
        segments = route.path.split("/")[1:]
        for segment in segments:
            if segment.endswith("+}"):
                names.append(segment[1:-2])
                node.greedy = node.greedy or _Leaf(tuple(names))
                node.greedy.by_method[route.method] = route
                return
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.param = node.param or _Node()
                node = node.param
            else:
                node = node.static.setdefault(segment, _Node())
        node.full = node.full or _Leaf(tuple(names))
        node.full.by_method[route.method] = route

    def match_rest(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a REST API and the encoded path parameters; ``path`` begins with one slash."""
        if path.endswith("/") and len(path) > 1:
            path = path[:-1]
        if self._plain is not None and len(path) > 1:
            # One proxy resource under the root and nothing else: no tree to walk.
            greedy = self._plain.route(method)
            return None if greedy is None else (greedy, {self._plain.names[0]: path[1:]})
        specific = True
        for found in _candidates(self._root, path.split("/"), 1, ()):
            # A greedy parameter is never empty: {proxy+} does not match its own parent.
            if found.greedy and not found.values[-1]:
                continue
            route = found.leaf.route(method) if specific or found.greedy else None
            if route is not None:
                return route, dict(zip(found.leaf.names, found.values, strict=True))
            specific = False
        return None

    def match_http(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of an HTTP API and the path parameters, for a decoded path without its stage."""
        greedy: tuple[Route, _Candidate] | None = None
        if self._root.static or self._root.param or self._root.full or self._root.greedy:
            for found in _candidates(self._root, path.split("/"), 1, ()):
                route = found.leaf.route(method)
                if route is not None and not found.greedy:
                    return route, dict(zip(found.leaf.names, found.values, strict=True))
                # Candidates come longest prefix first, so the first greedy one stays.
                if route is not None and (greedy is None or route.path.count("/") > greedy[0].path.count("/")):
                    greedy = route, found
        if greedy is not None:
            return greedy[0], dict(zip(greedy[1].leaf.names, greedy[1].values, strict=True))
        return (self._default, {}) if self._default is not None else None


def _candidates(node: _Node, segments: list[str], at: int, values: tuple[str, ...]) -> list[_Candidate]:
    """Everything that matches, the most specific first."""
    if at == len(segments):
        return [] if node.full is None else [_Candidate(node.full, values, greedy=False)]
    segment = segments[at]
    found = []
    if segment in node.static:
        found += _candidates(node.static[segment], segments, at + 1, values)
    if node.param is not None and segment:
        found += _candidates(node.param, segments, at + 1, (*values, segment))
    if node.greedy is not None:
        found.append(_Candidate(node.greedy, (*values, "/".join(segments[at:])), greedy=True))
    return found


REST_DEFAULT: Final = RouteTable([Route(ANY, "/"), Route(ANY, "/{proxy+}")])
"""Every method of every path: what a REST API with one proxy integration has."""

HTTP_DEFAULT: Final = RouteTable([Route(ANY, DEFAULT)])
"""The one route of an HTTP API made by quick create."""

DEFAULT_MATCH: Final = RouteMatch(Route(ANY, DEFAULT), "", "", {}, DEFAULT, {})
"""The match of what has no routes: load balancers and function URLs."""
