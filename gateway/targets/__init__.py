"""How one invocation runs.

`open_target` finds the way for functions that do not run on this machine, by the scheme of their name.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from gateway.errors import UsageError
from gateway.targets.target import Target

_SCHEMES: Final = {
    "aws": "gateway.targets.aws:AwsTarget",
    "arn": "gateway.targets.aws:AwsTarget",
    "rie": "gateway.targets.rie:RieTarget",
}
"""Scheme → class, called with the whole name; imported when it is needed."""


def open_target(spec: str, endpoint_url: str = "", region: str = "") -> Target:
    """The way to run a function elsewhere; it must be started before use.

    Args:
        spec: ``aws:name[:qualifier]``, a function's ARN, or ``rie:http://host:port[,http://host:port…]``.
        endpoint_url: For functions on AWS: another service that speaks the Invoke API; "" for AWS.
        region: For functions on AWS that are only named; "" leaves it to the configuration of the AWS SDKs.

    Raises:
        UsageError: No such way is known, or the rest of the name is wrong.
    """
    scheme, colon, _ = spec.partition(":")
    if not colon or scheme not in _SCHEMES:
        hint = (
            "; a plain HTTP server is a target of a target group, not a function" if scheme.startswith("http") else ""
        )
        raise UsageError(f"{spec!r} is no function; write aws:name, a function's ARN or rie:http://host:9000{hint}")
    module, _, name = _SCHEMES[scheme].partition(":")
    make: Callable[..., Target] = getattr(import_module(module), name)
    return make(spec, endpoint_url, region) if scheme in {"aws", "arn"} else make(spec)
