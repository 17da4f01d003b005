"""The processes of one execution environment over the Runtime API: its extensions and its runtime.

Facts, from the AWS guide "Lambda runtime environment":

- The init phase has 10 seconds.  A runtime that needs longer is stopped and begins again inside the first invocation,
  under the function's own timeout; so the module's code runs twice.
- In the shutdown phase a runtime without extensions gets no time at all.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM, Signals
from typing import Final, Protocol

from gateway.configuration import FunctionConfiguration
from gateway.defects import report
from gateway.limits.box import Box
from gateway.limits.means import NO_MEANS, Means
from gateway.same_origin import THIS_MACHINE, AllowedCallers
from gateway.targets.logs import FunctionLog
from gateway.targets.process import ChildProcess, Command
from gateway.targets.reaper import Reaper
from gateway.targets.runtime_api.extension_host import ExtensionHost
from gateway.targets.runtime_api.peers import Peers
from gateway.targets.runtime_api.server import RuntimeApi

INIT_LIMIT_S: Final = 10.0
_EXIT_GRACE_S: Final = 0.02

Variables = Callable[[Path], Mapping[str, str]]
"""All variables of an environment but ``AWS_LAMBDA_RUNTIME_API``; the folder stands for ``/tmp``."""


@dataclass(frozen=True, slots=True)
class RuntimeApiOptions:
    """What all environments of one function share.

    Attributes:
        command: The runtime's program and arguments, as `command_for` finds them.
        variables: Makes the environment variables.
        reaper: Ends the processes when the gateway dies.
        log: Makes the log of one environment.
        opt: The folder that stands for ``/opt``: executables in its ``extensions`` are started.
        freeze: Stop the process between invocations, as Lambda does.
        init_limit_s: How long the init phase may take before it is done again inside the first invocation.
        means: How environments are held to their limits.
        allowed_callers: Who may call the Runtime API beside programs on this machine.
    """

    command: Sequence[str]
    variables: Variables
    reaper: Reaper
    log: Callable[[], FunctionLog]
    opt: Path | None = None
    freeze: bool = False
    init_limit_s: float = INIT_LIMIT_S
    means: Means = NO_MEANS
    allowed_callers: AllowedCallers = THIS_MACHINE


class ProcessOwner(Protocol):
    """Who hears of a runtime's process."""

    def runtime_printed(self, chunk: bytes) -> None:
        """It wrote to standard output or standard error."""
        ...

    def runtime_exited(self, code: int) -> None:
        """It has ended, after its last answer; not told of one that was given up."""
        ...

    def runtime_not_started(self, error: OSError) -> None:
        """Its program cannot be run."""
        ...

    def runtime_not_launched(self) -> None:
        """A defect kept it from being started; it has been reported."""
        ...


