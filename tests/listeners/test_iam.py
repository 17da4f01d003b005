"""Callers that sign their requests."""

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gateway.config.doors import FunctionUrlSettings
from gateway.errors import NamedError
from gateway.lambda_api.signature import SignatureCheck
from gateway.listeners.function_url import function_url
from gateway.listeners.iam import caller_of
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request
from gateway.types import HeaderList
from tests.listeners.scripted import Port, ok, opened, scripted
from tests.services import listener_context

SIGNATURE = b"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0"


def request(authorization: bytes) -> Request:
    """A request with this line."""
    headers = [(b"Authorization", authorization)]
    return Request("PUT", b"/a", b"b=c", headers, b"body", ("192.0.2.1", 1), ("127.0.0.1", 2))


def test_the_caller() -> None:
    """The key stands in the signature; the account is the listener's."""
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
    """Anything else is no signature; the listener says which refusal that is."""
    with pytest.raises(Refused) as caught:
        caller_of(request(authorization), "111111111111", None, Cause.NO_ROUTE)

    assert caught.value.cause is Cause.NO_ROUTE


def test_many_credentials() -> None:
    """One of them is looked at: the time for a line must not grow with the square of its length, hours here."""
    with pytest.raises(Refused):
        caller_of(request(b"AWS4-HMAC-SHA256 " + b"Credential=" * 2**18), "111111111111", None)


def test_two_signatures_are_none() -> None:
    """Nobody can tell which of them is checked."""
    twice = request(SIGNATURE)._replace(headers=[(b"Authorization", SIGNATURE), (b"authorization", SIGNATURE)])

    with pytest.raises(Refused, match="is not signed"):
        caller_of(twice, "111111111111", None)


@pytest.mark.parametrize(
    ("query", "access_key"),
    [
        (b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Flambda", "AKID"),
        (b"X-Amz-Algorithm=AWS4-HMAC-SHA256", ""),
        (b"X-Amz-Credential=AKID%2F20260101", ""),
    ],
)
def test_presigned(query: bytes, access_key: str) -> None:
    """The caller of a presigned URL stands in its query."""
    asked = request(b"")._replace(headers=[], raw_query=query)
    if access_key:
        assert caller_of(asked, "111111111111", None).access_key == access_key
        return
    with pytest.raises(Refused):
        caller_of(asked, "111111111111", None)


def test_strict() -> None:
    """The check gets all that was signed, and its refusal is the request's."""
    seen: list[object] = []

    def verify(method: str, target: tuple[bytes, bytes], headers: HeaderList, body: bytes) -> str:
        seen.extend((method, target, list(headers), body))
        raise NamedError("UnrecognizedClientException", "wrong key")

    with pytest.raises(Refused, match="wrong key") as caught:
        caller_of(request(SIGNATURE), "111111111111", verify)

    assert (caught.value.cause, caught.value.message) == (Cause.INVALID_SIGNATURE, "wrong key")
    assert caught.value.error_type == b"UnrecognizedClientException"
    assert seen == ["PUT", (b"/a", b"b=c"), [(b"authorization", SIGNATURE)], b"body"]


def test_a_token_is_a_broken_signature() -> None:
    """Where signatures are checked; the log does not repeat the token."""
    verify = SignatureCheck({"AKID": "s"}, "us-east-1").check

    with pytest.raises(Refused) as caught:
        caller_of(request(b"Bearer abc"), "111111111111", verify)

    assert caught.value.error_type == b"IncompleteSignatureException"
    assert caught.value.message.startswith("'abc' not a valid key=value pair (missing equal-sign)")
    assert "abc" not in str(caught.value)


def test_the_caller_is_who_signed() -> None:
    """Not who else is named somewhere in the header."""
    assert caller_of(request(SIGNATURE), "111111111111", lambda *_: "OTHER").access_key == "OTHER"


class Sender:
    """Sends what botocore signs to a Function URL in strict mode."""

    def __init__(self, port: Port) -> None:
        self._port = port

    async def __call__(
        self, auth: SigV4Auth, body: bytes = b"body", declared: str = "", added: dict[str, str] | None = None
    ) -> httpx.Response:
        """The answer; ``declared`` is the hash that the client says its body has, ``added`` is not signed."""
        url = f"http://127.0.0.1:{self._port.number}/a%20b?c=d%20e&f="
        lines = {"Content-Type": "text/plain"} | ({"X-Amz-Content-SHA256": declared} if declared else {})
        signed = AWSRequest("POST" if body else "GET", url, headers=lines, data=body)
        auth.add_auth(signed)
        headers = dict(signed.headers.items()) | (added or {})
        return await self._port.client.request(signed.method, signed.url, headers=headers, content=body)


@pytest.fixture
async def send(anyio_backend: str) -> AsyncIterator[Sender]:  # noqa: ARG001 - makes it async
    """A sender to a Function URL that knows one key."""
    function, _ = scripted(ok)
    verify = SignatureCheck({"AKID": "s"}, "us-east-1").check
    settings = FunctionUrlSettings(0, "f", auth_type="AWS_IAM")
    async with opened(function_url(settings, listener_context({"f": function}, verify=verify))) as port:
        yield Sender(port)


def signer(key: str = "s", service: str = "lambda", key_id: str = "AKID") -> SigV4Auth:
    """One of botocore's."""
    return SigV4Auth(Credentials(key_id, key), service, "us-east-1")


@pytest.mark.anyio
async def test_signatures_of_botocore(send: Sender) -> None:
    """In strict mode a Function URL takes what the AWS SDK signs with a known key for its service."""
    presigned = SigV4QueryAuth(Credentials("AKID", "s"), "lambda", "us-east-1")

    assert (await send(signer())).status_code == 200
    assert (await send(signer(), declared=hashlib.sha256(b"body").hexdigest())).status_code == 200
    assert (await send(presigned, b"")).status_code == 200


@pytest.mark.anyio
async def test_a_wrong_signature_has_its_own_answer(send: Sender) -> None:
    """Captured: another type and spelling than for a missing one."""
    wrong = await send(signer("x"))

    assert wrong.status_code == 403
    assert wrong.headers["x-amzn-errortype"] == "InvalidSignatureException"
    assert wrong.json() == {
        "message": "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details."
    }
    assert (await send(signer(service="s3"))).json() == {
        "message": "Credential should be scoped to correct service: 'lambda'."
    }
    unknown = await send(signer(key_id="OTHER"))
    assert unknown.headers["x-amzn-errortype"] == "UnrecognizedClientException"
    assert unknown.json() == {"message": "The security token included in the request is invalid."}


@pytest.mark.anyio
async def test_a_body_must_be_signed(send: Sender) -> None:
    """A Function URL takes no unsigned payload, and no header of AWS's that nobody signed."""
    assert (await send(signer(), declared="UNSIGNED-PAYLOAD")).status_code == 403
    assert (await send(signer(), added={"X-Amz-Invocation-Type": "Event"})).status_code == 403
