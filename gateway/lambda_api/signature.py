"""Strict mode: verify the AWS Signature Version 4 of a call.

Facts, from the AWS general reference (Signature Version 4, common errors), botocore's signer, and messages of real
services in public reports:

- SDKs sign ``host``, ``x-amz-date`` and the ``x-amz-…`` headers for Lambda; the hash is of the body, without a header.
- The canonical path is the path as sent, percent-encoded once more (``%3A`` becomes ``%253A``).
- The clock may differ by five minutes.  Every refusal has the status 403.

The signer is botocore's (the ``aws`` extra); this module says which answer a wrong request gets.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.lambda_api.errors import ApiError
from gateway.types import HeaderList

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_SKEW: Final = timedelta(minutes=5)
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class _Authorization(NamedTuple):
    access_key: str
    scope: str
    signed_headers: frozenset[str]
    signature: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SignatureCheck:
    """Refuses every call that is not signed with one of the given keys.

    Args:
        keys: Access key id → secret access key.
        region: The region that a credential must be scoped to.
        service: The service that it must be scoped to: ``lambda``, for function URLs too, or ``execute-api``.
        now: The clock, for tests.

    Raises:
        UsageError: botocore is not installed.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        region: str,
        now: Callable[[], datetime] = _utc_now,
        service: str = "lambda",
    ) -> None:
        try:
            import botocore.auth  # noqa: F401, PLC0415 - 150 ms that only strict mode pays
        except ImportError:
            raise UsageError("checking signatures needs botocore; install lambda-http-gateway[aws]") from None
        self._keys = keys
        self._region = region
        self._service = service
        self._now = now

    def check(self, method: str, target: tuple[bytes, bytes], headers: HeaderList, body: bytes) -> None:
        """Verify one request; ``target`` is its raw path and raw query, header names are in lower case.

        Raises:
            ApiError: What AWS answers: the signature is missing, incomplete, of an unknown key, too old or wrong.
        """
        lines = {name.decode("latin-1"): value.decode("latin-1").strip() for name, value in headers}
        authorization = _authorization(lines.get("authorization", ""))
        stamp = lines.get("x-amz-date", "")
        self._check_scope(authorization, stamp)
        self._check_clock(stamp)
        secret = self._keys.get(authorization.access_key)
        if secret is None:
            raise ApiError("UnrecognizedClientException", "The security token included in the request is invalid.")
        declared = lines.get("x-amz-content-sha256", "")
        if len(declared) == 64 and declared != hashlib.sha256(body).hexdigest():
            raise ApiError("InvalidSignatureException", _MISMATCH)
        signed = {name: value for name, value in lines.items() if name in authorization.signed_headers}
        expected = self._sign(method, target, signed, body, authorization.access_key)
        if not hmac.compare_digest(expected, authorization.signature):
            raise ApiError("InvalidSignatureException", _MISMATCH)

    def _check_scope(self, authorization: _Authorization, stamp: str) -> None:
        parts = authorization.scope.split("/")
        if len(parts) != 4 or parts[3] != "aws4_request":
            text = "Credential should be scoped with a valid terminator: 'aws4_request'."
        elif parts[1] != self._region:
            text = "Credential should be scoped to a valid region."
        elif parts[2] != self._service:
            text = f"Credential should be scoped to correct service: '{self._service}'."
        elif parts[0] != stamp[:8]:
            text = (
                f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{stamp}'."
            )
        else:
            return
        raise ApiError("InvalidSignatureException", text)

    def _check_clock(self, stamp: str) -> None:
        try:
            signed_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        except ValueError:
            text = "Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601"
            raise ApiError("IncompleteSignatureException", text.format(stamp)) from None
        now = self._now()
        earliest, latest = now - _SKEW, now + _SKEW
        if signed_at < earliest:
            text = f"Signature expired: {stamp} is now earlier than {earliest:{_STAMP}} ({now:{_STAMP}} - 5 min.)"
            raise ApiError("InvalidSignatureException", text)
        if signed_at > latest:
            text = f"Signature not yet current: {stamp} is still later than {latest:{_STAMP}} ({now:{_STAMP}} + 5 min.)"
            raise ApiError("InvalidSignatureException", text)

    def _sign(
        self, method: str, target: tuple[bytes, bytes], signed: Mapping[str, str], body: bytes, access_key: str
    ) -> str:
        """The signature that the holder of ``access_key`` would have made."""
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - see __init__
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        path, query = (part.decode("latin-1") for part in target)
        url = f"http://{signed.get('host', 'localhost')}{path}" + (f"?{query}" if query else "")
        request = AWSRequest(method=method, url=url, headers=dict(signed), data=body)
        request.context["timestamp"] = signed.get("x-amz-date", "")
        signer = SigV4Auth(Credentials(access_key, self._keys[access_key]), self._service, self._region)
        return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


def _authorization(header: str) -> _Authorization:
    """The three parts of an ``Authorization`` header.

    Raises:
        ApiError: There is none, or a part is missing.
    """
    if not header:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    algorithm, _, rest = header.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    if algorithm != _ALGORITHM or missing:
        texts = [f"Authorization header requires '{name}' parameter." for name in missing]
        raise ApiError("IncompleteSignatureException", " ".join([*texts, f"Authorization={header}"]))
    access_key, _, scope = parts["Credential"].partition("/")
    return _Authorization(access_key, scope, frozenset(parts["SignedHeaders"].split(";")), parts["Signature"])
