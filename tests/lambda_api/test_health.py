"""What the gateway says about itself."""

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.lambda_api.health import Health
from tests.lambda_api.conftest import ARN, ControlPort, ScriptedTarget


def test_health_names_the_functions(control: ControlPort) -> None:
    """A person or a script sees what can be invoked and how busy it is."""
    control.target.environments = 3

    answer = control.client.get("/_gateway/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["uptimeSeconds"] >= 0
    assert answer.json()["functions"] == [
        {
            "name": "demo-lambda",
            "version": "$LATEST",
            "arn": ARN,
            "runtime": "python",
            "handler": "app.handler",
            "inFlight": 0,
            "environments": 3,
        }
    ]


def test_reset_is_done_when_it_answers(control: ControlPort) -> None:
    """One POST, one reset; a GET changes nothing."""
    assert control.client.get("/_gateway/reset").status_code == 404

    answer = control.client.post("/_gateway/reset")

    assert (answer.status_code, answer.json(), control.resets) == (200, {"status": "reset"}, ["reset"])


@pytest.mark.anyio
async def test_uptime_counts_from_the_start() -> None:
    """Uptime is in seconds; a target that does not count its environments has null."""
    from starlette.requests import Request  # noqa: PLC0415 - only this test makes one by hand

    class Uncounted:
        async def start(self) -> None: ...
        async def aclose(self) -> None: ...
        def renew(self) -> None: ...

        invoke = ScriptedTarget.invoke

    times = iter((100.0, 102.5))
    functions = [Function(FunctionConfiguration("f", "app.handler"), Uncounted())]

    async def reset() -> None: ...

    health = Health(functions, reset, lambda: next(times))
    answer = await health.health(Request({"type": "http"}))

    assert b'"uptimeSeconds":2.5' in bytes(answer.body)
    assert b'"environments":null' in bytes(answer.body)
