"""Callers that sign their requests (``AWS_IAM``).

Facts (Lambda developer guide, urls-auth and urls-invocation; API Gateway developer guide, permissions and
api-gateway-mapping-template-reference):

- The caller stands in the ``Credential`` of the ``Authorization`` header; without a signature the request is refused.
- Function URLs and HTTP APIs show the caller under ``authorizer.iam``, REST APIs in ``identity``.

Which user has a key is not known here: the caller is always the user ``local`` of the front door's own account.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from gateway.errors import GatewayError
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.messages import Request
from gateway.types import HeaderList, Json

Verify: TypeAlias = Callable[[str, tuple[bytes, bytes], HeaderList, bytes], None]
"""Checks the signature of method, raw path and query, lower-case headers and body; raises a `GatewayError`."""

# Only the first "Credential=" is tried (the atomic group): each of many would be followed to the end of the line.
_CREDENTIAL: Final = re.compile(rb"AWS4-[A-Z0-9-]++ (?>.*?Credential=)([^/,\s]++)/")
_USER: Final = "AIDALOCALUSER00000000"


class Caller(NamedTuple):
    """Who signed a request."""

    access_key: str
    account_id: str

    @property
    def user_arn(self) -> str:
        """The ARN of the user."""
        return f"arn:aws:iam::{self.account_id}:user/local"

    def authorizer(self) -> dict[str, Json]:
        """``requestContext.authorizer`` of payload 2.0."""
        iam: dict[str, Json] = {
            "accessKey": self.access_key,
            "accountId": self.account_id,
            "callerId": _USER,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": self.user_arn,
            "userId": _USER,
        }
        return {"iam": iam}

    def identity(self) -> dict[str, Json]:
        """What the caller adds to ``requestContext.identity`` of payload 1.0."""
        return {
            "accountId": self.account_id,
            "caller": _USER,
            "accessKey": self.access_key,
            "userArn": self.user_arn,
            "user": _USER,
        }


def caller_of(request: Request, account_id: str, verify: Verify | None, missing: Cause = Cause.FORBIDDEN) -> Caller:
    """Who signed a request; without ``verify`` any signature is believed, ``missing`` is the refusal of none.

    Raises:
        Refused: The request is not signed, or its signature is wrong.
    """
    signatures = (_CREDENTIAL.match(value) for name, value in request.headers if name.lower() == b"authorization")
    found = next(signatures, None)
    if found is None:
        raise Refused(missing, "the request is not signed (AWS Signature Version 4), and AWS_IAM asks for that")
    if verify is not None:
        lower = [(name.lower(), value) for name, value in request.headers]
        try:
            verify(request.method, (request.raw_path, request.raw_query), lower, request.body)
        except GatewayError as error:
            raise Refused(Cause.FORBIDDEN, str(error)) from error
    return Caller(found[1].decode("latin-1"), account_id)
