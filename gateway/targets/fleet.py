"""The execution environments of one function: how they start and how they end."""

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from gateway.targets.environment import Environment, EnvironmentFactory
from gateway.tasks import Tasks

log = logging.getLogger("gateway")

_WEIGHT = 0.2
_FIRST_START_S = 0.1


class Fleet:
    """Starts and stops environments; which of them gets what is somebody else's.

    Args:
        make: Makes an environment.
        ready: Told of an environment whose init phase has ended.
        lost: Told of an environment that could not be started, and why in words; None before it was made.
        folder: Where the environments' folders are made; None takes the system's for temporary files.

    Attributes:
        start_s: How long an init phase takes, as the last ones did.
        starting: The environments in their init phase; a task gives the exception that no environment should raise.
    """

    def __init__(
        self,
        make: EnvironmentFactory,
        ready: Callable[[Environment], None],
        lost: Callable[[Environment | None, str], None],
        folder: Path | None = None,
    ) -> None:
        self._make = make
        self._ready = ready
        self._lost = lost
        self._folder = folder
        self._folders: dict[Environment, Path] = {}
        self._spare: list[Path] = []
        self._stopping = Tasks("the end of an execution environment")
        self.starting: dict[Environment, asyncio.Task[Exception | None]] = {}
        self.start_s = _FIRST_START_S

    def launch(self) -> Environment:
        """Begin the init phase of another environment; raises what keeps it from being made."""
        folder = self._spare.pop() if self._spare else self._new_folder()
        environment = self._make(folder)
        self._folders[environment] = folder
        self.starting[environment] = asyncio.get_running_loop().create_task(self._start(environment))
        return environment

    def try_to_launch(self) -> Environment | None:
        """Do the same; one that cannot be made is lost."""
        try:
            return self.launch()
        except Exception as error:  # noqa: BLE001 - no folder, no descriptor: whatever it is, the log has it
            self._lose(None, error)
            return None

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="lambda-tmp-", dir=self._folder))

    async def _start(self, environment: Environment) -> Exception | None:
        began = monotonic()
        try:
            await environment.start()
        except Exception as error:  # noqa: BLE001 - as above
            environment.kill()
            self._lose(environment, error)
            return error
        finally:
            self.starting.pop(environment, None)
        self.start_s += (monotonic() - began - self.start_s) * _WEIGHT
        self._ready(environment)
        return None

    def _lose(self, environment: Environment | None, error: Exception) -> None:
        why = f"an execution environment could not be started: {type(error).__name__}: {error}"
        log.error(why, exc_info=error)
        self._lost(environment, why)

    def retire(self, environment: Environment, *, failed: bool) -> None:
        """Stop an environment; after a failure its ``/tmp`` goes to the one that takes its place, as on Lambda."""
        folder = self._folders.pop(environment)
        if failed:
            self._spare.append(folder)
        else:
            self._stopping.start(asyncio.to_thread(_remove, [folder]))
        self._stopping.start(environment.stop("failure" if failed else "spindown"))

    def kill(self) -> None:
        """End all environments at once."""
        for environment in self._folders:
            environment.kill()

    async def aclose(self) -> None:
        """Stop all environments, and remove their folders."""
        starting = tuple(self.starting.values())
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        for environment in self._folders:
            self._stopping.start(environment.stop())
        await self._stopping.wait()
        folders = [*self._spare, *self._folders.values()]
        self._folders.clear()
        self._spare.clear()
        await asyncio.to_thread(_remove, folders)


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder, ignore_errors=True)
