"""Callers that sign their requests (``AWS_IAM``).

Facts (Lambda developer guide, urls-auth and urls-invocation; API Gateway developer guide, permissions and
api-gateway-mapping-template-reference):

- The caller stands in the ``Credential`` of the ``Authorization`` header, or of the query of a presigned URL; without a
  signature the request is refused.
- An ``Authorization`` that is no signature is refused as a broken one where signatures are checked (reported of REST
  APIs; what a Function URL says to it is not known).
- Function URLs and HTTP APIs show the caller under ``authorizer.iam``, REST APIs in ``identity``.

Which user has a key is not known here: the caller is always the user ``local`` of the gateway's own account.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote

from gateway.errors import NamedError
from gateway.translation.gateway_response import Cause, Refused
from gateway.translation.headers import values_of
from gateway.translation.messages import Request
from gateway.types import HeaderList, Json

Verify: TypeAlias = Callable[[str, tuple[bytes, bytes], HeaderList, bytes], str]
"""Gives the key id that signed method, raw path and query, lower-case headers and body; raises a `NamedError`."""

# The first "Credential=" of a part is the one (the atomic group): each of many would be followed to the line's end.
_CREDENTIAL: Final = re.compile(rb"AWS4-[A-Z0-9-]++ (?>(?:.*?[, ])??Credential=)([^/,\s]++)/")
_PRESIGNED: Final = b"X-Amz-Credential="
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
    lines = values_of(request.headers, b"authorization")
    access_key = _named_key(request, lines)
    if not access_key and (verify is None or not lines):
        raise Refused(missing, "the request is not signed (AWS Signature Version 4), and AWS_IAM asks for that")
    if verify is not None:
        lower = [(name.lower(), value) for name, value in request.headers]
        try:
            access_key = verify(request.method, (request.raw_path, request.raw_query), lower, request.body)
        except NamedError as error:
            # The text of a broken one repeats the header, which may be a token and does not belong into the log.
            detail = error.code if error.code == "IncompleteSignatureException" else str(error)
            code = error.code.encode()
            raise Refused(Cause.INVALID_SIGNATURE, detail, error.message or "", error_type=code) from error
    return Caller(access_key, account_id)


def _named_key(request: Request, lines: list[bytes]) -> str:
    """The key that a request names in ``Authorization``, ``lines``, or as a presigned URL, "" without one."""
    found = _CREDENTIAL.match(lines[0]) if len(lines) == 1 else None
    if found is not None:
        return found[1].decode("latin-1")
    query = request.raw_query.split(b"&")
    if b"X-Amz-Algorithm=AWS4-HMAC-SHA256" not in query:
        return ""
    credential = next((part for part in query if part.startswith(_PRESIGNED)), b"").removeprefix(_PRESIGNED)
    return unquote(credential.decode("latin-1")).partition("/")[0]
