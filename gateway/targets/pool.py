"""The execution environments of one function: started on demand, reused most-recent-first.

On AWS every request beyond the running environments starts another one.  On one machine that would turn 32 connections
into 32 processes for a handler of a millisecond, so an environment is added only when waiting would take longer than
starting it: when the queue's expected wait, or the time that its first member has waited already, is more than an init
phase takes.

Most of a short invocation's time is the waking up of two processes.  So while invocations wait and are short, an
environment gets the next ones ahead, before it has answered the last: it still runs one at a time, but does not sleep
in between.  What was given ahead is taken back as soon as another environment is free, and begins there.  An invocation
whose log somebody wants has its environment to itself: what the next one prints would be among its lines.
"""

import asyncio
from collections import deque
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter

from gateway.errors import UsageError
from gateway.invocation import Invocation, Outcome, Unavailable
from gateway.targets.environment import Environment, EnvironmentFactory, OutcomeFuture
from gateway.targets.failures import NOT_READY
from gateway.targets.fleet import Fleet

IDLE_LIMIT_S = 300.0
_WEIGHT = 0.2
_SHORT_S = 0.003
_AHEAD = 16
"""Invocations that an environment may have at most, the running one included."""
_AHEAD_S = 0.002
"""How much work may wait in front of an environment's last invocation."""


class _Load:
    """What one environment has to do; instants are of `time.monotonic`.

    Attributes:
        invocations: How many it was given: more than one while some were given ahead.
        given_at: When the last of them was given.
        began_at: When the first of them began.
        outdated: The code has changed; it ends what it was given and gets nothing more.
        alone: The last of them wants nothing behind it.
    """

    __slots__ = ("alone", "began_at", "given_at", "invocations", "outdated")

    def __init__(self) -> None:
        self.alone = self.outdated = False
        self.invocations = 0
        self.given_at = 0.0
        self.began_at = 0.0


