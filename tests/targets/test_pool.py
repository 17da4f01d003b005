"""The pool: when it starts environments, which one it takes, when it lets them go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import perf_counter

import pytest

from gateway.errors import UsageError
from gateway.invocation import Failed, Invocation, Outcome, Report, Returned, Unavailable
from gateway.targets.environment import OutcomeFuture
from gateway.targets.failures import NOT_READY
from gateway.targets.pool import EnvironmentPool
from gateway.targets.reaper import Reaper
from gateway.targets.worker.environment import WorkerEnvironment
from tests.targets.hosting import DEADLINE_S, Log, configuration, eventually, invocation, result_of, worker_options

pytestmark = pytest.mark.anyio


class ScriptedEnvironment:
    """An environment whose init phase and invocations end when the test says so."""

    def __init__(self, scratch: Path, problem: str | None = None, *, takes_ahead: bool = False) -> None:
        self.scratch = scratch
        self.problem = problem
        self.takes_ahead = takes_ahead
        self.freed: Callable[[], None] = lambda: None
        self.line: list[OutcomeFuture] = []
        self.started = asyncio.Event()
        self.invoked = asyncio.Event()
        self.alive = True
        self.stopped_for: str | None = None
        self.killed = False
        self.defect: Exception | None = None

    async def start(self) -> None:
        """Wait for the test."""
        await self.started.wait()
        if self.defect:
            raise self.defect

    def invoke(self, invocation: Invocation, answer: OutcomeFuture | None = None) -> OutcomeFuture:
        """Wait for the test; a second one stands in line."""
        if invocation.payload == b"defect":
            raise RuntimeError(invocation.request_id)
        answer = answer or asyncio.get_running_loop().create_future()
        self.line.append(answer)
        self.invoked.set()
        if self.problem:  # what the init phase has left is all that comes of it
            self.alive = False
            self.answer(Failed(b"{}", "Runtime.ImportModuleError", self.problem))
        return answer

    def answer(self, outcome: Outcome) -> None:
        """End the running invocation."""
        answer = self.line.pop(0)
        if not answer.done():
            answer.set_result(outcome)
        if not self.line:
            self.invoked.clear()
        self.freed()

    def retract(self) -> bool:
        """Give back the one in line."""
        if len(self.line) < 2:
            return False
        self.line.pop().set_result(None)
        return True

    @property
    def reusable(self) -> bool:
        """Until the test ends it."""
        return self.alive

    async def stop(self, reason: str = "spindown") -> None:
        """Keep why."""
        self.stopped_for = reason
        self.alive = False

    def kill(self) -> None:
        """Keep that."""
        self.killed = True
        self.alive = False


class Scene:
    """A pool with scripted environments."""

    def __init__(self, capacity: int, idle_limit_s: float = 300.0, *, takes_ahead: bool = False) -> None:
        self.made: list[ScriptedEnvironment] = []
        self.ready_at_once = True
        self.problem: str | None = None
        self.defects: list[Exception] = []
        self.impossible: Exception | None = None
        self.takes_ahead = takes_ahead
        self.pool = EnvironmentPool(self.make, capacity, idle_limit_s)
        self.calls: list[asyncio.Task[Outcome]] = []

    def make(self, scratch: Path) -> ScriptedEnvironment:
        """The pool's factory; the next of the defects, if there is one, is what its start raises."""
        if self.impossible:
            raise self.impossible
        environment = ScriptedEnvironment(scratch, self.problem, takes_ahead=self.takes_ahead)
        environment.defect = self.defects.pop(0) if self.defects else None
        self.made.append(environment)
        if self.ready_at_once:
            environment.started.set()
        return environment

    def call(self, payload: bytes = b"", report: Report | None = None, *, tail: bool = False) -> asyncio.Task[Outcome]:
        """Invoke without waiting."""
        invocation = Invocation(payload, str(len(self.calls)), tail=tail, report=report)
        task = asyncio.ensure_future(self.pool.invoke(invocation))
        self.calls.append(task)
        return task

    async def finish(self, environment: ScriptedEnvironment, payload: bytes = b"{}") -> None:
        """End an environment's invocation and let the pool see it."""
        await asyncio.wait_for(environment.invoked.wait(), DEADLINE_S)
        environment.answer(Returned(payload))
        await settle()


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def scene(anyio_backend: str) -> AsyncIterator[Scene]:  # noqa: ARG001 - makes it async
    """A started pool of at most 32 environments."""
    scene = Scene(32)
    await scene.pool.start()
    yield scene
    for call in scene.calls:
        call.cancel()
    await asyncio.gather(*scene.calls, return_exceptions=True)
    await scene.pool.aclose()


