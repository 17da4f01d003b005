"""The one table of what a way cannot carry; a row that is not needed fails the test."""

from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from tests.golden.entries import Entry

NOT_ASKED: Final = "*"
"""The name in a row for a whole listener, which is not asked in this way."""


class NotCarried(NamedTuple):
    """Entries that have another answer in some ways.

    Attributes:
        ways: As `tests.golden.ways` names them.
        listener: Of the entries; a pattern as of `fnmatch`.
        name: Theirs; a pattern too, or `NOT_ASKED`.
        reason: What these ways do not have.
    """

    ways: tuple[str, ...]
    listener: str
    name: str
    reason: str

    def matches(self, entry: Entry) -> bool:
        """Whether the row is about an entry."""
        return fnmatchcase(entry.listener, self.listener) and fnmatchcase(entry.name, self.name)


_DESCRIBED: Final = ("handler", "client")
"""Their listener is described by a flavour and leads to one handler."""

_PARSED: Final = ("asgi", "client")
"""Another parser has read the request."""

TABLE: Final = (
    NotCarried(("server", "handler", "asgi", "client"), "control", NOT_ASKED, "it is no listener"),
    NotCarried(_DESCRIBED, "alb-rules", NOT_ASKED, "a flavour has no rules"),
    NotCarried(_DESCRIBED, "alb-server", NOT_ASKED, "a handler is no server"),
    NotCarried(_DESCRIBED, "url-stream", NOT_ASKED, "its function is no Python handler"),
    NotCarried(
        _DESCRIBED, "websocket", NOT_ASKED, "a client's requests are plain, and a flavour has no two-way routes"
    ),
    NotCarried(_DESCRIBED, "*", "a throttled function", "the handler has no reserved concurrency"),
    NotCarried(_DESCRIBED, "http", "AWS_IAM without a signature", "a flavour's routes have no authorization"),
    NotCarried(_DESCRIBED, "http", "an authorizer *", "a flavour has no authorizers"),
    NotCarried(_DESCRIBED, "rest", "AWS_IAM without a signature", "a flavour's routes have no authorization"),
    NotCarried(_DESCRIBED, "rest", "an authorizer without its token", "a flavour has no authorizers"),
    NotCarried(_DESCRIBED, "rest", "an authorizer that denies", "a flavour has no authorizers"),
    NotCarried(_DESCRIBED, "rest", "an authorizer that fails", "a flavour has no authorizers"),
    NotCarried(_DESCRIBED, "rest", "what an authorizer adds to the event", "a flavour has no authorizers"),
    NotCarried(_DESCRIBED, "rest", "an API key that is missing", "a flavour has no usage plans"),
    NotCarried(_DESCRIBED, "rest", "MOCK", "a flavour's routes lead to the handler"),
    NotCarried(_DESCRIBED, "rest", "HTTP_PROXY*", "a flavour's routes lead to the handler"),
    NotCarried(_DESCRIBED, "rest", "a stream*", "the function of these routes is no Python handler"),
    NotCarried(_DESCRIBED, "rest", "a body that does not fit its model", "a flavour has no models"),
    NotCarried(_DESCRIBED, "rest", "a parameter that is missing", "a flavour has no required parameters"),
    NotCarried(("client",), "*", "a function that exits", "the test's process would end"),
    NotCarried(("client",), "*", "a function that times out", "nothing stops a handler in the test's process"),
    NotCarried(("client",), "alb", "OPTIONS *", "httpx has no such URL"),
    NotCarried(("client",), "alb", "a path above the root", "httpx resolves the dots of a URL"),
    NotCarried(("client",), "alb", "dots and slashes in the path", "httpx resolves the dots of a URL"),
    NotCarried(
        _PARSED, "*", "an absolute target", "neither ASGI's scope nor a client's URL has an authority beside Host"
    ),
    NotCarried(_PARSED, "*", "a folded line", "the line comes unfolded"),
    NotCarried(_PARSED, "*", "a bare LF as a line end", "lines come without their ends"),
    NotCarried(_PARSED, "*", "HTTP/2.0 in a request line", "which versions there are says the parser"),
    NotCarried(_PARSED, "alb", "HTTP/1.7", "which versions there are says the parser"),
    NotCarried(_PARSED, "*", "a method in lower case", "ASGI and httpx have methods in upper case"),
    NotCarried(("client",), "*", "HTTP/1.0*", "what a client of tests asks is HTTP/1.1"),
    NotCarried(_PARSED, "alb*", "the same length twice", "the parser has made one of them"),
    NotCarried(("asgi",), "http-v1", "the event of a GET", "ASGI has names of header lines in lower case"),
    NotCarried(("asgi",), "rest", "the event of a*", "ASGI has names of header lines in lower case"),
    NotCarried(
        ("replay",), "alb-rules", "a rule by method, with a stickiness cookie", "a recording has one target group"
    ),
    NotCarried(("replay",), "rest", "an API key", "a recording has no usage plans"),
)
