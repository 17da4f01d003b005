"""Values that were secrets once."""

import base64

import pytest

from gateway.observe.repeated_secrets import RepeatedSecrets
from gateway.types import Json


def without(document: Json, *secrets: str) -> Json:
    """One member of a document after these secrets were found."""
    repeated = RepeatedSecrets("*")
    for secret in secrets:
        repeated.add(secret)
    return repeated.without({"member": document, "flavour": document})["member"]


@pytest.mark.parametrize(
    ("text", "secret", "expected"),
    [
        ("a opensesame b", "opensesame", "a * b"),
        ("xopensesamex", "opensesame", "xopensesamex"),
        ("xopensesame-42x", "opensesame-42", "x*x"),
        ("short", "short", "short"),
        ("ab c+d and ab%20c%2Bd", "ab%20c%2Bd", "* and *"),
        ("ab c+d and ab%20c%2Bd", "ab c+d!", "ab c+d and ab%20c%2Bd"),
        ("opensesame-42", "nothing-like-it", "opensesame-42"),
    ],
)
def test_texts(text: str, secret: str, expected: str) -> None:
    """Long ones anywhere, shorter ones as words, the shortest nowhere; decoded and encoded."""
    assert without(text, secret) == expected


def test_members_at_any_depth() -> None:
    """Texts change, everything else stays; base64 of a body is looked into."""
    encoded = base64.b64encode(b"\xff opensesame").decode()
    document: Json = {"a": [1, None, {"b": "opensesame"}], "isBase64Encoded": True, "body": encoded}

    assert without(document, "opensesame") == {
        "a": [1, None, {"b": "*"}],
        "isBase64Encoded": True,
        "body": base64.b64encode(b"\xff *").decode(),
    }
    assert without({"body_base64": encoded}, "opensesame") == {"body_base64": base64.b64encode(b"\xff *").decode()}
    assert without({"body_base64": "no base64"}, "opensesame") == {"body_base64": "no base64"}


def test_the_longest_goes_first() -> None:
    """One secret may be a part of another."""
    assert without("opensesame-42-and-more", "opensesame-42", "opensesame-42-and-more") == "*"


def test_the_documents_own_members_stay() -> None:
    """A secret that is called like a flavour does not make a document that cannot be read."""
    repeated = RepeatedSecrets("*")
    repeated.add("alb-multi")

    assert repeated.without({"flavour": "alb-multi", "event": "alb-multi"}) == {"flavour": "alb-multi", "event": "*"}


def test_only_so_many_are_looked_for() -> None:
    """Each costs a walk through the whole document."""
    repeated = RepeatedSecrets("*")
    for number in range(1000):
        repeated.add(f"opensesame-{number:04d}")

    assert repeated.without({"a": "opensesame-0199 opensesame-0200"}) == {"a": "* opensesame-0200"}