async def test_starts_one(scene: Scene) -> None:
    """After `start` there is one environment, ready."""
    assert scene.pool.environments == 1


async def test_problem_at_start_with_a_request() -> None:
    """A request that came meanwhile gets the failure, and is no reason to go on with such a handler."""
    scene = Scene(capacity=2)
    scene.ready_at_once = False
    scene.problem = "no module app"
    starting = asyncio.ensure_future(scene.pool.start())
    await settle()
    call = scene.call()
    await settle()
    scene.problem = None
    scene.made[0].started.set()

    with pytest.raises(UsageError, match="no module app"):
        await starting
    assert isinstance(await call, Failed)
    await scene.pool.aclose()


async def test_problem_at_start() -> None:
    """A handler that cannot be loaded is a usage error in the environment's words."""
    scene = Scene(2)
    scene.problem = "no module app"
    with pytest.raises(UsageError, match="no module app"):
        await scene.pool.start()
    await scene.pool.aclose()

    assert scene.made[0].stopped_for == "spindown"


async def test_defect_at_start(caplog: pytest.LogCaptureFixture) -> None:
    """What no environment should raise reaches who starts the pool, and the log; the environment is stopped."""
    scene = Scene(2)
    scene.defects = [RuntimeError("no more threads")]
    with pytest.raises(RuntimeError, match="no more threads"):
        await scene.pool.start()

    assert "could not be started: RuntimeError: no more threads" in caplog.text
    assert scene.pool.environments == 0
    await scene.pool.aclose()
    assert (scene.made[0].killed, scene.made[0].stopped_for) == (True, "spindown")
    assert not scene.made[0].scratch.exists()


async def test_defect_fails_those_who_wait(caplog: pytest.LogCaptureFixture) -> None:
    """Invocations do not wait for ever for the only environment when its start raises; the next one has another."""
    scene = Scene(1)
    scene.defects = [RuntimeError("no more threads")]
    calls = [scene.call(), scene.call()]
    outcomes = await asyncio.wait_for(asyncio.gather(*calls), DEADLINE_S)

    why = "an execution environment could not be started: RuntimeError: no more threads"
    assert outcomes == [Unavailable("ServiceException", why)] * 2
    assert "Traceback" in caplog.text
    after = scene.call()
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1])
    assert await after == Returned(b"{}")
    await scene.pool.aclose()


async def test_defect_is_not_felt_beside_others(scene: Scene) -> None:
    """While another environment works, those who wait are served by it."""
    scene.defects = [RuntimeError("no more threads")]
    first, second = scene.call(), scene.call()
    await eventually(lambda: len(scene.made) == 2 and scene.made[1].killed)
    assert not second.done()
    await scene.finish(scene.made[0], b"1")
    await scene.finish(scene.made[0], b"2")

    assert (await first, await second) == (Returned(b"1"), Returned(b"2"))


async def test_defect_at_an_invocation() -> None:
    """It is raised where the invocation came from, also out of the line; the environment ends, others are served."""
    scene = Scene(1)
    await scene.pool.start()
    first = scene.call(b"defect")
    with pytest.raises(RuntimeError, match="0"):
        await first
    second, third, fourth = scene.call(), scene.call(b"defect"), scene.call()
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1])
    with pytest.raises(RuntimeError, match="2"):
        await third
    await eventually(lambda: len(scene.made) == 3)
    await scene.finish(scene.made[2])

    assert [await second, await fourth] == [Returned(b"{}")] * 2
    assert [environment.killed for environment in scene.made] == [True, True, False]
    assert scene.pool.environments == 1
    await scene.pool.aclose()


