"""Lines of the access log."""

import shlex
from dataclasses import replace

import pytest

from gateway.observe.access_log import AccessRecord, format_line

RECORD = AccessRecord(
    type="http",
    time_us=1_543_616_580_186_641,
    elb="app/my-loadbalancer/50dc6c495c0c9188",
    client=("192.168.131.39", 2817),
    elb_status=200,
    received_bytes=34,
    sent_bytes=366,
    request=b"GET http://www.example.com:80/ HTTP/1.1",
    created_us=1_543_616_580_185_000,
    request_processing_s=0.0,
    target_processing_s=0.0012,
    response_processing_s=0.0,
    target_status=200,
    user_agent=b"curl/7.46.0",
    target_group_arn="arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067",
    trace_id="Root=1-58337364-23a8c76965a2ef7629b185e3",
    matched_rule_priority="0",
    actions=("forward",),
    connection_trace_id="TID_0123456789abcdef",
)


def test_a_line_has_the_documented_fields_in_order() -> None:
    """All 33 fields, each quoted as the user guide's examples quote it."""
    assert format_line(RECORD) == (
        "http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 - "
        '0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - '
        "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "
        '"Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 0 2018-11-30T22:23:00.185000Z "forward" "-" "-" '
        '"-" "-" "-" "-" TID_0123456789abcdef "-" "-" "-"'
    )


def test_a_failure_shows_minus_one_a_dash_and_its_reason() -> None:
    """As in a line recorded in 2020 (kdgregory/example-lambda-java issue 11): 0.008 0.042 -1 502 -."""
    failed = replace(
        RECORD,
        request_processing_s=0.008,
        target_processing_s=0.042,
        response_processing_s=None,
        elb_status=502,
        target_status=None,
        error_reason="LambdaInvalidResponse",
        classification="Ambiguous",
        classification_reason="EmptyHeader",
    )

    fields = shlex.split(format_line(failed))

    assert fields[5:10] == ["0.008", "0.042", "-1", "502", "-"]
    assert fields[22:30] == [
        "forward", "-", "LambdaInvalidResponse", "-", "-", "Ambiguous", "EmptyHeader", "TID_0123456789abcdef",
    ]  # fmt: skip
    assert len(fields) == 33


@pytest.mark.parametrize(
    ("sent", "logged"),
    [
        (b'a"b', r'"a\x22b"'),
        (b"a\\b", r'"a\x5Cb"'),
        (b"a\nb\x00", r'"a\x0Ab\x00"'),
        ("é".encode(), r'"\xC3\xA9"'),
        (b"", '""'),
    ],
)
def test_a_client_cannot_forge_fields_or_lines(sent: bytes, logged: str) -> None:
    """Quotes and control characters are escaped wherever the client wrote them."""
    line = format_line(replace(RECORD, user_agent=sent, trace_id=sent.decode(), request=sent))

    assert line.count(logged) == 3
    assert "\n" not in line


def test_the_user_agent_is_cut_at_8_kb() -> None:
    """A longer one does not blow up the line."""
    line = format_line(replace(RECORD, user_agent=b"x" * 9000))

    assert f'"{"x" * 8192}"' in line


def test_an_ipv6_client_stands_in_brackets() -> None:
    """Address and port can be told apart."""
    assert " [2001:db8::1]:2817 " in format_line(replace(RECORD, client=("2001:db8::1", 2817)))


def test_several_actions_are_separated_by_commas() -> None:
    """A rule that authenticates and forwards did both."""
    assert '"authenticate,forward"' in format_line(replace(RECORD, actions=("authenticate", "forward")))
