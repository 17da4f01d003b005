"""Strict mode: verify the AWS Signature Version 4 of a request.

Facts, from the AWS general reference (Signature Version 4, common errors), the IAM user guide ("Create a signed AWS API
request"), and messages of real services in public reports

- ``host`` and every ``x-amz-…`` header must be signed.  The text for an unsigned ``host`` is reported, that for the
  others is made like it; what AWS answers to a signed name that no header has is not known, here it is a mismatch.
- The hash is of the body, whether ``x-amz-content-sha256`` has it or not.  An unsigned payload is taken only without a
  body (reported of function URLs; Amazon S3 alone takes others and signed chunks).
- The clock may differ by five minutes.  A presigned URL is good for as long as it says, a week at most; what AWS says
  to one that has expired is not known, here it is the text of a header's signature.
- Every refusal has the status 403.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.lambda_api.errors import ApiError
from gateway.lambda_api.signed_request import ALGORITHM, GivenSignature, SignedRequest, signed_request
from gateway.targets.sigv4 import signing_key
from gateway.types import HeaderList

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_STAMP_FORM: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SKEW: Final = timedelta(minutes=5)
_LONGEST_S: Final = 604_800
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SignatureCheck:
    """Refuses every call that is not signed with one of the given keys.

    Args:
        keys: Access key id → secret access key.
        region: The region that a credential must be scoped to.
        service: The service that it must be scoped to: ``lambda``, for function URLs too, or ``execute-api``.
        now: The clock, for tests.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        region: str,
        now: Callable[[], datetime] = _utc_now,
        service: str = "lambda",
    ) -> None:
        self._keys = keys
        self._region = region
        self._service = service
        self._now = now

    def check(self, method: str, target: tuple[bytes, bytes], headers: HeaderList, body: bytes) -> str:
        """Verify one request; ``target`` is its raw path and raw query, header names are in lower case.

        Returns:
            The id of the key that signed it.

        Raises:
            ApiError: What AWS answers: the signature is missing, incomplete, of an unknown key, too old or wrong.
        """
        request = signed_request(method, target, headers)
        given = request.given()
        signed_at = _instant(given.stamp)
        self._check_scope(given)
        self._check_clock(given, signed_at)
        _check_names(request, given)
        secret = self._keys.get(given.access_key)
        if secret is None:
            raise ApiError("UnrecognizedClientException", "The security token included in the request is invalid.")
        key = signing_key(secret, given.scope.split("/"))
        for canonical in request.canonical(given.names, _payload_hash(request, body)):
            digest = hashlib.sha256(canonical).hexdigest()
            text = f"{ALGORITHM}\n{given.stamp}\n{given.scope}\n{digest}"
            # As bytes, since texts beyond ASCII cannot be compared in constant time.
            if hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex().encode(), given.signature.encode()):
                return given.access_key
        raise ApiError("InvalidSignatureException", _MISMATCH)

    def _check_scope(self, given: GivenSignature) -> None:
        day, region, service, terminator = given.scope.split("/")
        if terminator != "aws4_request":
            text = "Credential should be scoped with a valid terminator: 'aws4_request'."
        elif region != self._region:
            text = "Credential should be scoped to a valid region."
        elif service != self._service:
            text = f"Credential should be scoped to correct service: '{self._service}'."
        elif day != given.stamp[:8]:
            source = f"version of date from HTTP: '{given.stamp}'."
            text = f"Date in Credential scope does not match YYYYMMDD from ISO-8601 {source}"
        else:
            return
        raise ApiError("InvalidSignatureException", text)

    def _check_clock(self, given: GivenSignature, signed_at: datetime) -> None:
        now, lasts = self._now(), _SKEW
        if given.expires:
            if not re.fullmatch("[0-9]{1,6}", given.expires) or not 0 < int(given.expires) <= _LONGEST_S:
                text = f"X-Amz-Expires must be a number of seconds from 1 to {_LONGEST_S}."
                raise ApiError("InvalidSignatureException", text)
            lasts = timedelta(seconds=int(given.expires))
        stamp, earliest, latest = given.stamp, now - lasts, now + _SKEW
        if signed_at < earliest:
            minutes = f"{lasts / timedelta(minutes=1):g} min."
            text = f"Signature expired: {stamp} is now earlier than {earliest:{_STAMP}} ({now:{_STAMP}} - {minutes})"
            raise ApiError("InvalidSignatureException", text)
        if signed_at > latest:
            text = f"Signature not yet current: {stamp} is still later than {latest:{_STAMP}} ({now:{_STAMP}} + 5 min.)"
            raise ApiError("InvalidSignatureException", text)


def _instant(stamp: str) -> datetime:
    try:
        if _STAMP_FORM.fullmatch(stamp):
            return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        pass
    text = f"Date must be in ISO-8601 'basic format'. Got '{stamp}'. See http://en.wikipedia.org/wiki/ISO_8601"
    raise ApiError("IncompleteSignatureException", text)


def _check_names(request: SignedRequest, given: GivenSignature) -> None:
    """Nothing that decides what happens may be added to a signed request."""
    if "host" not in given.names:
        text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise ApiError("InvalidSignatureException", text)
    for name in request.lines:
        if name.startswith("x-amz-") and name not in given.names:
            text = f"'{name.title()}' must be a 'SignedHeader' in the AWS Authorization."
            raise ApiError("InvalidSignatureException", text)
    if not all(name in request.lines for name in given.names):
        raise ApiError("InvalidSignatureException", _MISMATCH)


def _payload_hash(request: SignedRequest, body: bytes) -> str:
    """The hash that must have been signed; one that the request names must be it."""
    computed = hashlib.sha256(body).hexdigest()
    named = request.lines.get("x-amz-content-sha256", computed)
    if named == _UNSIGNED and not body:
        return _UNSIGNED
    if named != computed:
        raise ApiError("InvalidSignatureException", _MISMATCH)
    return computed
