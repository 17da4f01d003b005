"""The execution environments of one function: started on demand, reused most-recent-first.

On AWS every request beyond the running environments starts another one.  On one machine that would turn 32 connections
into 32 processes for a handler of a millisecond, so an environment is added only when waiting would take longer than
starting it: when the queue's expected wait, or the time that its first member has waited already, is more than an init
phase takes.

Most of a short invocation's time is the waking up of two processes.  So while invocations wait and are short, an
environment gets the next one ahead, before it has answered the last: it still runs one at a time, but does not sleep in
between.  What was given ahead is taken back as soon as another environment is free, and begins there.
"""

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections import deque
from collections.abc import Coroutine
from pathlib import Path

from gateway.errors import UsageError
from gateway.invocation import Invocation, Outcome, Streamed, Unavailable
from gateway.targets.environment import Environment, EnvironmentFactory

log = logging.getLogger("gateway")

IDLE_LIMIT_S = 300.0
_WEIGHT = 0.2
_FIRST_START_S = 0.1
_SHORT_S = 0.003
_AHEAD = 4
"""Invocations that an environment of short ones may have, the running one included."""
_STOPPING = Unavailable("ServiceException", "the gateway is stopping")


class _Load:
    """What one environment has to do.

    Attributes:
        invocations: How many it was given: more than one while some were given ahead.
        given_at: When the last of them was given.
        freed_at: When it last ended one.
        scratch: The folder that stands for its ``/tmp``.
        outdated: The code has changed; it ends what it was given and gets nothing more.
    """

    __slots__ = ("freed_at", "given_at", "invocations", "outdated", "scratch")

    def __init__(self, scratch: Path) -> None:
        self.outdated = False
        self.invocations = 0
        self.given_at = 0.0
        self.freed_at = 0.0
        self.scratch = scratch


