"""Functions that run elsewhere, as functions of this gateway."""

from collections.abc import Sequence

from gateway.configuration import DEFAULT_ACCOUNT, DEFAULT_REGION, AccountRegion
from gateway.functions.function import Function
from gateway.invocation import FunctionReference
from gateway.targets import open_target
from gateway.targets.remote_name import remote_configuration


def remote_reference(targets: Sequence[str], endpoint_url: str = "") -> FunctionReference:
    """What finds a function that runs elsewhere: the same for the same arguments of `remote_function`.

    No function of this gateway can have such a name, since all of them have a colon.
    """
    return FunctionReference(",".join(targets) + (f" at {endpoint_url}" if endpoint_url else ""))


def remote_function(
    targets: Sequence[str], endpoint_url: str = "", region: str = "", account: str = DEFAULT_ACCOUNT
) -> Function:
    """The function behind the targets of a target group; its owner starts and stops it.

    Args:
        targets: One ``aws:name[:qualifier]`` or ARN, or any number of ``rie:http://host:port``.
        endpoint_url: For functions on AWS: another service that speaks the Invoke API; "" for AWS.
        region: Of a function that is only named; "" leaves it to the configuration of the AWS SDKs.
        account: Of a function that is only named.

    Raises:
        UsageError: They name no function.
    """
    spec = ",".join(targets)
    configuration = remote_configuration(spec, AccountRegion(region or DEFAULT_REGION, account))
    return Function(configuration, open_target(spec, endpoint_url, region))
