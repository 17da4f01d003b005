"""The state machine of the Runtime API, as a table."""

import pytest

from gateway.targets.runtime_api.state import INVALID_REQUEST_ID, LATE, Effect, ErrorResponse, Phase, RuntimeState

Step = tuple[str, ...]


def play(*steps: Step) -> tuple[RuntimeState, list[Effect | ErrorResponse]]:
    """Send events to a fresh runtime: (event, arguments …)."""
    state = RuntimeState()
    return state, [getattr(state, event)(*arguments) for event, *arguments in steps]


GIVE, POLL = ("give", "id", "a1"), ("poll",)
RESPOND, FAIL, STREAM = ("respond", "id", "a1"), ("fail", "id", "a1"), ("begin_stream", "id", "a1")

ALLOWED: list[tuple[str, tuple[Step, ...], Effect, Phase]] = [
    ("first next ends the init phase", (POLL,), Effect.HOLD, Phase.READY),
    ("an invocation goes to a waiting runtime", (POLL, GIVE), Effect.DELIVER, Phase.RUNNING),
    ("an invocation waits for the runtime", (GIVE,), Effect.HOLD, Phase.STARTED),
    ("a runtime takes what waits", (GIVE, POLL), Effect.DELIVER, Phase.RUNNING),
    ("next again while running", (POLL, GIVE, POLL), Effect.DELIVER, Phase.RUNNING),
    ("two polls at once", (POLL, POLL), Effect.HOLD, Phase.READY),
    ("a response", (POLL, GIVE, RESPOND), Effect.ACCEPT, Phase.RESPONSE_SENT),
    ("a response without an attempt", (POLL, GIVE, ("respond", "id", "")), Effect.ACCEPT, Phase.RESPONSE_SENT),
    ("an error", (POLL, GIVE, FAIL), Effect.ACCEPT, Phase.RESPONSE_SENT),
    ("the next round", (POLL, GIVE, RESPOND, POLL), Effect.HOLD, Phase.READY),
    ("an invocation before the next round", (POLL, GIVE, RESPOND, GIVE, POLL), Effect.DELIVER, Phase.RUNNING),
    ("a stream begins", (POLL, GIVE, STREAM), Effect.ACCEPT, Phase.RESPONDING),
    ("a stream ends", (POLL, GIVE, STREAM, ("end_stream",)), Effect.ACCEPT, Phase.RESPONSE_SENT),
    ("an init error", (("fail_init",),), Effect.ACCEPT, Phase.INIT_ERROR),
    ("time is up while running", (POLL, GIVE, ("time_out",)), Effect.ABANDON, Phase.TIMED_OUT),
    ("time is up before next", (GIVE, ("time_out",)), Effect.ABANDON, Phase.TIMED_OUT),
    ("time is up in a stream", (POLL, GIVE, STREAM, ("time_out",)), Effect.BREAK, Phase.TIMED_OUT),
    ("time is up for the init phase", (("time_out",),), Effect.NOTHING, Phase.TIMED_OUT),
    ("exit during init", (("exit",),), Effect.FAIL_INIT, Phase.EXITED),
    ("exit while idle", (POLL, ("exit",)), Effect.NOTHING, Phase.EXITED),
    ("exit while running", (POLL, GIVE, ("exit",)), Effect.ABANDON, Phase.EXITED),
    ("exit in a stream", (POLL, GIVE, STREAM, ("exit",)), Effect.BREAK, Phase.EXITED),
    ("exit after the answer", (POLL, GIVE, RESPOND, ("exit",)), Effect.NOTHING, Phase.EXITED),
    ("exit before what waits was seen", (POLL, GIVE, RESPOND, GIVE, ("exit",)), Effect.RESTART, Phase.EXITED),
    ("exit after an init error", (("fail_init",), ("exit",)), Effect.NOTHING, Phase.EXITED),
    ("exit after the timeout", (POLL, GIVE, ("time_out",), ("exit",)), Effect.NOTHING, Phase.EXITED),
]


@pytest.mark.parametrize(("why", "steps", "effect", "phase"), ALLOWED, ids=[row[0] for row in ALLOWED])
def test_allowed(why: str, steps: tuple[Step, ...], effect: Effect, phase: Phase) -> None:
    """The last event has this effect and leads to this phase."""
    state, effects = play(*steps)

    assert effects[-1] is effect, why
    assert state.phase is phase, why


def order(before: str, after: str) -> ErrorResponse:
    """The refusal of a call out of order."""
    text = f"State transition from {before} to {after} failed for runtime. Error: State transition is not allowed"
    return ErrorResponse(403, "InvalidStateTransition", text)


REFUSED: list[tuple[str, tuple[Step, ...], ErrorResponse]] = [
    ("no invocation yet", (POLL, RESPOND), INVALID_REQUEST_ID),
    ("another id", (POLL, GIVE, ("respond", "other", "a1")), INVALID_REQUEST_ID),
    ("an old id", (POLL, GIVE, RESPOND, POLL, RESPOND), INVALID_REQUEST_ID),
    ("an error for another id", (POLL, GIVE, ("fail", "other", "")), INVALID_REQUEST_ID),
    ("an old attempt at the same request", (POLL, GIVE, ("respond", "id", "a0")), LATE),
    ("a response after the timeout", (POLL, GIVE, ("time_out",), RESPOND), LATE),
    ("an error after the timeout", (POLL, GIVE, ("time_out",), FAIL), LATE),
    ("the end of a stream after the timeout", (POLL, GIVE, STREAM, ("time_out",), ("end_stream",)), LATE),
    ("two responses", (POLL, GIVE, RESPOND, RESPOND), order("ResponseSent", "InvocationResponse")),
    ("an error after the response", (POLL, GIVE, RESPOND, FAIL), order("ResponseSent", "InvocationErrorResponse")),
    ("an error inside a stream", (POLL, GIVE, STREAM, FAIL), order("InvocationResponse", "InvocationErrorResponse")),
    ("next inside a stream", (POLL, GIVE, STREAM, POLL), order("InvocationResponse", "Ready")),
    ("next after an init error", (("fail_init",), POLL), order("InitError", "Ready")),
    ("an init error after init", (POLL, ("fail_init",)), order("Ready", "InitError")),
    ("a response before next", (GIVE, RESPOND), order("Started", "InvocationResponse")),
]


@pytest.mark.parametrize(("why", "steps", "refusal"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(why: str, steps: tuple[Step, ...], refusal: ErrorResponse) -> None:
    """The last event is refused with exactly this, and changes nothing."""
    state, effects = play(*steps[:-1])
    before = state.phase
    event, *arguments = steps[-1]

    assert getattr(state, event)(*arguments) == refusal, why
    assert state.phase is before, why
    assert effects is not None


def test_late_answer_is_gone() -> None:
    """A client that is told 410 gives the answer up and goes on (read in AWS's .NET client)."""
    assert (LATE.status, LATE.error_type, LATE.message) == (410, "InvokeTimeout", "Invoke timeout")
