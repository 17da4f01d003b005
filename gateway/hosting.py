"""Where functions run: from a function's configuration to the target that runs it."""

import asyncio
import logging
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.configuration import EXEC_WRAPPER, FunctionConfiguration
from gateway.errors import UsageError
from gateway.executors import executor_named
from gateway.functions.layers import merge_layers, prepare_code, size_of
from gateway.loading import load
from gateway.targets.exec_wrapper import has_wrapper
from gateway.targets.executor import HostOptions, Resources
from gateway.targets.reaper import Reaper
from gateway.targets.target import Target
from gateway.targets.variables import check_user_variables

if TYPE_CHECKING:
    from gateway.limits.means import ResourceLimits

__all__ = ["Host", "HostOptions", "runtime_of_handler"]

log = logging.getLogger("gateway")

_MEMBERS: Final = ("start", "invoke", "renew", "aclose")
_DAY_MS: Final = 24 * 3600 * 1000
"""The timeout while a debugger may hold the handler."""


class _Code:
    """A function's configuration, and the same with its code and layers as they were last unpacked."""

    __slots__ = ("__weakref__", "configuration", "unpacked")

    def __init__(self, configuration: FunctionConfiguration, unpacked: FunctionConfiguration) -> None:
        self.configuration = configuration
        self.unpacked = unpacked


class Host:
    """Makes targets; owns what they share.

    Attributes:
        limits: How environments are held to their limits; None before there are any.
    """

    def __init__(self, options: HostOptions) -> None:
        self.options = options
        self.reaper = Reaper()
        self.limits: ResourceLimits | None = None
        self._workspace: Path | None = None
        self._unpacking = threading.Lock()
        self._codes: weakref.WeakSet[_Code] = weakref.WeakSet()

    @property
    def workspace(self) -> Path:
        """The folder of unpacked code and of what stands for ``/tmp``, made when it is first asked for."""
        if self._workspace is None:
            self._find_limits()
            above = self.limits.folder if self.limits else Path(tempfile.gettempdir())
            workspace = above / f"gateway-{uuid4().hex}"
            self.reaper.remove_workspace(workspace)  # before it is there, since the gateway may be killed at any time
            workspace.mkdir(0o700)
            self._workspace = workspace
        return self._workspace

    def share(self, variables: Mapping[str, str]) -> None:
        """Give functions these variables too, as if they were the gateway's own; before any target is made."""
        self.options = replace(self.options, variables={**self.options.variables, **variables})

    def unpack(self, configuration: FunctionConfiguration) -> FunctionConfiguration:
        """The configuration with its code and layers as folders, which nothing changes when they were none.

        It takes as long as reading them, and more for what was never unpacked before; it may be called in a thread.

        Raises:
            UsageError: Code or layers are not there or not what Lambda takes, or a private ``/tmp`` is asked for that
                the system does not allow.
        """
        with self._unpacking:
            if not self.options.in_process:
                self.reaper.begin()  # which takes as long as the import of what finds the limits
            self._find_limits()
            task_root, opt = configuration.task_root, None
            if not task_root.is_dir():
                task_root = prepare_code(task_root, self.workspace)
            if configuration.layers:
                opt = merge_layers(configuration.layers, size_of(task_root), self.workspace)
        return replace(configuration, task_root=task_root, opt=opt)

    def target(self, configuration: FunctionConfiguration, unpacked: FunctionConfiguration | None = None) -> Target:
        """What runs a function.

        Args:
            configuration: The function.
            unpacked: What `unpack` has made of it; it is called here otherwise.

        Raises:
            UsageError: Its configuration is not one that Lambda takes, its code, layers, runtime or executor are not
                there, or a private ``/tmp`` is asked for that the system does not allow.
        """
        check_user_variables(configuration.environment)
        code = _Code(configuration, self._as_asked(unpacked or self.unpack(configuration)))
        self._codes.add(code)
        name = self._executor(code.unpacked)
        _tell_what_does_not_run(code.unpacked, name)
        executor = executor_named(name)
        workspace = self.workspace if self.limits else Path(tempfile.gettempdir())
        resources = Resources(self.options, workspace, self.reaper, self.limits, lambda: code.unpacked)
        return _made(executor.make, code.unpacked, resources)

    async def refresh(self, configurations: Iterable[FunctionConfiguration]) -> None:
        """Unpack zip files and layers anew that have changed; targets go over to them when they are renewed.

        What cannot be unpacked stays as it was, with a line in the log.

        Args:
            configurations: The functions, as they were given to `target`.  Others that this host has made may be on
                their way out, and keep what they have.
        """
        wanted = [it for it in configurations if it.layers or not it.task_root.is_dir()]
        codes = [code for code in self._codes if any(code.configuration is it for it in wanted)]
        latest = await asyncio.to_thread(lambda: [self._latest(code) for code in codes]) if codes else []
        for code, unpacked in zip(codes, latest, strict=True):
            if unpacked != code.unpacked:
                code.unpacked = unpacked

    async def aclose(self) -> None:
        """End what is left and remove what was made for it."""
        await self.reaper.aclose()
        await asyncio.to_thread(self.remove)

    def remove(self) -> None:
        """Remove the workspace and the control groups, which nothing uses any more; what still runs is ended."""
        self.reaper.close()
        if self.limits is not None:
            self.limits.close()
        if self._workspace is not None:
            shutil.rmtree(self._workspace, ignore_errors=True)

    def _find_limits(self) -> None:
        if self.limits is None and not self.options.in_process:
            from gateway.limits.means import ResourceLimits  # noqa: PLC0415 - a POSIX system's, and nothing in this process

            given, reaper = self.options, self.reaper
            self.limits = ResourceLimits(sandbox=given.sandbox, opened=reaper.remove_groups, refused=reaper.refused)

    def _executor(self, configuration: FunctionConfiguration) -> str:
        """The name of the executor: the command line's, the function's own, or the one that its runtime needs."""
        if self.options.in_process:
            return "in-process"
        if configuration.executor:
            return configuration.executor
        worker = configuration.runtime == "python" and self.options.runtime_client == "worker"
        needs_api = _has_extensions(configuration.opt) or has_wrapper(configuration)
        return "worker" if worker and not needs_api else "runtime-api"

    def _as_asked(self, configuration: FunctionConfiguration) -> FunctionConfiguration:
        """With JSON logs where they are asked for; one environment and a day's time where a debugger can attach."""
        if self.options.platform_lines == "json":
            configuration = replace(configuration, log_format="JSON")
        if self.options.debug_port is None:
            return configuration
        return replace(configuration, capacity=1, timeout_ms=_DAY_MS)

    def _latest(self, code: _Code) -> FunctionConfiguration:
        try:
            return self._as_asked(self.unpack(code.configuration))
        except UsageError as error:
            log.warning("the function %s keeps its old code: %s", code.configuration.name, error)
            return code.unpacked