async def test_environment_that_cannot_be_made() -> None:
    """No file descriptor is left for one: the invocation fails, and is served when there is one again."""
    scene = Scene(1)
    scene.impossible = OSError("too many open files")
    outcome = await asyncio.wait_for(scene.call(), DEADLINE_S)
    scene.impossible = None
    after = scene.call()
    await eventually(lambda: len(scene.made) == 1)
    await scene.finish(scene.made[0])

    why = "an execution environment could not be started: OSError: too many open files"
    assert outcome == Unavailable("ServiceException", why)
    assert await after == Returned(b"{}")
    await scene.pool.aclose()


async def test_renew_replaces_the_idle(scene: Scene) -> None:
    """After `renew` the next invocation runs in a new environment, and the old one is stopped with its folder."""
    scene.pool.renew()
    await settle()
    call = scene.call()
    await scene.finish(scene.made[1])

    assert await call == Returned(b"{}")
    assert [environment.stopped_for for environment in scene.made] == ["spindown", None]
    await eventually(lambda: not scene.made[0].scratch.exists())
    assert scene.pool.environments == 1


async def test_renew_lets_invocations_end(scene: Scene) -> None:
    """What runs at the time of `renew` ends in the old environment, which gets nothing more."""
    running = scene.call()
    await settle()
    scene.pool.renew()
    await settle()
    after = scene.call()
    await scene.finish(scene.made[1], b"new")
    assert await after == Returned(b"new")
    assert scene.made[0].stopped_for is None
    await scene.finish(scene.made[0], b"old")

    assert await running == Returned(b"old")
    assert scene.made[0].stopped_for == "spindown"


async def test_renew_at_capacity() -> None:
    """When no environment may be added, who waits gets the one that takes the old one's place."""
    scene = Scene(1)
    await scene.pool.start()
    running, waiting = scene.call(), scene.call()
    await settle()
    scene.pool.renew()
    assert scene.pool.environments == 1
    await scene.finish(scene.made[0], b"old")
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1], b"new")

    assert (await running, await waiting) == (Returned(b"old"), Returned(b"new"))
    await scene.pool.aclose()


async def test_renew_while_starting() -> None:
    """An environment whose init phase runs at the time of `renew` may have read the old code: it serves nobody."""
    scene = Scene(2)
    scene.ready_at_once = False
    call = scene.call()
    await settle()
    scene.pool.renew()
    for environment in scene.made:
        environment.started.set()
    await eventually(scene.made[1].invoked.is_set)
    await scene.finish(scene.made[1])

    assert await call == Returned(b"{}")
    assert scene.made[0].stopped_for == "spindown"
    await scene.pool.aclose()


async def test_fast_invocations_share(scene: Scene) -> None:
    """32 invocations that wait for a fast function are served by one environment."""
    calls = [scene.call() for _ in range(32)]
    for _ in calls:
        await scene.finish(scene.made[0])

    assert all(call.done() for call in calls)
    assert scene.pool.environments == 1


async def test_slow_invocations_scale(scene: Scene) -> None:
    """When those in front take longer than an init phase, more environments are started, up to the capacity."""
    for _ in range(40):
        scene.call()

    await eventually(lambda: scene.pool.environments == 32)
    await settle()
    assert sum(environment.invoked.is_set() for environment in scene.made) == 32


async def test_capacity_is_kept() -> None:
    """Beyond the capacity invocations wait, and none is lost."""
    scene = Scene(1)
    await scene.pool.start()
    calls = [scene.call() for _ in range(3)]
    await settle()
    for number in range(3):
        await scene.finish(scene.made[0], b"%d" % number)

    assert [call.result() for call in calls] == [Returned(b"0"), Returned(b"1"), Returned(b"2")]
    assert scene.pool.environments == 1
    await scene.pool.aclose()


async def two_idle(scene: Scene) -> tuple[ScriptedEnvironment, ScriptedEnvironment]:
    """Two environments without work; the second one became free last."""
    scene.call()
    scene.call()
    await eventually(lambda: len(scene.made) == 2)
    first, second = scene.made
    await scene.finish(first)
    await scene.finish(second)
    return first, second


async def test_most_recent_first(scene: Scene) -> None:
    """The environment that was used last is used next, so that the others can become idle."""
    first, second = await two_idle(scene)

    for _ in range(3):
        scene.call()
        await settle()
        assert (first.invoked.is_set(), second.invoked.is_set()) == (False, True)
        await scene.finish(second)


