"""What runs a function or answers as a target: one row for each executor, in plain strings.

Those without a scheme run functions of this gateway and are named by a function's key ``executor``; those with one
are named by a target, and what they run is elsewhere.
"""

from typing import Final, NamedTuple

from gateway.errors import UsageError
from gateway.loading import is_place


class Executor(NamedTuple):
    """One way to run a function.

    Attributes:
        name: As in a configuration.
        title: For people.
        make: The place of what makes a `gateway.targets.target.Target`, loaded when it is used.  Without schemes it is
            called with the function's configuration and `gateway.targets.executor.Resources`, with them with the
            target, an endpoint and a region.  "" for what gets whole requests and no invocations.
        schemes: What a target begins with, before the first colon.
        pattern: A regular expression of the targets that a configuration may name.
        written: What such a target looks like.
        several: A target group may have more than one of them.
    """

    name: str
    title: str
    make: str
    schemes: tuple[str, ...] = ()
    pattern: str = ""
    written: str = ""
    several: bool = True


_URL: Final = r"https?://[^\s/?#]+/?"

EXECUTORS: Final = (
    Executor("worker", "worker process with a Python handler", "gateway.targets.worker.executor:make"),
    Executor("runtime-api", "runtime over the Lambda Runtime API", "gateway.targets.runtime_api.executor:make"),
    Executor("in-process", "Python handler in the gateway's own process", "gateway.targets.inprocess:make"),
    Executor("http", "HTTP server", "", ("http", "https"), _URL, "http://host:port"),
    Executor(
        "rie", "Runtime Interface Emulator", "gateway.targets.rie:make", ("rie",), f"rie:{_URL}", "rie:http://host:port"
    ),
    Executor(
        "aws",
        "AWS Lambda",
        "gateway.targets.aws:AwsTarget",
        ("aws", "arn"),
        r"aws:[A-Za-z0-9_-]+(:[$A-Za-z0-9_-]+)?"
        r"|arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[$A-Za-z0-9_-]+)?",
        "aws:name[:qualifier] or a function's ARN",
        several=False,  # AWS registers one function in a target group
    ),
)

LOCAL: Final = tuple(row.name for row in EXECUTORS if not row.schemes)
"""The names that the key ``executor`` of a function takes, beside ``package.module:Name``."""

_NAMED: Final = {row.name: row for row in EXECUTORS}
_BY_SCHEME: Final = {scheme: row for row in EXECUTORS for scheme in row.schemes}


def executor_of(target: str) -> Executor | None:
    """What answers for a target such as ``aws:orders`` or ``http://127.0.0.1:9000``; None for what is none."""
    scheme, colon, _ = target.partition(":")
    return _BY_SCHEME.get(scheme) if colon else None


def runs_functions(target: str) -> bool:
    """Whether a target gets invocations; the others are servers, which get whole requests."""
    executor = executor_of(target)
    return executor is None or bool(executor.make)


def executor_named(name: str) -> Executor:
    """The row of a function's key ``executor``; one from outside the package is made from its place.

    Raises:
        UsageError: It is neither a name of `LOCAL` nor a place.
    """
    if name in LOCAL:
        return _NAMED[name]
    if not is_place(name):
        raise UsageError(f"executor {name!r}: write {', '.join(LOCAL)}, or package.module:Name for one of your own")
    return Executor(name, name, name)
