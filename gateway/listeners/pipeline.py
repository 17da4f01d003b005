"""The one way of every request: a listener runs the steps of its type, in their order, until one of them answers.

Which steps a listener type has, and in which order, stands in its row (`gateway.listener_types`).  Whoever answers
requests runs this: ports, the ASGI application, the clients and servers of tests, and replay.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

from gateway.errors import Fault
from gateway.listeners.arrivals import arrive
from gateway.listeners.listener import Answer, Upgraded
from gateway.observe.record import Exchange, Observer
from gateway.translation.flavour import Flavour, Limits
from gateway.translation.messages import Arrival, Request, Response
from gateway.translation.route import RouteMatch
from gateway.types import Address, HeaderList

if TYPE_CHECKING:
    from gateway.listeners.dev_headers import Knobs

log = logging.getLogger("gateway")


class RequestState:
    """A request on its way through the steps of its listener.

    Attributes:
        request: As the client sent it, without developer headers.
        arrival: Its id, instant and trace id.
        exchange: Filled in for observers; None without any.
        knobs: What developer headers asked for, None without any.
        match: Where an API's routes lead, and what authorization added to it.
        method: What the listener keeps of that route, or the rule of a load balancer that decides.
        usage_key: The API key that an authorizer gave, "" for none.
        set_cookies: Lines that a step adds to the answer, whoever gives it.
        upgrade_lines: Lines of the answer that opens a WebSocket connection.
        response: The answer, where a later step adds to it.
    """

    # Most requests need none of these: a default of the class costs nothing for each of them.
    knobs: "Knobs | None" = None
    match: RouteMatch | None = None
    method: Any = None
    usage_key = ""
    set_cookies: HeaderList = ()
    upgrade_lines: HeaderList = ()
    response: Response | None = None

    def __init__(self, request: Request, arrival: Arrival, exchange: Exchange | None = None) -> None:
        self.request = request
        self.arrival = arrival
        self.exchange = exchange


Step: TypeAlias = Callable[[RequestState], Answer | Awaitable[Answer | None] | None]
"""One step: None goes on to the next; raises `Fault` for a request that ends here.  What waits for nothing is no
coroutine, which would be felt."""


_ANSWERS: Final = (Response, Upgraded)


class PortNeeds(NamedTuple):
    """What a listener asks of its port; whether that speaks TLS is for the settings to say.

    Attributes:
        idle_timeout_s: How long, in seconds, a client may be silent.
        http2: TLS clients may have HTTP/2.
        client_ca: PEM file of the authorities whose client certificates are taken; None asks clients for none.
        client_may_have_none: Clients without a certificate are taken as well.
    """

    idle_timeout_s: float = 60.0
    http2: bool = False
    client_ca: Path | None = None
    client_may_have_none: bool = False


class Steps(Protocol):
    """What a listener type brings: a method for each of its steps, by the step's name, and these."""

    @property
    def flavour(self) -> Flavour:
        """How events are written; recordings name it."""
        ...

    @property
    def port(self) -> PortNeeds:
        """What it asks of its port."""
        ...

    @property
    def accepts_streams(self) -> bool:
        """Bodies over the limit come as `Request.stream`."""
        ...

    @property
    def limits(self) -> Limits:
        """Sizes that the edge enforces while it reads."""
        ...

    def needs(self, step: str) -> bool:
        """Whether a step has anything to do in this listener."""
        ...

    def refuse(self, fault: Fault, state: RequestState) -> Response:
        """The listener's own answer."""
        ...

    def reject(self, status: int, detail: str, arrival: Arrival) -> Response:
        """Its answer to bytes that are no acceptable request, or to one that met a defect; the connection closes."""
        ...

    async def start(self) -> None:
        """Open what the steps need; functions are started by who made them."""
        ...

    async def aclose(self) -> None:
        """Close it again."""
        ...


class PipelineListener:
    """Implements `gateway.listeners.listener.Listener` around the steps of a listener type.

    Args:
        steps: What the listener type brings.
        names: The steps to run, in order; the last one answers.
        dev_headers: Developer headers are read (`gateway.listeners.dev_headers`); else they are headers as any other.
        arrive: Makes id, time and trace id of a request.
    """

    def __init__(
        self,
        steps: Steps,
        names: Sequence[str],
        *,
        dev_headers: bool = False,
        arrive: Callable[[], Arrival] = arrive,
    ) -> None:
        self.observer: Observer | None = None
        self._names = tuple(names)
        self._dev_headers = dev_headers
        self._arrive = arrive
        self.steps = steps
        self._run = self._needed(steps)

    def replace(self, steps: Steps) -> Steps:
        """Answer requests that come from now on with these steps; gives those before, to be closed."""
        old, self.steps, self._run = self.steps, steps, self._needed(steps)
        return old

    def _needed(self, steps: Steps) -> tuple[Step, ...]:
        run: list[Step] = [getattr(steps, name) for name in self._names if steps.needs(name)]
        return (_read_dev_headers, *run) if self._dev_headers else tuple(run)

    @property
    def accepts_streams(self) -> bool:
        """Bodies over the limit come as `Request.stream`."""
        return self.steps.accepts_streams

    @property
    def limits(self) -> Limits:
        """What the listener takes."""
        return self.steps.limits

    async def respond(self, request: Request, exchange: Exchange | None = None) -> Answer:
        """Answer one request."""
        state = RequestState(request, self._arrive() if exchange is None else exchange.arrival, exchange)
        try:
            for step in self._run:
                answer = step(state)
                if answer is None:
                    continue
                if not isinstance(answer, _ANSWERS):
                    answer = await answer
                    if answer is None:
                        continue
                return answer
            raise AssertionError("no step has answered")
        except Fault as fault:
            if exchange is not None:
                exchange.fault = fault
            response = self.steps.refuse(fault, state)
            log.warning("%s %s -> %d: %s", request.method, request.raw_path.decode("latin-1"), response.status, fault)
            return response

    def reject(self, status: int, client: Address, request_line: bytes) -> Response:
        """The listener's answer to bytes that are no acceptable request; the connection closes."""
        line = request_line[:80].decode("latin-1")
        return self.steps.reject(status, f"{status} for {line!r} of {client[0]}", self._arrive())

    async def start(self) -> None:
        """Open what the steps need."""
        await self.steps.start()

    async def aclose(self) -> None:
        """Close it again."""
        await self.steps.aclose()


def _read_dev_headers(state: RequestState) -> None:
    from gateway.listeners.dev_headers import read_knobs  # noqa: PLC0415 - only for --dev-headers

    state.request, state.arrival, state.knobs = read_knobs(state.request, state.arrival)
    if state.exchange is not None:
        state.exchange.arrival = state.arrival
