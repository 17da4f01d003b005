"""Callers that sign their requests."""

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gateway.config.doors import FunctionUrlSettings
from gateway.errors import GatewayError
from gateway.lambda_api.signature import SignatureCheck
from gateway.listeners.function_url import function_url
from gateway.listeners.iam import caller_of
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request
from gateway.types import HeaderList
from tests.listeners.doors import ok, opened, scripted

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


def test_many_credentials() -> None:
    """One of them is looked at: the time for a line must not grow with the square of its length, hours here."""
    with pytest.raises(Refused):
        caller_of(request(b"AWS4-HMAC-SHA256 " + b"Credential=" * 2**18), "111111111111", None)


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


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("service", "secret", "status"), [("lambda", "s", 200), ("lambda", "x", 403), ("s3", "s", 403)]
)
async def test_signatures_of_botocore(service: str, secret: str, status: int) -> None:
    """In strict mode a Function URL takes what the AWS SDK signs with a known key for its service, and nothing else."""
    function, _ = scripted(ok)
    verify = SignatureCheck({"AKID": "s"}, "us-east-1").check
    settings = FunctionUrlSettings(0, "f", auth_type="AWS_IAM")
    async with opened(function_url(settings, {"f": function}, verify=verify)) as port:
        url = f"http://127.0.0.1:{port.number}/a%20b?c=d%20e&f="
        signed = AWSRequest("POST", url, headers={"Content-Type": "text/plain"}, data=b"body")
        SigV4Auth(Credentials("AKID", secret), service, "us-east-1").add_auth(signed)
        answer = await port.client.post(url, headers=dict(signed.headers.items()), content=b"body")

    assert answer.status_code == status
