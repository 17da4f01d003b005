"""The executor of Python handlers."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.limits.means import ResourceLimits
from gateway.targets.executor import HostOptions, Resources
from gateway.targets.reaper import Reaper
from gateway.targets.worker.environment import WorkerEnvironment
from gateway.targets.worker.executor import make
from tests.targets.hosting import Log, configuration

pytestmark = pytest.mark.anyio
FUNCTION = configuration("returns")


def resources(**changes: object) -> Resources:
    """What a host shares, with these options."""
    options = HostOptions(variables=os.environ, log=Log().append, python=sys.executable)
    reaper = Reaper()
    limits = ResourceLimits(sandbox=False, opened=reaper.remove_groups, refused=reaper.refused)
    given = replace(options, **changes)  # type: ignore[arg-type]  # whatever a case changes
    return Resources(given, Path("/workspace"), reaper, limits, lambda: replace(FUNCTION, opt=Path("/opt/layers")))


async def test_environments_are_workers() -> None:
    """They have what the host's options and the function's configuration say."""
    given = resources(freeze=True)
    environment = make(FUNCTION, given)._fleet._make(Path("/scratch"))

    assert isinstance(environment, WorkerEnvironment)
    options = environment._options
    assert (options.freeze, options.python.program) == (True, sys.executable)
    assert "/opt/layers/python" in environment._process._variables()["PYTHONPATH"]
    assert (options.reaper, options.init_limit_s, options.debugger) == (given.reaper, 10.0, ())


async def test_other_runtimes_are_refused() -> None:
    """The message says what runs them."""
    with pytest.raises(UsageError, match="worker runs Python handlers; app is nodejs: take runtime-api, or leave"):
        make(replace(FUNCTION, runtime="nodejs"), resources())