class _Caller:
    """Who waits for an answer: since when, and what for; ``environment`` is None until one has the invocation.

    ``alone`` is set when the invocation's log is wanted, so that nothing may run in its environment before its end is
    known.
    """

    __slots__ = ("alone", "answer", "environment", "invocation", "since")

    answer: OutcomeFuture

    def __init__(self, invocation: Invocation) -> None:
        report = invocation.report
        self.invocation = invocation
        self.alone = invocation.tail or (report is not None and report.details)
        self.environment: Environment | None = None
        self.since = monotonic()


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
        self._fleet = Fleet(make, self._offer, self._lost, folder)
        self._capacity = capacity
        self._idle_limit_s = idle_limit_s
        self._loop = asyncio.get_running_loop()
        self._idle: list[tuple[Environment, float]] = []
        self._all: dict[Environment, _Load] = {}
        self._waiting: deque[_Caller] = deque()
        self._duration_s = 0.0
        self._ended_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._reliever: asyncio.TimerHandle | None = None
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
        environment = self._fleet.launch()
        self._admit(environment)
        starting = self._fleet.starting[environment]
        await asyncio.wait([starting])
        if not starting.cancelled() and (failure := starting.result()):
            raise failure
        for candidate in (environment, *self._all):  # the first may be gone, with a request that came meanwhile
            if candidate.problem:
                raise UsageError(candidate.problem)

    def renew(self) -> None:
        """Use new environments from now on; invocations in flight end in the old ones."""
        for load in self._all.values():
            load.outdated = True
        for environment, _ in self._idle:
            self._retire(environment, failed=False)
        self._idle.clear()
        if not self._closed and len(self._all) < self._capacity:
            self._add()

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation as soon as an environment is free."""
        caller = _Caller(invocation)
        if invocation.report is not None:
            invocation.report.queued_at = perf_counter()
        outcome = None
        while outcome is None:
            caller.answer, caller.environment = self._loop.create_future(), None
            environment = self._take(caller)
            if environment is not None:
                self._give(environment, caller)
            elif self._closed:
                return NOT_READY
            else:
                self._waiting.append(caller)
                if self._timer is None:
                    self._consider()
            try:
                outcome = await caller.answer
            except asyncio.CancelledError:
                self._abandon(caller)
                raise
        return outcome

    def _abandon(self, caller: _Caller) -> None:
        """Nobody waits any more: the environment that has the invocation cannot be told to stop, so it is ended."""
        environment = caller.environment
        if environment is None:
            return  # it is passed over when its turn comes
        environment.kill()
        if environment in self._all:
            self._retire(environment, failed=True)
            self._consider()

    async def aclose(self) -> None:
        """Stop all environments."""
        self._closed = True
        for timer in (self._timer, self._sweeper, self._reliever):
            if timer:
                timer.cancel()
        self._refuse_all(NOT_READY)
        await self._fleet.aclose()
        self._all.clear()
        self._idle.clear()

    def kill(self) -> None:
        """End all environments at once."""
        self._fleet.kill()

    def _take(self, caller: _Caller) -> Environment | None:
        """An environment that is free, or one that takes a short invocation ahead."""
        while self._idle:
            environment, _ = self._idle.pop()
            if environment.reusable or environment.problem:
                return environment
            self._retire(environment, failed=True)  # it died while it was idle
        if self._waiting or caller.alone:
            return None
        limit = monotonic() - _SHORT_S
        for environment, load in self._all.items():
            room = 0 < load.invocations < self._most_ahead(environment) and not load.alone
            if room and load.began_at > limit and not load.outdated and environment.reusable:
                self._look_again()
                self._relieve_later()
                return environment
        return None

    def _most_ahead(self, environment: Environment) -> int:
        """How many invocations an environment may have: more than one while they are short."""
        if self._duration_s >= _SHORT_S or not environment.takes_ahead:
            return 1
        return min(_AHEAD, 2 + int(_AHEAD_S / max(self._duration_s, 0.000_001)))

    def _give(self, environment: Environment, caller: _Caller) -> None:
        load = self._all[environment]
        load.given_at = monotonic()
        if not load.invocations:
            load.began_at = load.given_at
        load.invocations += 1
        load.alone = caller.alone
        caller.environment = environment
        try:
            environment.invoke(caller.invocation, caller.answer)
        except Exception as error:  # noqa: BLE001 - a defect, whatever it is, and its caller's to answer
            environment.kill()
            self._retire(environment, failed=True)
            if not caller.answer.done():
                caller.answer.set_exception(error)
            self._consider()

    def _freed(self, environment: Environment) -> None:
        """An environment's invocation has ended."""
        load = self._all.get(environment)
        if load is None or not load.invocations:
            return  # it was retired, or died while it was idle
        now = monotonic()
        self._duration_s += (now - load.began_at - self._duration_s) * _WEIGHT
        load.began_at = self._ended_at = now
        load.invocations -= 1
        self._release(environment, load)

    def _consider(self) -> None:
        """Start another environment when that is quicker than waiting."""
        ahead = [load.given_at for load in self._all.values() if load.invocations > 1]
        waiting = len(self._waiting) + sum(max(load.invocations - 1, 0) for load in self._all.values())
        room = self._capacity - len(self._all)
        if not waiting or room <= 0:
            return
        since = min([*ahead, self._waiting[0].since] if self._waiting else ahead)
        # While invocations end, their usual duration tells best; when none does, how long the first has waited.
        longest = self._duration_s if self._ended_at > since else max(self._duration_s, monotonic() - since)
        running = max(len(self._all) - len(self._fleet.starting), 1)
        expected = max(self._duration_s * waiting / running, longest)
        if not self._all or (not self._fleet.starting and expected > self._fleet.start_s):
            wanted = min(int(longest * waiting / self._fleet.start_s), waiting, room)
            for _ in range(max(wanted, 1)):
                self._add()
        self._look_again()

    def _look_again(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = self._loop.call_later(self._fleet.start_s, self._reconsider)

    def _reconsider(self) -> None:
        self._timer = None
        self._consider()

    def _add(self) -> None:
        """Start another environment; when it cannot be made, nobody waits for it."""
        environment = self._fleet.try_to_launch()
        if environment is not None:
            self._admit(environment)

    def _admit(self, environment: Environment) -> None:
        environment.freed = partial(self._freed, environment)
        self._all[environment] = _Load()

    def _lost(self, environment: Environment | None, why: str) -> None:
        """Invocations go on waiting for other environments, and fail when there are none."""
        if environment is not None:
            self._retire(environment, failed=False)
        if not self._all:
            self._refuse_all(Unavailable("ServiceException", why))

    def _refuse_all(self, why: Unavailable) -> None:
        for caller in self._waiting:
            if not caller.answer.done():
                caller.answer.set_result(why)
        self._waiting.clear()

    def _release(self, environment: Environment, load: _Load) -> None:
        if load.outdated:
            if load.invocations == 0:
                self._retire(environment, failed=False)
                self._consider()
        elif not environment.reusable or self._closed:
            self._retire(environment, failed=True)
            self._consider()
        else:
            self._offer(environment)

    def _retire(self, environment: Environment, *, failed: bool) -> None:
        del self._all[environment]
        self._fleet.retire(environment, failed=failed)

    def _offer(self, environment: Environment) -> None:
        """Give an environment to who waits longest, or put it on the stack when it has nothing else to do."""
        load = self._all[environment]
        if load.outdated:
            self._retire(environment, failed=False)
            self._consider()
            return
        most = self._most_ahead(environment)
        while self._waiting and load.invocations < most:
            if load.invocations and (load.alone or self._waiting[0].alone):
                break
            caller = self._waiting.popleft()
            if not caller.answer.done():
                if load.invocations:
                    self._relieve_later()
                self._give(environment, caller)
                if environment not in self._all:
                    return  # it can serve nobody, and has said so
        if load.invocations:
            return
        self._idle.append((environment, self._loop.time()))
        if self._sweeper is None and not self._closed:
            self._sweeper = self._loop.call_later(self._idle_limit_s, self._sweep)

    def _relieve(self) -> None:
        """Take back what stands behind invocations that turn out long, where another environment gets on.

        Their callers come to `invoke` again, and find one.
        """
        self._reliever = None
        limit = monotonic() - _SHORT_S
        gets_on = bool(self._idle) or any(load.invocations and load.began_at > limit for load in self._all.values())
        for environment, load in self._all.items():
            while gets_on and load.invocations > 1 and load.began_at <= limit and environment.retract():
                load.invocations -= 1
        if any(load.invocations > 1 for load in self._all.values()):
            self._relieve_later()

    def _relieve_later(self) -> None:
        if self._reliever is None and not self._closed:
            self._reliever = self._loop.call_later(_SHORT_S, self._relieve)

    def _sweep(self) -> None:
        """Stop the environments that have been idle too long; they stand at the bottom of the stack."""
        self._sweeper = None
        limit = self._loop.time() - self._idle_limit_s
        while self._idle and self._idle[0][1] <= limit:
            environment, _ = self._idle.pop(0)
            self._retire(environment, failed=False)
        if self._idle:
            self._sweeper = self._loop.call_at(self._idle[0][1] + self._idle_limit_s, self._sweep)
