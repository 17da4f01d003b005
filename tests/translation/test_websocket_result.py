"""What the function of a WebSocket route may give back."""

import pytest

from gateway.errors import BadResult
from gateway.translation.websocket_result import RouteResult, read_result


def test_all_members() -> None:
    """Headers and lists of them become lines, the body its bytes."""
    payload = (
        b'{"statusCode":"201","headers":{"A":1},"multiValueHeaders":{"B":["x"]},"body":"aGk=","isBase64Encoded":true}'
    )

    result = read_result(payload)

    assert result == RouteResult(201, [(b"B", b"x"), (b"A", b"1")], "aGk=", encoded=True)
    assert result.raw() == b"hi"


def test_no_members() -> None:
    """An empty object is a result of a message; only $connect needs a status."""
    result = read_result(b"{}")

    assert result == RouteResult(None, [], None, encoded=False)
    assert result.raw() == b""


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        (b"null", ""),
        (b'"text"', ""),
        (b"no JSON", ""),
        (b'{"Data":1}', "/Data"),
        (b'{"statusCode":0}', "/statusCode"),
        (b'{"headers":[]}', "/headers"),
        (b'{"multiValueHeaders":{"a":"b"}}', "/multiValueHeaders/a"),
        (b'{"body":1}', "/body"),
        (b'{"isBase64Encoded":"yes"}', "/isBase64Encoded"),
    ],
)
def test_malformed(payload: bytes, pointer: str) -> None:
    """What a Lambda proxy integration does not know is no result."""
    with pytest.raises(BadResult) as caught:
        read_result(payload)

    assert caught.value.pointer == pointer
