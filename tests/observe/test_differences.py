"""Differences of JSON values."""

import base64

import pytest
from hypothesis import given

from gateway.observe.differences import Difference, differences, ignored
from gateway.types import Json
from tests.translation.flavours.apigw_requests import json_values


@pytest.mark.parametrize(
    ("recorded", "now", "found"),
    [
        ({"a": 1}, {"a": 2}, [Difference("/x/a", "1", "2")]),
        ({"a": 1}, {}, [Difference("/x/a", "1", "(nothing)")]),
        ({}, {"a": None}, [Difference("/x/a", "(nothing)", "null")]),
        ([1, 2], [1, 3], [Difference("/x/1", "2", "3")]),
        ([1], [1, 2], [Difference("/x", "[1]", "[1, 2]")]),
        (True, 1, [Difference("/x", "true", "1")]),
        ({"a/b~": 1}, {"a/b~": 2}, [Difference("/x/a~1b~0", "1", "2")]),
        ({"headers": {"a": "1"}}, {"headers": {"a": "1"}}, []),
        ("é" * 200, "é" * 199, [Difference("/x", f'…"{"é" * 31}"', f'…"{"é" * 30}"')]),
    ],
)
def test_each_place_is_named_by_its_pointer(recorded: Json, now: Json, found: list[Difference]) -> None:
    """With what stood there and what stands there."""
    assert differences(recorded, now, "/x") == found


def test_a_long_text_is_shown_from_shortly_before_the_difference() -> None:
    """Nobody reads 200 equal characters."""
    (found,) = differences({"a": "s" * 200 + "1" + "t" * 200}, {"a": "s" * 200 + "2"}, "")

    assert found.recorded == f'…"{"s" * 30}1{"t" * 89}"…'
    assert found.now == f'…"{"s" * 30}2"'


def test_a_body_of_json_is_compared_inside() -> None:
    """Pointers go on into it; other spelling of the same JSON is a difference of its own."""
    recorded: Json = {"body": '{"a": [1, 2]}'}

    assert [place.pointer for place in differences(recorded, {"body": '{"a": [1, 3]}'}, "/result")] == [
        "/result/body/a/1"
    ]
    assert [place.pointer for place in differences(recorded, {"body": '{"a":[1,2]}'}, "/result")] == ["/result/body"]
    assert differences(recorded, {"body": '{"a":[1,3]}'}, "/result", ["/result/body/a"]) == []
    assert [place.pointer for place in differences({"body": "{1"}, {"body": "{2"}, "/result")] == ["/result/body"]


def test_redacted_stands_for_any_text() -> None:
    """A new cookie is no difference, another path of it is."""
    recorded: Json = {"cookie": "id=redacted; Path=/"}

    assert differences(recorded, {"cookie": "id=xyz; Path=/"}, "") == []
    assert len(differences(recorded, {"cookie": "id=xyz; Path=/a"}, "")) == 1
    assert differences({"pin": "redacted"}, {"pin": 1234}, "") == []
    assert len(differences({"pin": "redacted"}, {"pin": None}, "")) == 1
    assert len(differences({"a": "x redacted y redacted z"}, {"a": "x y z"}, "")) == 1
    assert len(differences({"a": "xredactedx"}, {"a": "x"}, "")) == 1


@pytest.mark.parametrize(
    ("recorded", "now", "pointers"),
    [
        ("a=1&token=redacted", "a=1&token=xyz", []),
        ("a=1&token=redacted", "a=2&token=xyz", ["/body"]),
        ('{"token":"redacted","pin":"redacted","a":1}', '{"token":"x","pin":1234,"a":1}', []),
        ('{"token":"redacted","a":1}', '{"token":"x","a":2}', ["/body/a"]),
        (base64.b64encode(b"token=redacted").decode(), base64.b64encode(b"token=x").decode(), []),
        (base64.b64encode(b"a=1").decode(), base64.b64encode(b"a=2").decode(), ["/body"]),
        (base64.b64encode(b"\xffredacted").decode(), base64.b64encode(b"\xffother---").decode(), ["/body"]),
    ],
)
def test_redacted_bodies(recorded: str, now: str, pointers: list[str]) -> None:
    """What was redacted in a body may be anything, what was not may not."""
    assert [place.pointer for place in differences({"body": recorded}, {"body": now}, "")] == pointers


def test_many_redacted_words_take_linear_time() -> None:
    """Each piece is looked for once."""
    recorded = "a redacted " * 2000

    assert len(differences(recorded + "b", "a " * 200_000, "")) == 1


@pytest.mark.parametrize(
    ("pointer", "ignore", "is_ignored"),
    [
        ("/result/body/now", "/result/body/now", True),
        ("/result/body/now/x", "/result/body/now", True),
        ("/result/body", "/result/body/now", False),
        ("/response/headers/date/0", "/response/headers/*", True),
        ("/event/headers/a", "/*/headers/a", True),
        ("/event/headers/b", "/*/headers/a", False),
    ],
)
def test_what_may_differ(pointer: str, ignore: str, is_ignored: bool) -> None:
    """A pointer covers what is below it; a star is one member."""
    assert ignored(pointer, [ignore]) is is_ignored


def test_a_member_that_may_differ_may_be_missing() -> None:
    """On either side."""
    assert differences({"a": 1}, {"b": 1}, "", ["/a", "/b"]) == []


@given(value=json_values())
def test_nothing_differs_from_itself(value: Json) -> None:
    """For any JSON but NaN, which is not even equal to itself."""
    found = differences(value, value, "")

    assert all("NaN" in place.recorded for place in found)


def test_a_difference_reads_well() -> None:
    """Pointer, then both values."""
    assert str(Difference("/a", "1", "2")) == "/a\n    recorded 1\n    now      2"
