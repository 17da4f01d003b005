"""Gateways in this process: functions of ``tests/data/functions/python`` behind load balancers."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gateway.app import Gateway
from gateway.config.attributes import LISTENER, TARGET_GROUP
from gateway.config.rules import Forward, TargetGroupTuple
from gateway.config.settings import (
    AlbSettings,
    FunctionSettings,
    HealthCheckSettings,
    Settings,
    TargetGroupSettings,
)
from gateway.hosting import HostOptions
from gateway.listener_options import ListenerOptions
from gateway.targets.logs import LogSink
from tests.targets.hosting import FUNCTIONS

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tests/6d0ecf831eec9f09"
NO_CHECKS = HealthCheckSettings(
    enabled=False, path="/", interval=35, timeout=30, healthy_threshold=5, unhealthy_threshold=5, matcher="200"
)


class Front(NamedTuple):
    """A load balancer on a free port: the function behind it, and the mode of its target group."""

    function: str
    multi_value_headers: bool = False


def function(name: str, handler: str, timeout: int = 10, environments: int = 3) -> FunctionSettings:
    """A function of the test data."""
    return FunctionSettings(
        name=name, handler=handler, code=FUNCTIONS, runtime="python", timeout=timeout, environments=environments
    )


def gateway_settings(functions: Sequence[FunctionSettings], fronts: Sequence[Front]) -> Settings:
    """The settings of such a gateway."""
    groups = {f"group-{number}": _group(f"group-{number}", front) for number, front in enumerate(fronts)}
    attributes = {key: attribute.default for key, attribute in LISTENER.items()}
    listeners = tuple(AlbSettings(0, (Forward((TargetGroupTuple(name),)),), attributes) for name in groups)
    return Settings(FUNCTIONS, {it.name: it for it in functions}, groups, listeners)


def gateway_of(
    functions: Sequence[FunctionSettings],
    fronts: Sequence[Front],
    log: LogSink,
    *,
    in_process: bool = False,
    concurrent_executions: int | None = None,
    access_log: LogSink | None = None,
) -> Gateway:
    """A gateway that is not started; its servers are in the order of the fronts."""
    settings = replace(gateway_settings(functions, fronts), concurrent_executions=concurrent_executions)
    options = HostOptions(variables=os.environ, log=log, in_process=in_process, python=sys.executable)
    return Gateway(settings, options, ListenerOptions(access_log))


def _group(name: str, front: Front) -> TargetGroupSettings:
    attributes = {key: attribute.default for key, attribute in TARGET_GROUP.items()}
    attributes["lambda.multi_value_headers.enabled"] = front.multi_value_headers
    return TargetGroupSettings(name, front.function, (), attributes, NO_CHECKS, arn=ARN)
