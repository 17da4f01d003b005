"""Assertions about results and events: would this happen on AWS?"""

from typing import Any

from gateway.bootstraps.python import lambda_runtime as runtime
from gateway.translation.flavour_options import build_flavour
from gateway.translation.shapes import event_misfits
from gateway.translation.verdict import Verdict, judge


def verdict(as_: str, result: object, **options: Any) -> Verdict:  # noqa: ANN401 - each front door has its own
    """What a front door makes of what a handler returned, without an assertion.

    Args:
        as_: The front door, a name of `FLAVOURS` or ``websocket``.
        result: What the handler returned; it is encoded as AWS's Python runtime does.
        options: What the front door takes.

    Raises:
        AssertionError: The runtime itself cannot encode it.
        UsageError: There is no such front door or option.
    """
    __tracebackhide__ = True
    try:
        payload, _ = runtime.encode_result(result)
    except runtime.RuntimeFault as error:
        raise AssertionError(f"{error.error_type}: {error}") from error
    return judge(as_, build_flavour(as_, options), payload)


def assert_result(as_: str, result: object, **options: Any) -> Verdict:  # noqa: ANN401 - as above
    """Fail unless a front door accepts what a handler returned; gives the verdict, whose ``response`` is what goes out.

    Arguments as for `verdict`.
    """
    __tracebackhide__ = True
    given = verdict(as_, result, **options)
    if not given.accepted:
        raise AssertionError(f"{as_} answers {given.response.status}: {given.rule}\n  source: {given.source}")
    return given


def assert_event_shape(as_: str, event: Any) -> None:  # noqa: ANN401 - any JSON
    """Fail unless a front door could have sent this event: names, types, null versus absent, maps that agree.

    Raises:
        AssertionError: Every difference, with its JSON pointer.
        UsageError: There is no such front door.
    """
    __tracebackhide__ = True
    found = event_misfits(as_, event)
    if found:
        lines = "\n".join(f"  {misfit}" for misfit in found)
        raise AssertionError(f"{as_} never sends this event:\n{lines}")


def assert_alb_result(result: object) -> Verdict:
    """`assert_result` for a load balancer's target group with single values."""
    __tracebackhide__ = True
    return assert_result("alb", result)


def assert_alb_multi_result(result: object) -> Verdict:
    """`assert_result` for a load balancer's target group with multi-value headers."""
    __tracebackhide__ = True
    return assert_result("alb-multi", result)


def assert_rest_result(result: object) -> Verdict:
    """`assert_result` for a REST API."""
    __tracebackhide__ = True
    return assert_result("rest", result)


def assert_http_result(result: object) -> Verdict:
    """`assert_result` for an HTTP API with payload format 2.0."""
    __tracebackhide__ = True
    return assert_result("http", result)


def assert_http_v1_result(result: object) -> Verdict:
    """`assert_result` for an HTTP API with payload format 1.0."""
    __tracebackhide__ = True
    return assert_result("http-v1", result)


def assert_url_result(result: object) -> Verdict:
    """`assert_result` for a Function URL."""
    __tracebackhide__ = True
    return assert_result("url", result)


def assert_websocket_result(result: object) -> Verdict:
    """`assert_result` for the ``$connect`` route of a WebSocket API."""
    __tracebackhide__ = True
    return assert_result("websocket", result)
