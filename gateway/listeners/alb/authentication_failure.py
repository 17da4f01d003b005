"""Why an authentication action did not let a request pass.

Facts

- Reasons and what they mean: AWS ELB user guide, "Access logs for your Application Load Balancer", error reason codes;
  those of tokens (``JWT…``) came with the action jwt-validation in November 2025.
- 401: the identity provider denied access, no id token came back, an HTTP/1.0 request has no Host, the login took
  longer than 15 minutes; 500: an endpoint of the provider cannot be reached; 561: the provider answered with an error;
  562: the key set cannot be had (user guide, "Troubleshoot").
- Nonce: 401 (log lines that the user guide's examples were made from).  Claims over 11 KB: the user guide says 401 in
  one place and 500 in another; a log of 2026 has 500.
- The status of the other reasons is inferred: 401 for what AWS counts as ELBAuthFailure.
"""

from typing import Final

from gateway.errors import GatewayError

STATUS: Final = {
    "AuthInvalidAWSALBAuthNonce": 401,
    "AuthInvalidCookie": 401,
    "AuthInvalidGrantError": 561,
    "AuthInvalidIdToken": 401,
    "AuthInvalidStateParam": 401,
    "AuthInvalidTokenResponse": 401,
    "AuthInvalidUserinfoResponse": 401,
    "AuthMissingAWSALBAuthNonce": 401,
    "AuthMissingCodeParam": 401,
    "AuthMissingHostHeader": 401,
    "AuthMissingStateParam": 401,
    "AuthTokenEpRequestFailed": 561,
    "AuthTokenEpRequestTimeout": 500,
    "AuthUnhandledException": 500,
    "AuthUserinfoEpRequestFailed": 561,
    "AuthUserinfoEpRequestTimeout": 500,
    "AuthUserinfoResponseSizeExceeded": 500,
    "JWKSRequestFailed": 562,
    "JWKSRequestTimeout": 562,
    "JWKSResponseInvalid": 562,
    "JWKSResponseSizeExceeded": 562,
    "JWTClaimFormatInvalid": 401,
    "JWTClaimNotPresent": 401,
    "JWTClaimValueInvalid": 401,
    "JWTHeaderNotPresent": 401,
    "JWTRequestFormatInvalid": 401,
    "JWTSignatureValidationError": 401,
}
"""Reason → status.  Of the ``JWKS…`` reasons only JWKSRequestTimeout is a name that was seen; the others are ours."""


class AuthenticationFailure(GatewayError):
    """A request that an authentication action ends.

    Attributes:
        reason: AWS's code for the access log's ``error_reason``, a key of `STATUS`; "" when AWS logs none.
        status: The status of the answer.
    """

    def __init__(self, reason: str, detail: str, status: int = 0) -> None:
        super().__init__(f"{reason}: {detail}" if reason else detail)
        self.reason = reason
        self.status = status or STATUS[reason]
