"""Reserved concurrency over HTTP."""

import asyncio
import resource
from collections import Counter

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.functions.function import Function
from gateway.invocation import Invocation, Outcome, Returned
from gateway.listeners.alb.attributes import alb_attributes
from gateway.listeners.alb.listener import Routing
from gateway.listeners.alb.rules import compile_rules
from gateway.listeners.alb.target_groups import LambdaTargetGroup
from gateway.listeners.server import ListenerServer
from gateway.translation.desync import Mode
from gateway.translation.flavours.alb import Alb
from tests.listeners.alb.doubles import ARN, FORWARD, alb_listener
from tests.listeners.alb.stacks import alb
from tests.listeners.doubles import Client
from tests.services import called

pytestmark = pytest.mark.anyio

REQUESTS = 1000
RESERVED = 50


class Held:
    """A target whose invocations end when the test says so."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.running = self.most = 0

    async def start(self) -> None:
        """Nothing to do."""

    async def invoke(self, invocation: Invocation) -> Outcome:  # noqa: ARG002 - only that it came
        """Answer when it is released."""
        self.running += 1
        self.most = max(self.most, self.running)
        await self.released.wait()
        self.running -= 1
        return Returned(b'{"statusCode":200,"body":"right"}')

    def renew(self) -> None:
        """Nothing to load anew."""

    async def aclose(self) -> None:
        """Nothing to stop."""


@pytest.fixture
def _descriptors() -> None:
    """Both ends of a thousand connections are of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * REQUESTS + 200
    if hard not in {resource.RLIM_INFINITY, -1} and hard < needed:
        pytest.skip(f"needs {needed} file descriptors, the system allows {hard}")
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


@pytest.mark.usefixtures("_descriptors")
async def test_exactly_the_reserved_concurrency_is_served() -> None:
    """Of 1,000 requests at once 50 run and 950 are throttled with 502; afterwards every place is free again."""
    settings = alb(groups=["group"], default_actions=FORWARD)
    configuration = FunctionConfiguration(name="app", handler="app.handler", reserved_concurrency=RESERVED)
    target = Held()
    function = Function(configuration, target)
    group = LambdaTargetGroup("group", Alb(ARN), *called(function))
    routing = Routing(compile_rules(settings), {"group": group}, alb_attributes(settings), Mode.DEFENSIVE, b"key")
    server = ListenerServer(alb_listener(routing))
    await server.start()
    answered: Counter[int] = Counter()
    throttled = asyncio.Event()

    async def ask() -> tuple[int, bytes]:
        client = await Client.connect(server.port)
        await client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        head = await client.reader.readuntil(b"\r\n\r\n")
        status = int(head.split()[1])
        answered[status] += 1
        if answered[502] == REQUESTS - RESERVED:
            throttled.set()
        rest = await client.reader.readexactly(int(head.partition(b"Content-Length: ")[2].split()[0]))
        await client.close()
        return status, rest

    async with asyncio.timeout(60):
        for _ in range(2):  # nothing is left of the first time
            asking = [asyncio.ensure_future(ask()) for _ in range(REQUESTS)]
            await throttled.wait()
            assert (answered, function.in_flight) == ({502: REQUESTS - RESERVED}, RESERVED)
            target.released.set()
            answers = Counter(await asyncio.gather(*asking))

            assert answered == {502: REQUESTS - RESERVED, 200: RESERVED}
            assert answers[200, b"right"] == RESERVED
            assert len(answers) == 2
            assert (target.most, target.running, function.in_flight) == (RESERVED, 0, 0)
            answered.clear()
            throttled.clear()
            target.released.clear()
    await server.stop(0)
