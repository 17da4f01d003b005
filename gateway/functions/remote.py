"""Functions that run elsewhere, as functions of this gateway."""

from collections.abc import Sequence

from gateway.functions.function import Function
from gateway.targets import open_target
from gateway.targets.remote_name import remote_configuration


def remote_function(targets: Sequence[str], endpoint_url: str = "") -> Function:
    """The function behind the targets of a target group; its owner starts and stops it.

    Args:
        targets: One ``aws:name[:qualifier]`` or ARN, or any number of ``rie:http://host:port``.
        endpoint_url: For functions on AWS: another service that speaks the Invoke API; "" for AWS.

    Raises:
        UsageError: They name no function.
    """
    spec = ",".join(targets)
    return Function(remote_configuration(spec), open_target(spec, endpoint_url))
