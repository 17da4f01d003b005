"""The region and the account that a command line gives to its functions."""

import logging
import re
from collections.abc import Mapping
from typing import Final

from gateway.configuration import ACCOUNT, ACCOUNT_TEXT, REGION, REGION_TEXT
from gateway.errors import UsageError

log = logging.getLogger("gateway")

REGION_HELP: Final = "Of ARNs, events and variables.  [default: AWS_REGION, AWS_DEFAULT_REGION or us-east-1]"
ACCOUNT_HELP: Final = "Of ARNs and events.  [default: 123456789012]"
_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""In the order in which AWS's SDKs, but for Python's, read them."""


def account_region(region: str | None, account: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """Region and account, "" for what nobody gave; a region of the environment is said in the log.

    Args:
        region: What was given for this gateway; None or "" when nothing was.
        account: The same.
        environ: The gateway's own environment.

    Raises:
        UsageError: One of them is none.
    """
    if account and not re.fullmatch(ACCOUNT, account):
        raise UsageError(f"--account {account}: write {ACCOUNT_TEXT}")
    if region and not re.fullmatch(REGION, region):
        raise UsageError(f"--region {region}: write {REGION_TEXT}")
    if region:
        return region, account or ""
    for variable in _VARIABLES:
        if found := environ.get(variable):
            if not re.fullmatch(REGION, found):
                raise UsageError(f"{variable}={found}: expected {REGION_TEXT}; --region gives another one")
            log.info("region %s, from %s", found, variable)
            return found, account or ""
    return "", account or ""
