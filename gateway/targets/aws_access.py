"""What botocore knows of the user's AWS: region, endpoint and credentials, kept fresh off the event loop."""

import asyncio
import os
from typing import TYPE_CHECKING

from gateway.errors import UsageError
from gateway.targets.sigv4 import Keys, Signer

if TYPE_CHECKING:
    from botocore.credentials import Credentials


class CredentialsFailed(Exception):
    """Credentials that expire could not be renewed."""


class AwsAccess:
    """The user's AWS as the SDKs see it.

    Attributes:
        region: The region of all calls.
        endpoint_url: Where the calls go.
    """

    def __init__(self, credentials: "Credentials", region: str, endpoint_url: str) -> None:
        self.region = region
        self.endpoint_url = endpoint_url
        self._credentials = credentials
        self._needs_refresh = getattr(credentials, "refresh_needed", _never)  # only those that expire have it
        self._keys = Keys("", "")
        self._signer: Signer | None = None
        self._refreshing: asyncio.Task[Signer] | None = None

    def ready(self) -> Signer | None:
        """The signer when its credentials are good for now, None when `refreshed` must be awaited."""
        return None if self._needs_refresh() else self._signer

    async def refreshed(self) -> Signer:
        """A signer with fresh credentials; callers at once share one renewal.

        Raises:
            CredentialsFailed: They cannot be renewed.
        """
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh())
            self._refreshing.add_done_callback(self._forget)
        return await asyncio.shield(self._refreshing)

    def _forget(self, task: asyncio.Task[Signer]) -> None:
        self._refreshing = None
        if not task.cancelled():
            task.exception()  # whoever waited has it

    async def _refresh(self) -> Signer:
        try:
            # Profiles, metadata services and SSO do files and network here.
            frozen = await asyncio.to_thread(self._credentials.get_frozen_credentials)
        except Exception as error:
            raise CredentialsFailed(f"AWS credentials cannot be renewed: {error}") from error
        keys = Keys(frozen.access_key, frozen.secret_key, frozen.token or "")
        if self._signer is None or keys != self._keys:
            self._keys = keys
            self._signer = Signer(keys, self.region)
        return self._signer


def _never() -> bool:
    return False


async def find_access(region: str = "", endpoint_url: str = "") -> AwsAccess:
    """Ask botocore, in a thread: environment variables, profiles, metadata services.

    Args:
        region: The region; "" leaves it to ``AWS_REGION``, which the AWS CLI and every SDK but Python's read first,
            then to what botocore finds.
        endpoint_url: Another service than AWS that speaks the Invoke API; "" leaves it to the user's configuration
            (``AWS_ENDPOINT_URL_LAMBDA``, ``endpoint_url`` of a profile) or AWS's own.

    Raises:
        UsageError: botocore, the region or the credentials are missing.
    """
    return await asyncio.to_thread(_find, region, endpoint_url)


def _find(region: str, endpoint_url: str) -> AwsAccess:
    try:
        import botocore.session  # noqa: PLC0415 - 190 ms that only calls to AWS pay
        from botocore.exceptions import BotoCoreError, NoRegionError  # noqa: PLC0415
    except ImportError:
        raise UsageError("functions on AWS need botocore; install lambda-http-gateway[aws]") from None
    session = botocore.session.Session()
    region = region or os.environ.get("AWS_REGION", "")
    try:
        credentials = session.get_credentials()
        client = session.create_client("lambda", region_name=region or None, endpoint_url=endpoint_url or None)
    except NoRegionError:
        raise UsageError("no AWS region is known; set AWS_REGION or name the function by its ARN") from None
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"the AWS configuration cannot be used: {error}") from error
    if credentials is None:
        raise UsageError(
            "no AWS credentials were found; run aws configure, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return AwsAccess(credentials, client.meta.region_name, client.meta.endpoint_url)
