"""How one invocation runs.

`open_target` finds the way for functions that do not run on this machine, by the scheme of their name.
"""

from collections.abc import Callable

from gateway.errors import UsageError
from gateway.executors import executor_of
from gateway.loading import load
from gateway.targets.target import Target


def open_target(spec: str, endpoint_url: str = "", region: str = "") -> Target:
    """The way to run a function elsewhere; it must be started before use.

    Args:
        spec: ``aws:name[:qualifier]``, a function's ARN, or ``rie:http://host:port[,http://host:port…]``.
        endpoint_url: For functions on AWS: another service that speaks the Invoke API; "" for AWS.
        region: For functions on AWS that are only named; "" leaves it to the configuration of the AWS SDKs.

    Raises:
        UsageError: No such way is known, or the rest of the name is wrong.
    """
    executor = executor_of(spec)
    if executor is None or not executor.make:
        hint = "; a plain HTTP server is a target of a target group, not a function" if executor else ""
        raise UsageError(f"{spec!r} is no function; write aws:name, a function's ARN or rie:http://host:9000{hint}")
    make: Callable[[str, str, str], Target] = load(executor.make)
    return make(spec, endpoint_url, region)