class EnvironmentPool:
    """A target whose invocations run in execution environments.

    Args:
        make: Makes an environment.
        capacity: Environments at once; invocations beyond it wait.
        idle_limit_s: How long an environment may wait for work before it is stopped.
        folder: Where the environments' folders are made; None takes the system's for temporary files.
    """

    def __init__(
        self,
        make: EnvironmentFactory,
        capacity: int,
        idle_limit_s: float = IDLE_LIMIT_S,
        folder: Path | None = None,
    ) -> None:
        self._make = make
        self._folder = folder
        self._capacity = capacity
        self._idle_limit_s = idle_limit_s
        self._loop = asyncio.get_running_loop()
        self._idle: list[tuple[Environment, float]] = []
        self._all: dict[Environment, _Load] = {}
        self._waiting: deque[tuple[asyncio.Future[Environment | Unavailable], float]] = deque()
        self._starting: set[asyncio.Task[Exception | None]] = set()
        self._stopping: set[asyncio.Task[None]] = set()
        self._scratch: list[Path] = []
        self._duration_s = 0.0
        self._start_s = _FIRST_START_S
        self._ended_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def environments(self) -> int:
        """How many environments there are, those that are starting included."""
        return len(self._all)

    async def start(self) -> None:
        """Run the first environment's init phase.

        Raises:
            UsageError: The handler cannot be loaded.
        """
        starting = self._start_one()
        await asyncio.wait([starting])
        if not starting.cancelled() and (failure := starting.result()):
            raise failure
        for environment in self._all:
            if environment.problem:
                raise UsageError(environment.problem)

    def renew(self) -> None:
        """Use new environments from now on; invocations in flight end in the old ones."""
        for load in self._all.values():
            load.outdated = True
        for environment, _ in self._idle:
            self._retire(environment, keep_scratch=False)
        self._idle.clear()
        if not self._closed and len(self._all) < self._capacity:
            self._add()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation as soon as an environment is free."""
        outcome = None
        while outcome is None:
            environment = self._take() or await self._wait()
            if isinstance(environment, Unavailable):
                return environment
            outcome = await self._run(environment, invocation)
        return outcome

    async def _run(self, environment: Environment, invocation: Invocation) -> Outcome | None:
        began = self._loop.time()
        try:
            outcome = await environment.invoke(invocation)
        except BaseException:
            environment.kill()
            self._release(environment)
            raise
        if isinstance(outcome, Streamed) and outcome.ended:
            outcome.ended.add_done_callback(lambda _: self._release(environment))
            return outcome
        load = self._all.get(environment)
        if load and outcome is not None:
            now = self._loop.time()
            self._duration_s += (now - max(began, load.freed_at) - self._duration_s) * _WEIGHT
            load.freed_at = self._ended_at = now
        self._release(environment)
        return outcome

    async def aclose(self) -> None:
        """Stop all environments."""
        self._closed = True
        for timer in (self._timer, self._sweeper):
            if timer:
                timer.cancel()
        for waiter, _ in self._waiting:
            if not waiter.done():
                waiter.set_result(_STOPPING)
        self._waiting.clear()
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(environment.stop() for environment in self._all), *self._stopping)
        folders = [*self._scratch, *(load.scratch for load in self._all.values())]
        self._all.clear()
        self._scratch.clear()
        await asyncio.to_thread(_remove, folders)

    def kill(self) -> None:
        """End all environments at once."""
        for environment in self._all:
            environment.kill()

    def _take(self) -> Environment | None:
        """An environment that is free, or one that takes a short invocation ahead; it counts as given."""
        while self._idle:
            environment, _ = self._idle.pop()
            if environment.reusable or environment.problem:
                self._give(environment)
                return environment
            self._retire(environment, keep_scratch=True)  # it died while it was idle
        if self._waiting or self._duration_s >= _SHORT_S:
            return None
        for environment, load in self._all.items():
            if 0 < load.invocations < _AHEAD and not load.outdated and environment.takes_ahead and environment.reusable:
                self._give(environment)
                self._look_again()
                return environment
        return None

    def _give(self, environment: Environment) -> None:
        load = self._all[environment]
        load.invocations += 1
        load.given_at = self._loop.time()

    async def _wait(self) -> Environment | Unavailable:
        if self._closed:
            return _STOPPING
        waiter: asyncio.Future[Environment | Unavailable] = self._loop.create_future()
        self._waiting.append((waiter, self._loop.time()))
        if self._timer is None:
            self._consider()
        try:
            return await waiter
        except asyncio.CancelledError:
            given = waiter.result() if waiter.done() and not waiter.cancelled() else None
            if given and not isinstance(given, Unavailable):
                self._release(given)
            raise

    def _consider(self) -> None:
        """Start another environment when that is quicker than waiting."""
        ahead = [load.given_at for load in self._all.values() if load.invocations > 1]
        waiting = len(self._waiting) + sum(max(load.invocations - 1, 0) for load in self._all.values())
        room = self._capacity - len(self._all)
        if not waiting or room <= 0:
            return
        since = min([*ahead, self._waiting[0][1]] if self._waiting else ahead)
        # While invocations end, their usual duration tells best; when none does, how long the first has waited.
        longest = self._duration_s if self._ended_at > since else max(self._duration_s, self._loop.time() - since)
        running = max(len(self._all) - len(self._starting), 1)
        expected = max(self._duration_s * waiting / running, longest)
        if not self._all or (not self._starting and expected > self._start_s):
            wanted = min(int(longest * waiting / self._start_s), waiting, room)
            for _ in range(max(wanted, 1)):
                self._add()
        self._look_again()

    def _look_again(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = self._loop.call_later(self._start_s, self._reconsider)

    def _reconsider(self) -> None:
        self._timer = None
        self._consider()

    def _add(self) -> None:
        """Start another environment; when it cannot be made, nobody waits for it."""
        try:
            self._start_one()
        except Exception as error:  # noqa: BLE001 - no folder, no descriptor: whatever it is, the log has it
            self._not_started(error)

    def _start_one(self) -> asyncio.Task[Exception | None]:
        scratch = (
            self._scratch.pop() if self._scratch else Path(tempfile.mkdtemp(prefix="lambda-tmp-", dir=self._folder))
        )
        environment = self._make(scratch)
        self._all[environment] = _Load(scratch)
        task = self._loop.create_task(self._run_start(environment))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return task

    async def _run_start(self, environment: Environment) -> Exception | None:
        """Run the init phase; an environment that raises there, which none should, is given up."""
        began = self._loop.time()
        try:
            await environment.start()
        except Exception as error:  # noqa: BLE001 - as above
            environment.kill()
            self._retire(environment, keep_scratch=False)
            self._not_started(error)
            return error
        self._start_s += (self._loop.time() - began - self._start_s) * _WEIGHT
        self._offer(environment)
        return None

    def _not_started(self, error: Exception) -> None:
        """Log why; invocations go on waiting for other environments, and fail when there are none."""
        why = f"an execution environment could not be started: {type(error).__name__}: {error}"
        log.error(why, exc_info=error)
        if self._all:
            return
        for waiter, _ in self._waiting:
            if not waiter.done():
                waiter.set_result(Unavailable("ServiceException", why))
        self._waiting.clear()

    def _release(self, environment: Environment) -> None:
        load = self._all.get(environment)
        if load is None:
            return
        load.invocations -= 1
        if load.outdated:
            if load.invocations == 0:
                self._retire(environment, keep_scratch=False)
                self._consider()
        elif not environment.reusable or self._closed:
            self._retire(environment, keep_scratch=True)
            self._consider()
        elif load.invocations == 0 or (self._duration_s < _SHORT_S and environment.takes_ahead):
            self._offer(environment)

    def _retire(self, environment: Environment, *, keep_scratch: bool) -> None:
        """Stop an environment; after a failure its ``/tmp`` goes to the one that takes its place, as on Lambda."""
        scratch = self._all.pop(environment).scratch
        if keep_scratch:
            self._scratch.append(scratch)
        else:
            self._keep(asyncio.to_thread(_remove, [scratch]))
        self._keep(environment.stop("failure" if keep_scratch else "spindown"))

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _offer(self, environment: Environment) -> None:
        """Give an environment to who waits longest, or put it on the stack when it has nothing else to do."""
        if self._all[environment].outdated:
            self._retire(environment, keep_scratch=False)
            self._consider()
            return
        while self._waiting:
            waiter, _ = self._waiting.popleft()
            if not waiter.done():
                self._give(environment)
                waiter.set_result(environment)
                return
        if self._all[environment].invocations:
            return
        for other, load in self._all.items():
            if load.invocations > 1 and other.retract():
                break  # its invocation comes back to `invoke` and finds this environment
        self._idle.append((environment, self._loop.time()))
        if self._sweeper is None and not self._closed:
            self._sweeper = self._loop.call_later(self._idle_limit_s, self._sweep)

    def _sweep(self) -> None:
        """Stop the environments that have been idle too long; they stand at the bottom of the stack."""
        self._sweeper = None
        limit = self._loop.time() - self._idle_limit_s
        while self._idle and self._idle[0][1] <= limit:
            environment, _ = self._idle.pop(0)
            self._retire(environment, keep_scratch=False)
        if self._idle:
            self._sweeper = self._loop.call_at(self._idle[0][1] + self._idle_limit_s, self._sweep)


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder, ignore_errors=True)
