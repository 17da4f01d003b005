"""Region, endpoint and credentials."""

import asyncio
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.errors import UsageError
from gateway.targets.aws_access import AwsAccess, CredentialsFailed, find_access
from gateway.targets.sigv4 import TargetUri

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that knows nothing of AWS."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("region", "endpoint_url", "expected"),
    [
        ("eu-west-1", "", "https://lambda.eu-west-1.amazonaws.com"),
        ("cn-north-1", "", "https://lambda.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", "http://127.0.0.1:4566", "http://127.0.0.1:4566"),
    ],
)
async def test_the_endpoint_is_the_regions_own_or_the_given_one(region: str, endpoint_url: str, expected: str) -> None:
    """As the SDKs would call."""
    access = await find_access(region, endpoint_url)
    assert (access.region, access.endpoint_url) == (region, expected)


@pytest.mark.usefixtures("keys")
async def test_the_users_configuration_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Region and endpoint of environment variables that every SDK reads."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9")
    access = await find_access()
    assert (access.region, access.endpoint_url) == ("eu-central-1", "http://127.0.0.1:9")


@pytest.mark.usefixtures("keys")
async def test_the_region_of_aws_region_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that the message about a missing region names, and that goes before the other in the AWS CLI."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    assert (await find_access()).region == "eu-west-1"


async def test_missing_credentials_are_a_fault_of_usage() -> None:
    """The message says how to give them."""
    with pytest.raises(UsageError, match="AWS_ACCESS_KEY_ID"):
        await find_access("eu-west-1")


@pytest.mark.usefixtures("keys")
async def test_a_missing_region_is_a_fault_of_usage() -> None:
    """The message says how to give it."""
    with pytest.raises(UsageError, match="AWS_REGION"):
        await find_access()


async def test_an_unknown_profile_is_a_fault_of_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore's own sentence is shown."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageError, match="nobody"):
        await find_access("eu-west-1")


async def test_without_botocore_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is the command to run."""
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(UsageError, match=r"lambda-http-gateway\[aws\]"):
        await find_access("eu-west-1")


class Frozen(NamedTuple):
    """Keys as botocore freezes them."""

    access_key: str
    secret_key: str
    token: str | None


class Expiring:
    """Credentials that expire when a test says so."""

    def __init__(self) -> None:
        self.expired = True
        self.renewals = 0
        self.threads: set[int] = set()
        self.error: Exception | None = None

    def refresh_needed(self) -> bool:
        """Whether they are about to expire."""
        return self.expired

    def get_frozen_credentials(self) -> Frozen:
        """Renew them when they have to be."""
        self.threads.add(threading.get_ident())
        if self.error:
            raise self.error
        if self.expired:
            self.renewals += 1
            self.expired = False
        return Frozen(f"AKID{self.renewals}", "secret", "token")


async def test_credentials_are_renewed_once_and_off_the_loop() -> None:
    """Callers at once share a renewal; the signer then has the new keys."""
    credentials = Expiring()
    access = AwsAccess(credentials, "eu-west-1", "https://example.com")

    assert access.ready() is None
    signers = await asyncio.gather(*(access.refreshed() for _ in range(10)))
    assert credentials.renewals == 1
    assert credentials.threads.isdisjoint({threading.get_ident()})
    assert access.ready() is signers[0]

    credentials.expired = True
    assert access.ready() is None
    signer = await access.refreshed()
    assert b"AKID2/" in dict(signer.headers(TargetUri("h", "/"), [], b"", 0))[b"authorization"]


async def test_a_renewal_that_fails_can_be_tried_again() -> None:
    """The error names its cause; the next call asks anew."""
    credentials = Expiring()
    credentials.error = RuntimeError("the session has ended")
    access = AwsAccess(credentials, "eu-west-1", "https://example.com")
    with pytest.raises(CredentialsFailed, match="the session has ended"):
        await access.refreshed()
    credentials.error = None
    assert await access.refreshed() is access.ready()
