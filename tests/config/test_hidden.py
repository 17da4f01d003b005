"""Values of variables in what is told."""

import pytest

from gateway.config.hidden import hidden, hiding
from gateway.errors import UsageError

VARIABLES = {
    "KEY": "opensesame",
    "STAGE": "prod",
    "N": "7",
    "ODD": "a'b\"c\n",
    "EMPTY": "",
    "CUT": "0123456789abcdef" * 9,
    "LONG": "opensesame-2",
}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the key opensesame is wrong", "the key ${KEY} is wrong"),
        ("xopensesamex", "x${KEY}x"),
        ("opensesame-2", "${LONG}"),
        ("/prod/a production", "/${STAGE}/a production"),
        ("7 of 7", "7 of 7"),
        (f"found {VARIABLES['ODD']!r}", "found '${ODD}'"),
        ("a'b\"c\n", "${ODD}"),
        ("", ""),
        ("'" + "0123456789abcdef" * 5 + "…", "'${CUT}…"),
        ("0123456789abcdef" * 9, "${CUT}"),
        ("0123456789abcdef 0123456789abcde", "${CUT} 0123456789abcde"),
    ],
)
def test_values_become_variables(text: str, told: str) -> None:
    """Short ones as whole words, the shortest not at all; what Python writes with backslashes too."""
    assert hidden(text, VARIABLES) == told


def test_nothing_to_hide() -> None:
    """Without variables a text is what it was."""
    assert hidden("a", {}) == "a"


def test_a_long_text_takes_linear_time() -> None:
    """Values that begin alike are no trap."""
    assert hidden("a" * 200_000, {"A": "a" * 10 + "b" * 90}) == "a" * 200_000


def test_errors_are_told_with_variables() -> None:
    """What goes wrong after the file was read, too."""
    with pytest.raises(UsageError, match=r"^no \$\{KEY\} here$"), hiding(VARIABLES):
        raise UsageError("no opensesame here")
