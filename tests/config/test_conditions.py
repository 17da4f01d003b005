"""What each condition takes."""

import pytest
from pydantic import ValidationError

from gateway.config import conditions as kinds
from gateway.types import Json
from tests.config.reading import read


@pytest.mark.parametrize(
    ("kind", "condition", "taken"),
    [
        (kinds.HostHeader, {"values": ["*.a.com"]}, True),
        (kinds.HostHeader, {"regex_values": ["a"]}, True),
        (kinds.HostHeader, {"values": ["a"], "regex_values": ["a"]}, False),
        (kinds.HttpHeader, {"http_header_name": "X-A_b", "values": ["*"]}, True),
        (kinds.HttpHeader, {"http_header_name": "X-*", "values": ["*"]}, True),
        (kinds.HttpHeader, {"http_header_name": "X A", "values": ["*"]}, False),
        (kinds.HttpHeader, {"http_header_name": "a" * 41, "values": ["*"]}, False),
        (kinds.HttpHeader, {"http_header_name": "HOST", "values": ["*"]}, False),
        (kinds.HttpRequestMethod, {"values": ["M-SEARCH"]}, True),
        (kinds.HttpRequestMethod, {"values": ["GET*"]}, False),
        (kinds.HttpRequestMethod, {"regex_values": ["GET"]}, False),
        (kinds.QueryString, {"values": [{"value": "a"}]}, True),
        (kinds.QueryString, {"values": [{"key": "", "value": "a"}]}, False),
        (kinds.SourceIp, {"values": ["::/0", "0.0.0.0/0"]}, True),
        (kinds.SourceIp, {"values": ["10.0.0.0/33"]}, False),
    ],
)
def test_condition(kind: type[kinds.ConditionSettings], condition: dict[str, Json], *, taken: bool) -> None:
    """Each field has its own keys and forms; ``*`` is a legal character of a header's name and no wildcard there."""
    try:
        read(kind, {"field": kind.field, **condition})
    except ValidationError:
        assert not taken
    else:
        assert taken