async def test_idle_ones_end() -> None:
    """An environment without work for the idle limit is stopped and its folder removed."""
    scene = Scene(2, idle_limit_s=0.05)
    await scene.pool.start()
    (environment,) = scene.made

    await eventually(lambda: environment.stopped_for is not None)
    assert environment.stopped_for == "spindown"
    assert scene.pool.environments == 0
    await eventually(lambda: not environment.scratch.exists())

    call = scene.call()
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1])
    assert await call == Returned(b"{}")
    await scene.pool.aclose()


async def test_death_while_idle_costs_nothing(scene: Scene) -> None:
    """An environment that died while it waited is not given to anybody."""
    scene.made[0].alive = False
    call = scene.call()
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1])

    assert await call == Returned(b"{}")
    assert scene.made[0].stopped_for == "failure"


async def test_failure_keeps_the_folder(scene: Scene) -> None:
    """The environment that takes the place of a crashed one gets its /tmp, as on Lambda."""
    scene.call()
    await settle()
    scene.made[0].alive = False
    await scene.finish(scene.made[0])
    scene.call()
    await eventually(lambda: len(scene.made) == 2)

    assert scene.made[1].scratch == scene.made[0].scratch
    assert scene.made[1].scratch.is_dir()


async def test_crash_serves_those_who_wait(scene: Scene) -> None:
    """When the only environment crashes, another one is started for the invocations behind it."""
    scene.call()
    waiting = scene.call()
    await settle()
    scene.made[0].alive = False
    await scene.finish(scene.made[0])
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1])

    assert await waiting == Returned(b"{}")


async def test_cancelled_invocation_ends_its_environment(scene: Scene) -> None:
    """Nobody can tell a handler to stop, so its process is ended."""
    call = scene.call()
    await settle()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await settle()

    assert scene.made[0].killed
    assert scene.pool.environments == 0


async def test_cancelled_while_waiting(scene: Scene) -> None:
    """A caller that gave up while it waited takes no environment with it."""
    scene.call()
    waiting, next_one = scene.call(), scene.call()
    await settle()
    waiting.cancel()
    await settle()
    await scene.finish(scene.made[0])
    await scene.finish(scene.made[0])

    assert waiting.cancelled()
    assert await next_one == Returned(b"{}")


async def test_cancelled_when_just_given_one(scene: Scene) -> None:
    """A caller that gives up in the very moment it is given an environment costs those behind it nothing."""
    scene.call()
    waiting, next_one = scene.call(), scene.call()
    await settle()
    scene.made[0].answer(Returned(b"{}"))  # the pool gives the environment to `waiting`
    waiting.cancel()
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1])

    assert waiting.cancelled()
    assert scene.made[0].killed
    assert await next_one == Returned(b"{}")


async def test_short_invocations_are_given_ahead() -> None:
    """Short invocations go to the busy environment, 15 behind the running one; others wait for a place in line."""
    scene = Scene(1, takes_ahead=True)
    await scene.pool.start()
    calls = [scene.call() for _ in range(20)]
    await settle()
    (environment,) = scene.made
    assert len(environment.line) == 16
    await scene.finish(environment, b"0")
    assert len(environment.line) == 16
    for number in range(1, 20):
        await scene.finish(environment, b"%d" % number)

    assert [call.result() for call in calls] == [Returned(b"%d" % number) for number in range(20)]
    await scene.pool.aclose()


