"""The Lambda service: functions by reference, while they come, change and go."""

import asyncio
import random

import pytest

from gateway.configuration import AccountRegion, FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.service import LambdaService
from gateway.invocation import FunctionReference, Invocation, Outcome, Returned, Unavailable

pytestmark = pytest.mark.anyio

F = FunctionReference("f")


class Code:
    """A target that knows whether it may be asked: between `start` and `aclose` only."""

    def __init__(self, answer: bytes = b"1", outcome: Outcome | None = None) -> None:
        self.state = "made"
        self.let = asyncio.Event()
        self.let.set()
        self.seen: list[bytes] = []
        self.second = asyncio.Event()
        self._outcome = outcome or Returned(answer)

    async def start(self) -> None:
        """It may be asked."""
        await asyncio.sleep(0)
        self.state = "ready"

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The answer, when it is let."""
        assert self.state == "ready"
        await asyncio.sleep(0)
        await self.let.wait()
        assert self.state == "ready"
        self.seen.append(invocation.payload)
        if len(self.seen) == 2:
            self.second.set()
        return self._outcome

    def renew(self) -> None:
        """Remember."""
        self.state = "renewed"

    async def aclose(self) -> None:
        """It may not be asked any more."""
        self.state = "closed"


def function(code: Code, name: str = "f", version: str = "$LATEST") -> Function:
    """A function that runs on it."""
    code.state = "ready"
    return Function(FunctionConfiguration(name, "app.handler", version=version), code)


async def test_a_reference_leads_to_what_is_there_now() -> None:
    """Whoever holds one meets the new function after a change, and the old one ends with its last invocation."""
    old, new = Code(b"old"), Code(b"new")
    service = LambdaService([function(old)])
    old.let.clear()
    running = asyncio.create_task(service.invoke(F, Invocation(b"1", "a")))
    await asyncio.sleep(0)

    service.put(function(new))
    assert await service.invoke(F, Invocation(b"2", "b")) == Returned(b"new")
    assert old.state == "ready"
    old.let.set()
    assert await running == Returned(b"old")
    await service.aclose()

    assert (old.state, new.state) == ("closed", "closed")


async def test_a_function_that_is_not_there() -> None:
    """The words are those of the Invoke API; a qualifier that nobody published leads nowhere either."""
    service = LambdaService([function(Code())], AccountRegion())
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"

    service.remove(F)
    assert await service.invoke(F, Invocation(b"1", "a")) == Unavailable(
        "ResourceNotFoundException", f"Function not found: {arn}:$LATEST"
    )
    missing = await service.invoke(FunctionReference("f", "live"), Invocation(b"1", "a"))
    assert missing == Unavailable("ResourceNotFoundException", f"Function not found: {arn}:live")
    assert (service.configuration(F), service.arn(F), service.lineage(F)) == (None, arn, "")
    await service.aclose()


async def test_what_a_reference_tells() -> None:
    """Configuration, ARN and lineage are the function's; `renew` reaches it."""
    code = Code()
    service = LambdaService([function(code)])
    configuration = service.configuration(F)
    service.renew(F)
    service.renew(FunctionReference("g"))

    assert configuration is not None
    assert (configuration.name, service.arn(F)) == ("f", configuration.arn)
    assert service.lineage(F).startswith("Lineage=1:")
    assert code.state == "renewed"


async def test_a_function_elsewhere_is_none_of_here() -> None:
    """Its reference finds it; its name, and who lists functions, do not."""
    service = LambdaService()
    elsewhere = FunctionReference("aws:f")
    service.put(function(Code(b"far")), elsewhere)

    assert await service.invoke(elsewhere, Invocation(b"1", "a")) == Returned(b"far")
    assert isinstance(await service.invoke(F, Invocation(b"1", "a")), Unavailable)
    assert list(service.functions) == []
    await service.aclose()


async def test_no_request_meets_a_function_that_is_half_there() -> None:
    """Functions come, change and go while 10,000 invocations flow: each is answered whole, by what was there."""
    chance = random.Random(7)
    service = LambdaService()
    made: list[Code] = []
    names = [FunctionReference(name) for name in "abc"]

    ended = False

    async def change() -> None:
        while not ended:
            reference = chance.choice(names)
            if chance.random() < 0.3:
                service.remove(reference)
            else:
                code = Code(reference.name.encode())
                made.append(code)
                coming = function(code, reference.name)
                code.state = "made"
                await coming.start()
                service.put(coming)
            await asyncio.sleep(0)

    async def ask(number: int) -> Outcome:
        reference = chance.choice(names)
        outcome = await service.invoke(reference, Invocation(b"%d" % number, "id"))
        assert isinstance(outcome, Unavailable) or outcome == Returned(reference.name.encode())
        return outcome

    changing = asyncio.create_task(change())
    answered = 0
    for batch in range(100):
        outcomes = await asyncio.gather(*(ask(batch * 100 + number) for number in range(100)))
        answered += sum(isinstance(outcome, Returned) for outcome in outcomes)
    ended = True
    await changing
    await service.aclose()

    assert sum(len(code.seen) for code in made) == answered > 1000
    assert len(made) > 50
    assert {code.state for code in made} == {"closed"}


async def test_settling_waits_for_accepted_events() -> None:
    """No accepted event is lost when the gateway stops."""
    code = Code()
    code.let.clear()
    service = LambdaService([function(code)])
    service.accept(F, Invocation(b"1", "a"))
    service.accept(F, Invocation(b"2", "b"))
    settling = asyncio.create_task(service.settle())
    await asyncio.sleep(0)
    assert not settling.done()

    code.let.set()
    await asyncio.wait_for(settling, 10)

    assert code.seen == [b"1", b"2"]


async def test_an_event_waits_for_its_functions_concurrency() -> None:
    """It is not lost while another invocation has all of it, and runs when that has ended."""
    code = Code()
    code.let.clear()
    one = Function(FunctionConfiguration("f", "app.handler", reserved_concurrency=1), code)
    await one.start()
    service = LambdaService([one])
    running = asyncio.ensure_future(service.invoke(F, Invocation(b"1", "a")))
    await asyncio.sleep(0)

    service.accept(F, Invocation(b"2", "b"))
    await service.settle()
    code.let.set()
    assert await running == Returned(b"1")
    await asyncio.wait_for(code.second.wait(), 10)

    assert code.seen == [b"1", b"2"]
    await service.aclose()


async def test_abandoned_events_end_at_once() -> None:
    """Who drops everything does not wait for a function that does not answer."""
    code = Code()
    code.let.clear()
    service = LambdaService([function(code)])
    service.accept(F, Invocation(b"1", "a"))
    await asyncio.sleep(0)

    service.abandon()
    await asyncio.wait_for(service.aclose(), 10)

    assert (code.seen, code.state) == ([], "closed")


async def test_a_function_of_another_region_is_refused() -> None:
    """The message says what to do."""
    with pytest.raises(UsageError, match="start one gateway for each"):
        LambdaService([function(Code())], AccountRegion("eu-west-1"))
