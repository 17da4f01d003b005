"""Assertions about results and events: would this happen on AWS?"""

from typing import Any, Final, Protocol

from gateway.bootstraps.python import lambda_runtime as runtime
from gateway.listener_types import FLAVOURS, NamedFlavour
from gateway.translation.flavour_options import build_flavour
from gateway.translation.shapes import event_misfits
from gateway.translation.verdict import Verdict, judge


def verdict(as_: str, result: object, **options: Any) -> Verdict:  # noqa: ANN401 - each listener type has its own
    """What a listener makes of what a handler returned, without an assertion.

    Args:
        as_: The type of listener, a name of `FLAVOURS` or ``websocket``.
        result: What the handler returned; it is encoded as AWS's Python runtime does.
        options: What the listener takes.

    Raises:
        AssertionError: The runtime itself cannot encode it.
        UsageError: There is no such listener type or option.
    """
    __tracebackhide__ = True
    try:
        payload, _ = runtime.encode_result(result)
    except runtime.RuntimeFault as error:
        raise AssertionError(f"{error.error_type}: {error}") from error
    return judge(as_, build_flavour(as_, options), payload)


def assert_result(as_: str, result: object, **options: Any) -> Verdict:  # noqa: ANN401 - as above
    """Fail unless a listener accepts what a handler returned; gives the verdict, whose ``response`` is what goes out.

    Arguments as for `verdict`.
    """
    __tracebackhide__ = True
    given = verdict(as_, result, **options)
    if not given.accepted:
        raise AssertionError(f"{as_} answers {given.response.status}: {given.rule}\n  source: {given.source}")
    return given


def assert_event_shape(as_: str, event: Any) -> None:  # noqa: ANN401 - any JSON
    """Fail unless a listener could have sent this event: names, types, null versus absent, maps that agree.

    Raises:
        AssertionError: Every difference, with its JSON pointer.
        UsageError: There is no such listener type.
    """
    __tracebackhide__ = True
    found = event_misfits(as_, event)
    if found:
        lines = "\n".join(f"  {misfit}" for misfit in found)
        raise AssertionError(f"{as_} never sends this event:\n{lines}")


class Assertion(Protocol):
    """An ``assert_…_result``."""

    def __call__(self, result: object) -> Verdict:
        """Fail unless the flavour accepts what a handler returned."""
        ...


def _assertion(named: NamedFlavour) -> tuple[str, Assertion]:
    """`assert_result` for one flavour."""

    def check(result: object) -> Verdict:
        __tracebackhide__ = True
        return assert_result(named.name, result)

    name = check.__name__ = check.__qualname__ = f"assert_{named.name.replace('-', '_')}_result"
    check.__doc__ = f"`assert_result` for {named.name}: {named.title}."
    return name, check


_ASSERTIONS: Final = dict(map(_assertion, FLAVOURS.values()))


def __getattr__(name: str) -> Assertion:
    """``assert_alb_result``, ``assert_http_v1_result`` …: one for each flavour."""
    if name not in _ASSERTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _ASSERTIONS[name]
