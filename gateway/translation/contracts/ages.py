"""Members that AWS added to its events over the years; events of before have none.

Years after dated public captures; in the year itself there are events of both kinds.
"""

from typing import Final

_IDENTITY: Final = "/requestContext/identity"

SINCE: Final = {
    f"{_IDENTITY}/principalOrgId": 2018,
    f"{_IDENTITY}/cognitoAmr": 2020,
    "/headers/x-amzn-tls-cipher-suite": 2022,
    "/headers/x-amzn-tls-version": 2022,
    "/requestContext/deploymentId": 2024,
}
"""The year by the pointer."""
