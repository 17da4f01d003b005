"""Reading results as a load balancer does."""

import pytest

from gateway.errors import BadResult
from gateway.translation.alb_result import body_of, multi_lines, reason_of, result_object, single_lines, status_of


def test_the_message_names_the_member_and_what_was_expected() -> None:
    """One line for the log is enough to mend the handler."""
    with pytest.raises(BadResult) as caught:
        status_of({"statusCode": "200"})

    assert str(caught.value).endswith("/statusCode: expected an integer 200-599, got '200'")


def test_the_members_are_read_one_by_one() -> None:
    """A whole result, in single mode."""
    result = result_object(b'{"statusCode":404,"headers":{"Content-Type":"a/b","X":"1","Date":"d"},"body":"hi"}')

    assert status_of(result) == 404
    assert reason_of(result, 404) == b"Not Found"
    assert single_lines(result) == (b"a/b", True, [(b"Date", b"d"), (b"X", b"1")])
    assert body_of(result) == b"hi"


def test_multi_mode_reverses_names_and_values() -> None:
    """The last content type counts."""
    result = result_object(b'{"multiValueHeaders":{"A":["1","2"],"Content-Type":["a/a","b/b"]}}')

    assert multi_lines(result) == (b"b/b", False, [(b"A", b"2"), (b"A", b"1")])


def test_names_in_a_pointer_are_escaped() -> None:
    """RFC 6901 has two characters of its own."""
    with pytest.raises(BadResult) as caught:
        single_lines({"headers": {"a/b~c": 1}})

    assert caught.value.pointer == "/headers/a~1b~0c"