@pytest.fixture
def _all_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every invocation counts as a short one, however long the machine stands still."""
    monkeypatch.setattr("gateway.targets.pool._SHORT_S", DEADLINE_S)


@pytest.mark.parametrize(
    ("report", "tail"), [(Report(), False), (None, True)], ids=["its log is kept", "its tail is asked for"]
)
@pytest.mark.usefixtures("_all_is_short")
async def test_alone(report: Report | None, *, tail: bool) -> None:
    """An invocation whose log somebody wants is not given ahead, and nothing is behind it; those after it are again."""
    scene = Scene(1, takes_ahead=True)
    await scene.pool.start()
    calls = [scene.call(), scene.call(), scene.call(b"", report, tail=tail), scene.call(), scene.call()]
    await settle()
    lengths = []
    for _ in calls:
        lengths.append(len(scene.made[0].line))
        await scene.finish(scene.made[0])

    assert lengths == [2, 1, 1, 2, 1]
    await asyncio.gather(*calls)
    await scene.pool.aclose()


@pytest.mark.usefixtures("_all_is_short")
async def test_nothing_is_given_behind_one_alone() -> None:
    """Also what comes while it runs waits for its end."""
    scene = Scene(1, takes_ahead=True)
    await scene.pool.start()
    calls = [scene.call(b"", Report())]
    await settle()
    calls.append(scene.call())
    await settle()
    assert len(scene.made[0].line) == 1
    await scene.finish(scene.made[0])
    await scene.finish(scene.made[0])

    await asyncio.gather(*calls)
    await scene.pool.aclose()


@pytest.mark.usefixtures("_all_is_short")
async def test_report_without_details_is_given_ahead() -> None:
    """Instants alone cost no place in line, and the time in line is told."""
    scene = Scene(1, takes_ahead=True)
    await scene.pool.start()
    before = perf_counter()
    report = Report(details=False)
    calls = [scene.call(), scene.call(b"", report)]
    await settle()
    assert len(scene.made[0].line) == 2
    assert before < report.queued_at < perf_counter()
    await scene.finish(scene.made[0])
    await scene.finish(scene.made[0])

    await asyncio.gather(*calls)
    await scene.pool.aclose()


async def test_line_is_filled_again() -> None:
    """What waited while invocations were long goes ahead, all of it, when they are short again."""
    scene = Scene(1, takes_ahead=True)
    await scene.pool.start()
    calls = [scene.call()]
    await settle()
    await asyncio.sleep(0.006)  # the time that it takes is what this is about
    await scene.finish(scene.made[0])
    calls += [scene.call() for _ in range(30)]
    await settle()
    lengths = []
    for _ in range(30):
        lengths.append(len(scene.made[0].line))
        await scene.finish(scene.made[0])

    assert max(lengths) > 2
    assert all(call.done() for call in calls)
    await scene.pool.aclose()


async def test_long_invocations_are_not() -> None:
    """Behind an invocation that takes long nothing stands in line: another environment is started."""
    scene = Scene(2, takes_ahead=True)
    await scene.pool.start()
    first = scene.call()
    await asyncio.sleep(0.05)  # the time that it takes is what this is about
    await scene.finish(scene.made[0])
    await first
    scene.call()
    second = scene.call()
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1])

    assert await second == Returned(b"{}")
    await scene.finish(scene.made[0])
    await scene.pool.aclose()


async def test_taken_back_for_a_free_environment() -> None:
    """What was given ahead runs in another environment as soon as one is free."""
    scene = Scene(2, takes_ahead=True)
    await scene.pool.start()
    scene.call()
    ahead = scene.call()
    await eventually(lambda: len(scene.made) == 2)  # the first takes longer than an init phase
    await eventually(lambda: len(scene.made[1].line) == 1)
    assert len(scene.made[0].line) == 1
    await scene.finish(scene.made[1], b"elsewhere")

    assert await ahead == Returned(b"elsewhere")
    await scene.finish(scene.made[0])
    await scene.pool.aclose()


async def test_nothing_is_given_behind_one_that_takes_long() -> None:
    """A busy environment gets another invocation only while the running one may still be a short one."""
    scene = Scene(1, takes_ahead=True)
    await scene.pool.start()
    scene.call()
    at_once = scene.call()
    await settle()
    await asyncio.sleep(0.01)  # the time that it takes is what this is about
    later = scene.call()
    await settle()
    (environment,) = scene.made
    assert len(environment.line) == 2
    for answer in (b"1", b"2", b"3"):
        await scene.finish(environment, answer)

    assert (await at_once, await later) == (Returned(b"2"), Returned(b"3"))
    await scene.pool.aclose()


async def test_line_moves_to_a_busy_environment_that_gets_on() -> None:
    """What stands behind a long invocation does not wait until an environment is idle."""
    scene = Scene(2, takes_ahead=True)
    await scene.pool.start()
    scene.call()
    calls = [scene.call() for _ in range(3)]
    await eventually(lambda: len(scene.made) == 2)  # the first takes longer than an init phase
    long, other = scene.made
    for _ in calls:
        await scene.finish(other)

    assert [call.done() for call in calls] == [True] * 3
    assert len(long.line) == 1
    await scene.finish(long)
    await scene.pool.aclose()


async def test_crash_does_not_cost_the_one_in_line() -> None:
    """An invocation whose turn did not come runs in the environment that takes the dead one's place."""
    scene = Scene(1, takes_ahead=True)
    await scene.pool.start()
    scene.call()
    ahead = scene.call()
    await settle()
    scene.made[0].alive = False
    scene.made[0].retract()
    await scene.finish(scene.made[0])
    await eventually(lambda: len(scene.made) == 2)
    await scene.finish(scene.made[1], b"again")

    assert await ahead == Returned(b"again")
    await scene.pool.aclose()


