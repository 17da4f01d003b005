"""What each condition's model takes."""

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.config.listeners.conditions import ConditionModel
from gateway.types import Json

ADAPTER: TypeAdapter[object] = TypeAdapter(ConditionModel)


@pytest.mark.parametrize(
    ("condition", "taken"),
    [
        ({"field": "host-header", "values": ["*.a.com"]}, True),
        ({"field": "host-header", "regex_values": ["a"]}, True),
        ({"field": "host-header", "values": ["a"], "regex_values": ["a"]}, False),
        ({"field": "http-header", "http_header_name": "X-A_b", "values": ["*"]}, True),
        ({"field": "http-header", "http_header_name": "X-*", "values": ["*"]}, True),
        ({"field": "http-header", "http_header_name": "X A", "values": ["*"]}, False),
        ({"field": "http-header", "http_header_name": "a" * 41, "values": ["*"]}, False),
        ({"field": "http-header", "http_header_name": "HOST", "values": ["*"]}, False),
        ({"field": "http-request-method", "values": ["M-SEARCH"]}, True),
        ({"field": "http-request-method", "values": ["GET*"]}, False),
        ({"field": "http-request-method", "regex_values": ["GET"]}, False),
        ({"field": "query-string", "values": [{"value": "a"}]}, True),
        ({"field": "query-string", "values": [{"key": "", "value": "a"}]}, False),
        ({"field": "source-ip", "values": ["::/0", "0.0.0.0/0"]}, True),
        ({"field": "source-ip", "values": ["10.0.0.0/33"]}, False),
    ],
)
def test_condition(condition: Json, *, taken: bool) -> None:
    """Each field has its own keys and forms; ``*`` is a legal character of a header's name and no wildcard there."""
    try:
        ADAPTER.validate_python(condition)
    except ValidationError:
        assert not taken
    else:
        assert taken
