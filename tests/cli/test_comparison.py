"""One request as every front door tells it."""

from gateway.cli.comparison import comparison_lines, leaves_of
from gateway.types import Json

EVENTS: dict[str, Json] = {
    "alb": {"path": "/a", "body": "", "q": {}},
    "rest": {"path": "/a", "body": None, "q": {}},
    "http": {"path": "/a", "q": {}},
}


def test_leaves() -> None:
    """Every value is found by its pointer."""
    assert leaves_of({"alb": {"a/b": {"c": 1}, "d": [1]}}) == {"/a~1b/c": {"alb": 1}, "/d": {"alb": [1]}}


def test_lines() -> None:
    """What is alike is one line; what differs says who sends what."""
    assert list(comparison_lines(EVENTS)) == [
        "≠ /body",
        '    alb   ""',
        "    rest  null",
        "    http  (absent)",
        '= /path  "/a"',
        "= /q  {}",
    ]