def runtime_of_handler(handler: str, folder: Path) -> str:
    """The runtime that the handler's file asks for; a module that only Python can find is Python's.

    Raises:
        UsageError: Files of more than one runtime fit, or ``bootstrap`` is not executable.
    """
    from gateway.targets.runtime_api.runtimes import runtime_of  # noqa: PLC0415 - not when the runtime is given

    try:
        return runtime_of(handler, folder)[0]
    except UsageError as error:
        if "could be" in str(error) or "chmod" in str(error):
            raise
        return "python"


def _made(place: str, configuration: FunctionConfiguration, resources: Resources) -> Target:
    make: Callable[[FunctionConfiguration, Resources], Target] = load(place)
    if not callable(make):
        raise UsageError(f"{place} cannot be called: an executor is a class or a function")
    target = make(configuration, resources)
    if missing := [name for name in _MEMBERS if not hasattr(target, name)]:
        raise UsageError(f"{place} has no {', '.join(missing)}: an executor has {', '.join(_MEMBERS)}")
    return target


def _tell_what_does_not_run(configuration: FunctionConfiguration, executor: str) -> None:
    """Say what stands beside a handler on Lambda and has no place where the user has asked for this executor."""
    left_out = ["extensions"] if executor in ("worker", "in-process") and _has_extensions(configuration.opt) else []
    if executor == "in-process" and has_wrapper(configuration):
        left_out.append(EXEC_WRAPPER)
    if left_out:
        log.warning("%s runs without its %s: the executor is %s", configuration.name, " and ".join(left_out), executor)


def _has_extensions(opt: Path | None) -> bool:
    return opt is not None and (opt / "extensions").is_dir()
