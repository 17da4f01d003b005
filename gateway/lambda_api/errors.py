"""The error answers of the Invoke API, byte for byte.

Facts, from the error shapes of botocore's Lambda model (``2015-03-31``) and from recordings of the real service
(localstack/localstack@8b9a79f0, recorded 2025-11):

- The exception's name is the header ``x-amzn-ErrorType``; the body is JSON with ``Type`` and the text.
- The text's key is ``Message`` or ``message``, as the exception's shape spells that member.  `_SPELLED` has both.
- ``Type`` is ``User`` when the caller is at fault and ``Service`` otherwise.  Exceptions outside of the model
  (`ValidationException`, access and signature errors, `RequestEntityTooLargeException`) carry no ``Type``.
- Members stand in the order of their bytes: ``Message``, ``Reason``, ``Type``, ``message``.
- A recorded 429 has a ``Reason`` and no ``Retry-After``, although the model knows that header.
"""

from typing import Final

import orjson

from gateway.errors import NamedError

_SPELLED: Final[dict[str, dict[int, str]]] = {
    "message": {
        400: "InvalidParameterValueException InvalidRequestContentException ModeNotSupportedException",
        409: "CodeArtifactUserDeletedException CodeArtifactUserFailedException CodeArtifactUserPendingException "
        "ResourceConflictException RuntimeAliasDeletedException RuntimeVersionDeletedException",
        413: "RequestTooLargeException SerializedRequestEntityTooLargeException",
        415: "UnsupportedMediaTypeException",
        429: "TooManyRequestsException",
        502: "ResourceNotReadyException",
    },
    "Message": {
        400: "NoPublishedVersionException RecursiveInvocationException SnapStartException",
        402: "ServiceQuotaExceededException",
        403: "EFSMountFailureException S3FilesMountFailureException",
        404: "ResourceNotFoundException",
        408: "EFSMountConnectivityException EFSMountTimeoutException S3FilesMountConnectivityException "
        "S3FilesMountTimeoutException SnapStartTimeoutException",
        409: "DurableExecutionAlreadyStartedException SnapStartNotReadyException SnapStartRegenerationFailureException",
        410: "EFSIOException",
        500: "ServiceException",
        502: "EC2AccessDeniedException EC2ThrottledException EC2UnexpectedException ENILimitReachedException "
        "ENINotReadyException InvalidRuntimeException InvalidSecurityGroupIDException InvalidSubnetIDException "
        "InvalidZipFileException KMSAccessDeniedException KMSDisabledException KMSInvalidStateException "
        "KMSNotFoundException SubnetIPAddressLimitReachedException",
    },
}

MODELLED: Final[dict[str, tuple[int, str]]] = {
    name: (status, key)
    for key, by_status in _SPELLED.items()
    for status, names in by_status.items()
    for name in names.split()
}
"""Exception name → status and the key of its text, for every exception that the three invoke operations declare."""

UNMODELLED: Final[dict[str, int]] = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "IncompleteSignatureException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnrecognizedClientException": 403,
    "UnknownOperationException": 404,
    "RequestEntityTooLargeException": 413,
}
"""Exception name → status, for those that AWS's front end answers with before the operation is reached."""


class ApiError(NamedError):
    """A call that the Invoke API refuses.

    Attributes:
        code: The exception's name, one of `MODELLED` or `UNMODELLED`.
        message: Its text; None is sent as ``null``, which is what another account's function gives (recorded).
        reason: The ``Reason`` of a throttle, "" for none.
    """

    def __init__(self, code: str, message: str | None, *, reason: str = "") -> None:
        super().__init__(code, message)
        self.reason = reason

    @property
    def status(self) -> int:
        """The HTTP status of this exception."""
        return MODELLED[self.code][0] if self.code in MODELLED else UNMODELLED[self.code]

    def body(self) -> bytes:
        """The JSON document of the answer."""
        if self.code not in MODELLED:
            return orjson.dumps({"message": self.message})
        status, key = MODELLED[self.code]
        members = {key: self.message, "Type": "User" if status < 500 else "Service"}
        if self.reason:
            members["Reason"] = self.reason
        return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The lines that belong to the error itself."""
        return [(b"Content-Type", b"application/json"), (b"x-amzn-ErrorType", self.code.encode())]


def validation_error(*violations: str) -> ApiError:
    """One ``ValidationException`` for all violated constraints, as AWS joins them (recorded)."""
    plural = "s" if len(violations) > 1 else ""
    return ApiError(
        "ValidationException", f"{len(violations)} validation error{plural} detected: {'; '.join(violations)}"
    )


def violation(value: str, member: str, constraint: str) -> str:
    """One violated constraint in the words of AWS: ``constraint`` follows ``Member must``."""
    return f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"


def throttled(reason: str) -> ApiError:
    """The 429 for an invocation without concurrency (recorded); ``reason`` names the limit."""
    return ApiError("TooManyRequestsException", "Rate Exceeded.", reason=reason)


def too_large(limit: int) -> ApiError:
    """The 413 for a request body over ``limit`` bytes (text from public reports of 2018-2026)."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return ApiError("RequestEntityTooLargeException", message)


def event_too_large(size: int, limit: int) -> ApiError:
    """The 413 for an asynchronous event of ``size`` bytes over ``limit`` (text from public reports)."""
    message = f"{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
    return ApiError("RequestEntityTooLargeException", message)