async def test_stop_with_waiters() -> None:
    """Those who wait when the pool stops are told so; later callers too."""
    scene = Scene(1)
    scene.ready_at_once = False
    calls = [scene.call(), scene.call()]
    await settle()
    await scene.pool.aclose()

    assert [await call for call in calls] == [NOT_READY, NOT_READY]
    assert await scene.pool.invoke(Invocation(b"", "late")) == NOT_READY
    assert not scene.made[0].scratch.exists()


async def test_stop_with_an_idle_environment() -> None:
    """One that waited for work is gone, too."""
    scene = Scene(1)
    await scene.pool.start()
    await settle()
    await scene.pool.aclose()

    assert await scene.pool.invoke(Invocation(b"", "late")) == NOT_READY


async def test_kill_ends_all(scene: Scene) -> None:
    """`kill` waits for nobody."""
    await two_idle(scene)

    scene.pool.kill()

    assert [environment.killed for environment in scene.made] == [True, True]


@pytest.fixture
async def workers(anyio_backend: str) -> AsyncIterator[EnvironmentPool]:  # noqa: ARG001 - makes it async
    """A pool of two real worker environments."""
    reaper = Reaper()
    options = worker_options(reaper, Log())
    pool = EnvironmentPool(lambda scratch: WorkerEnvironment(configuration("keeps"), options, scratch), 2)
    await pool.start()
    yield pool
    await pool.aclose()
    await reaper.aclose()


async def test_tmp_is_kept(workers: EnvironmentPool) -> None:
    """/tmp stays from one invocation to the next and through a crash."""
    assert await result_of(workers, "a") == ["a"]
    assert isinstance(await workers.invoke(invocation("exit")), Failed)
    assert await result_of(workers, "b") == ["a", "exit", "b"]


async def test_reports_of_many_at_once() -> None:
    """Each invocation has lines, instants and an environment of its own, and each environment one that was cold."""
    reaper = Reaper()
    options = worker_options(reaper, Log())
    function = configuration("behaviours.says")
    pool = EnvironmentPool(lambda scratch: WorkerEnvironment(function, options, scratch), 2)
    await pool.start()
    reports = [Report() for _ in range(60)]
    calls = (invocation({"name": f"{n}"})._replace(report=report) for n, report in enumerate(reports))
    await asyncio.gather(*(pool.invoke(call) for call in calls))
    await pool.aclose()
    await reaper.aclose()

    assert [b"".join(report.log).decode() for report in reports] == [f"{number}\n" for number in range(60)]
    assert all(0 < report.queued_at <= report.started_at < report.ended_at for report in reports)
    assert sum(report.cold for report in reports) == len({report.environment for report in reports})


async def test_folders_of_environments(tmp_path: Path) -> None:
    """They are made where the pool is told, and go with it."""
    made: list[ScriptedEnvironment] = []

    def make(scratch: Path) -> ScriptedEnvironment:
        made.append(ScriptedEnvironment(scratch))
        made[0].started.set()
        return made[0]

    pool = EnvironmentPool(make, 1, folder=tmp_path)
    await pool.start()
    await pool.aclose()

    assert made[0].scratch.parent == tmp_path
    assert not made[0].scratch.exists()
