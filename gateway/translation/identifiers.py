"""Ids in API Gateway's spelling, derived and never drawn: the same options and the same arrival give the same ids.

Facts, from recorded events and responses (aws/aws-lambda-dotnet@f5e639feb, 2025; localstack/localstack@8b9a79f0, 2024):

- An API id has ten lower-case letters and digits, a resource or deployment id six.
- ``apiId`` is the first label of the host names that AWS gives to APIs and Function URLs (every capture).
- An extended request id such as ``JCIudEUfPHcEhog=`` is eleven bytes in the URL-safe base64 alphabet.
- A response's trace header ends in ``Parent=`` 16 hex digits, ``Sampled=0``, ``Lineage=1:`` 8 hex digits ``:0``.
"""

import re
from base64 import b32encode
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import pybase64

_AWS_HOST: Final = re.compile(
    r"[a-z0-9-]+\.lambda-url\.[a-z0-9-]+\.on\.aws|[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?",
    re.IGNORECASE | re.ASCII,
)
API_ID_LENGTH: Final = 10
RESOURCE_ID_LENGTH: Final = 6


@lru_cache(maxsize=1024)
def short_id(seed: str, length: int = API_ID_LENGTH) -> str:
    """An id of lower-case letters and digits; the same for the same seed."""
    return b32encode(blake2b(seed.encode(), digest_size=20).digest()).decode("ascii").lower()[:length]


@lru_cache(maxsize=64)  # clients name the same few hosts again and again
def is_aws_host(domain_name: str) -> bool:
    """Whether a host name is one that AWS gives to an API or a Function URL, and no custom domain."""
    return _AWS_HOST.fullmatch(domain_name) is not None


def shown_api_id(domain_name: str, own: str) -> str:
    """The ``apiId`` of an event: that of the host when it is one of AWS's, else the API's ``own``."""
    return domain_name.partition(".")[0] if is_aws_host(domain_name) else own


@lru_cache(maxsize=64)  # an exchange asks twice
def extended_request_id(request_id: str) -> str:
    """The 16 characters that REST APIs call ``extendedRequestId`` and HTTP APIs ``requestId``."""
    return pybase64.urlsafe_b64encode(blake2b(request_id.encode(), digest_size=11).digest()).decode("ascii")


def response_trace(sent: str, request_id: str, api_id: str) -> str:
    """The ``X-Amzn-Trace-Id`` of a response that a function gave.

    Args:
        sent: The header as it stands in the event; its Root, Parent and Sampled come back.
        request_id: Gives the Parent when none was sent.
        api_id: Gives the Lineage, which stays the same for one integration.
    """
    if sent.startswith("Root=") and ";" not in sent:  # nearly all
        fields = {"Root": sent[5:]}
    else:
        fields = dict([part.partition("=")[::2] for part in sent.split(";")])
    parent = fields.get("Parent") or blake2b(request_id.encode(), digest_size=8).hexdigest()
    sampled = fields.get("Sampled") or "0"
    return f"Root={fields.get('Root', '')};Parent={parent};Sampled={sampled};Lineage=1:{_lineage(api_id)}:0"


@lru_cache(maxsize=64)
def _lineage(api_id: str) -> str:
    return blake2b(api_id.encode(), digest_size=4).hexdigest()
