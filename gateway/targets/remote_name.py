"""Names of functions that run elsewhere: ``aws:name[:qualifier]`` and ARNs."""

import re
from typing import Final, NamedTuple
from urllib.parse import quote

from gateway.configuration import AccountRegion, FunctionConfiguration
from gateway.errors import UsageError

_ARN: Final = re.compile(
    r"arn:(?:aws[a-zA-Z-]*):lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[$A-Za-z0-9_-]+))?"
)
_NAME: Final = re.compile(r"aws:(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[$A-Za-z0-9_-]+))?")

MAX_TIMEOUT_MS: Final = 900_000
"""The longest timeout that Lambda knows; how long the remote function may really run is not known here."""


class RemoteName(NamedTuple):
    """A function of the Lambda service.

    Attributes:
        function: What the path of a call names: the function's name or its ARN without the qualifier.
        qualifier: Version or alias, "" for none.
        region: "" when only a name was given; the configuration of the AWS SDKs decides then.
        account: "" when only a name was given.
    """

    name: str
    function: str
    qualifier: str = ""
    region: str = ""
    account: str = ""

    def path(self, *, streaming: bool = False) -> str:
        """The path of Invoke or InvokeWithResponseStream (AWS Lambda API reference), encoded as SDKs do."""
        name = quote(self.function, safe="-_.~")
        if streaming:
            return f"/2021-11-15/functions/{name}/response-streaming-invocations"
        return f"/2015-03-31/functions/{name}/invocations"

    @property
    def query(self) -> str:
        """The query with the qualifier, "" without one."""
        return f"Qualifier={quote(self.qualifier, safe='-_.~')}" if self.qualifier else ""


def parse_remote_name(spec: str) -> RemoteName:
    """The function that ``aws:name[:qualifier]`` or an ARN names.

    Raises:
        UsageError: It is neither.
    """
    if found := _ARN.fullmatch(spec):
        qualifier = found["qualifier"] or ""
        arn = spec.removesuffix(f":{qualifier}") if qualifier else spec
        return RemoteName(found["name"], arn, qualifier, found["region"], found["account"])
    if found := _NAME.fullmatch(spec):
        return RemoteName(found["name"], found["name"], found["qualifier"] or "")
    raise UsageError(
        f"{spec!r} names no function; write aws:name, aws:name:qualifier or arn:aws:lambda:REGION:ACCOUNT:function:name"
    )


def remote_configuration(spec: str, otherwise: AccountRegion = AccountRegion()) -> FunctionConfiguration:  # noqa: B008 - a value
    """What the gateway can know of a function that runs elsewhere, for front doors that need its name and ARN.

    Any other target than ``aws:…`` and ARNs is named ``function``, as Runtime Interface Emulators call theirs.

    Args:
        spec: The target.
        otherwise: Where a function is whose name does not say it.

    Raises:
        UsageError: ``aws:`` or ``arn:`` is followed by something else than a function.
    """
    if not spec.startswith(("aws:", "arn:")):
        return FunctionConfiguration(
            "function", "", timeout_ms=MAX_TIMEOUT_MS, region=otherwise.region, account=otherwise.account
        )
    name = parse_remote_name(spec)
    return FunctionConfiguration(
        name.name,
        "",
        timeout_ms=MAX_TIMEOUT_MS,
        version=name.qualifier or "$LATEST",
        region=name.region or otherwise.region,
        account=name.account or otherwise.account,
    )
