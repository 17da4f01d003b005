"""Callers that sign their requests."""

import pytest

from gateway.errors import GatewayError
from gateway.listeners.iam import caller_of
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request
from gateway.types import HeaderList

SIGNATURE = b"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0"


def request(authorization: bytes) -> Request:
    """A request with this line."""
    headers = [(b"Authorization", authorization)]
    return Request("PUT", b"/a", b"b=c", headers, b"body", ("192.0.2.1", 1), ("127.0.0.1", 2))


def test_the_caller() -> None:
    """The key stands in the signature; the account is the front door's."""
    caller = caller_of(request(SIGNATURE), "111111111111", None)

    assert caller == ("AKID", "111111111111")
    assert caller.identity()["userArn"] == "arn:aws:iam::111111111111:user/local"
    assert caller.authorizer()["iam"] == {
        "accessKey": "AKID",
        "accountId": "111111111111",
        "callerId": "AIDALOCALUSER00000000",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": "arn:aws:iam::111111111111:user/local",
        "userId": "AIDALOCALUSER00000000",
    }


@pytest.mark.parametrize("authorization", [b"", b"Bearer x", b"AWS4-HMAC-SHA256 Signature=0"])
def test_unsigned(authorization: bytes) -> None:
    """Anything else is no signature; the front door says which refusal that is."""
    with pytest.raises(Refused) as caught:
        caller_of(request(authorization), "111111111111", None, Cause.NO_ROUTE)

    assert caught.value.cause is Cause.NO_ROUTE


def test_strict() -> None:
    """The check gets all that was signed, and its refusal is the request's."""
    seen: list[object] = []

    def verify(method: str, target: tuple[bytes, bytes], headers: HeaderList, body: bytes) -> None:
        seen.extend((method, target, list(headers), body))
        raise GatewayError("wrong key")

    with pytest.raises(Refused, match="wrong key") as caught:
        caller_of(request(SIGNATURE), "111111111111", verify)

    assert caught.value.cause is Cause.FORBIDDEN
    assert seen == ["PUT", (b"/a", b"b=c"), [(b"authorization", SIGNATURE)], b"body"]