class RuntimeProcess:
    """A runtime with its extensions; after its end, or when it was given up, another one may be launched.

    Args:
        configuration: The function.
        options: What its environments share.
        scratch: The folder that stands for ``/tmp``.
        api: What the runtime calls.
        extensions: Those that start with the runtime.
        owner: Hears of the runtime.

    Attributes:
        child: The runtime's process, also when it has ended; None while another one is being launched.
        retired: No runtime is to be started here any more; `end`, `stop` and `kill` set it, too.
        log_stream: The name of the environment's log stream, "" before the first launch.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        options: RuntimeApiOptions,
        scratch: Path,
        api: RuntimeApi,
        extensions: ExtensionHost,
        owner: ProcessOwner,
    ) -> None:
        self.child: ChildProcess | None = None
        self.retired = False
        self.log_stream = ""
        self._configuration = configuration
        self._options = options
        self._box = Box(configuration.memory_mb, scratch, options.means)
        self._api = api
        self._extensions = extensions
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._address = ""
        self._variables: dict[str, str] = {}
        self._launching: asyncio.Task[None] | None = None
        self._given_up = False
        self._reason = ""

    @property
    def alive(self) -> bool:
        """Whether the runtime runs."""
        return self.child is not None and not self.child.ended.done()

    @property
    def pid(self) -> int:
        """The runtime's process id, 0 when it does not run."""
        return self.child.pid if self.child is not None and self.alive else 0

    @property
    def out_of_memory(self) -> bool:
        """Whether the runtime was killed for its memory."""
        return self.child is not None and self.child.out_of_memory

    async def listen(self) -> None:
        """Open the port at which processes find the Runtime API."""
        elsewhere = self._options.allowed_callers.hosts  # a runtime in a container is no process of this machine's
        self._address = await self._api.listen(None if elsewhere else Peers(self._started, self._box.processes))

    def launch(self, then: Callable[[], None] = lambda: None) -> asyncio.Task[None]:
        """Start the extensions and then the runtime, whose init phase begins.

        Args:
            then: Called when the runtime has been started and is still wanted.

        Returns:
            Done after that, and when it cannot be started or is not wanted any more.
        """
        self._launching = self._loop.create_task(self._launch(then))
        self._launching.add_done_callback(self._launched)
        return self._launching

    def _launched(self, launching: asyncio.Task[None]) -> None:
        if not launching.cancelled() and (error := launching.exception()) is not None:
            report("the launch of a runtime", error)
            self._owner.runtime_not_launched()

    async def give_up(self) -> None:
        """End an init phase that takes too long, so that another one can begin."""
        self._api.time_out()
        self._given_up = True
        self._extensions.kill()
        if self._launching is not None:
            await asyncio.wait([self._launching])
        child, self.child = self.child, None
        if child is not None:
            child.kill()
            await child.ended
        await self._extensions.reset()
        self._given_up = False

    def share_cpu(self) -> None:
        """Hold the processes to their share of the CPU from now on, where that was asked for."""
        self._box.share_cpu()

    def freeze(self) -> None:
        """Stop the runtime until it is thawed, where that was asked for."""
        self._signal_frozen(SIGSTOP)

    def thaw(self) -> None:
        """Let the runtime go on."""
        self._signal_frozen(SIGCONT)

    def end(self, reason: str) -> None:
        """End the runtime at once; extensions live until they are told the reason, when all is stopped."""
        self.retired = True
        self._reason = reason
        if self.child is not None:
            self.child.kill()
        if not self._extensions.api.shutdown_ms:
            self.kill()

    async def stop(self, reason: str) -> None:
        """End the processes in the time that Lambda gives them, and close the port.

        Args:
            reason: What extensions are told, unless the runtime was ended for another one.
        """
        self.retired = True
        if self._launching is not None and not self._launching.done():
            self._extensions.kill()
            await asyncio.wait([self._launching])
        child = self.child
        self.thaw()
        if child is not None and self._extensions.api.shutdown_ms:
            child.signal(SIGTERM)
        await self._extensions.shutdown(self._reason or reason, child, time.time_ns() // 1_000_000)
        self.kill()
        if child is not None:
            await child.ended
        await self._box.aclose()

    def kill(self) -> None:
        """End all processes at once, and close the port; may be called twice."""
        self.retired = True
        if self.child is not None:
            self.child.kill()
        self._extensions.kill()
        self._api.close()

    async def _launch(self, then: Callable[[], None]) -> None:
        self.child = None
        self._api.expect_process()
        if not self._variables:  # a runtime that takes another one's place is in the same environment
            self._variables = {**self._options.variables(self._box.tmp), "AWS_LAMBDA_RUNTIME_API": self._address}
            self.log_stream = self._variables["AWS_LAMBDA_LOG_STREAM_NAME"]
        variables = self._variables
        folder = self._configuration.task_root
        await self._extensions.start(variables, folder, self._box)
        if self._is_abandoned():
            return
        command = Command(self._options.command, variables, folder, self._configuration.memory_mb, self._box)
        try:
            child = await ChildProcess.spawn(command, self._owner.runtime_printed, self._options.reaper)
        except OSError as error:
            self._owner.runtime_not_started(error)
            return
        self.child = child
        child.ended.add_done_callback(lambda _: self._child_ended(child))
        if self._is_abandoned():
            child.kill()  # it came too late; starting a process cannot be cancelled, only undone
        else:
            then()

    def _started(self) -> list[int]:
        """The processes that were started here and have not ended."""
        return [*([self.pid] if self.alive else []), *self._extensions.pids]

    def _is_abandoned(self) -> bool:
        """Whether a process that is being started is not wanted any more."""
        return self.retired or self._given_up

    def _signal_frozen(self, number: Signals) -> None:
        if self._options.freeze and self.child is not None:
            self.child.signal(number)

    def _child_ended(self, child: ChildProcess) -> None:
        """A last answer may still be on its way through the socket."""
        if self._api.connected:
            self._loop.call_later(_EXIT_GRACE_S, self._tell_exit, child)
        else:
            self._tell_exit(child)

    def _tell_exit(self, child: ChildProcess) -> None:
        if child is self.child:
            self._owner.runtime_exited(child.ended.result())
