"""The external extensions of one execution environment, as processes.

Facts, from the AWS guides "Using the Lambda Extensions API" and "Lambda runtime environment": they start before the
runtime and the runtime starts when all have registered; the init phase ends when all of them and the runtime ask for
an event; in the shutdown phase the runtime ends first and has 30 % of the time.  Of the variables they miss those of
the runtime itself.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.configuration import FunctionConfiguration
from gateway.limits.box import Box
from gateway.targets.process import ChildProcess, Command
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.extensions import Extensions
from gateway.targets.runtime_api.server import CallHandler
from gateway.targets.runtime_api.telemetry import Telemetry
from gateway.types import EpochMs

_RUNTIME_SHARE: Final = 0.3
_HIDDEN: Final = frozenset(
    {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "PWD",
    }
)

OnFailed = Callable[[str, str], None]
"""Hears of an extension that failed: error type and reason."""


def programs_in(opt: Path | None) -> tuple[Path, ...]:
    """The executables in the ``extensions`` folder of the layers, by name."""
    folder = opt / "extensions" if opt is not None else None
    if folder is None or not folder.is_dir():
        return ()
    return tuple(sorted(file for file in folder.iterdir() if file.is_file() and os.access(file, os.X_OK)))


def extension_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """What an extension sees of a function's variables."""
    return {name: value for name, value in variables.items() if name not in _HIDDEN and not name.startswith("_")}


class ExtensionHost:
    """Extensions, their processes and what they are told.

    Args:
        configuration: The function.
        opt: The folder that stands for ``/opt``, if there is one.
        output: Takes what the extensions print.
        reaper: Ends them when the gateway dies.
        changed: Called when the readiness may have changed.
        failed: Called at most once, with the first failure.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        opt: Path | None,
        output: Callable[[bytes], None],
        reaper: Reaper,
        changed: Callable[[], None],
        failed: OnFailed,
    ) -> None:
        self._programs = programs_in(opt)
        self._output = output
        self._reaper = reaper
        self._ready_changed = changed
        self._failed = failed
        self._processes: list[ChildProcess] = []
        self._news = asyncio.Event()
        self._stopping = False
        self.api = Extensions(configuration, [program.name for program in self._programs], self._changed)
        self.telemetry = Telemetry(self.api, lambda: datetime.now(UTC))

    @property
    def routes(self) -> dict[tuple[bytes, bytes], CallHandler]:
        """What answers the calls of extensions."""
        return self.api.routes | self.telemetry.routes

    @property
    def pids(self) -> list[int]:
        """The process ids of those that run."""
        return [process.pid for process in self._processes if not process.ended.done()]

    async def start(self, variables: Mapping[str, str], folder: Path, box: Box) -> None:
        """Start the external extensions and wait until all have registered, or one has failed."""
        own = extension_variables(variables)
        for program in self._programs:
            command = Command([str(program)], own, folder, box=box)
            try:
                process = await ChildProcess.spawn(command, self._print, self._reaper)
            except OSError as error:
                self._fail("Extension.LaunchError", f"fork/exec {program}: {os.strerror(error.errno or 0).lower()}")
                return
            self._processes.append(process)
            process.ended.add_done_callback(lambda ended: self._ended(ended.result()))
        while not self.api.registered and not self._stopping:
            self._news.clear()
            await self._news.wait()

    async def shutdown(self, reason: str, runtime: ChildProcess | None, now: EpochMs) -> None:
        """Let the runtime and then the extensions end in the time that Lambda gives them."""
        self._stopping = True
        budget_s = self.api.shutdown_ms / 1000
        self.api.shutdown(reason, now + self.api.shutdown_ms)
        if budget_s and runtime is not None:
            await asyncio.wait([runtime.ended], timeout=budget_s * (_RUNTIME_SHARE if self._processes else 1))
            runtime.kill()
        alive = [process.ended for process in self._processes if not process.ended.done()]
        if alive:
            await asyncio.wait(alive, timeout=budget_s * (1 - _RUNTIME_SHARE))
        self.kill()
        if self._processes:
            await asyncio.wait([process.ended for process in self._processes])
        await self.telemetry.aclose()

    async def reset(self) -> None:
        """End all processes and forget who has registered: another init phase begins."""
        self.kill()
        if self._processes:
            await asyncio.wait([process.ended for process in self._processes])
        self._processes.clear()
        self.api.forget()
        self._stopping = False

    def kill(self) -> None:
        """End all processes at once."""
        self._stopping = True
        self._news.set()
        for process in self._processes:
            process.kill()

    def _print(self, chunk: bytes) -> None:
        self._output(chunk)
        self.telemetry.output("extension", chunk)

    def _changed(self) -> None:
        self._news.set()
        if self.api.error_type and not self._stopping:
            self._fail(self.api.error_type, f"Extension error: {self.api.error_type}")
        else:
            self._ready_changed()

    def _ended(self, code: int) -> None:
        """An extension must not end before it is told to."""
        if not self._stopping:
            reason = f"exit code {code}" if code >= 0 else f"signal {-code}"
            self._fail("Extension.Crash", reason)

    def _fail(self, error_type: str, reason: str) -> None:
        self._stopping = True
        self._news.set()
        self._failed(error_type, reason)
