"""The record of one exchange, and who is told of it.

Everything that a listener answers is an exchange: requests, bytes that were none, messages of WebSocket connections,
calls of the Invoke API; and so is a health check.  Access logs, recorders and whatever else looks on import this module
and nothing of the listeners.  Without an observer no record is built.

All instants are of one clock, `time.perf_counter`, in seconds; 0.0 stands for what did not happen.
"""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from gateway.defects import report
from gateway.errors import Fault
from gateway.invocation import FunctionReference, Outcome, Report
from gateway.translation.messages import Arrival, Request, Response

Kind: TypeAlias = Literal["request", "message", "invoke", "health check"]
"""What was answered; ``request`` stands for bytes that were none, too."""

COMPLIANT: Final = "-", "-"
"""Level and reason of desync mitigation, as the access log has them, for a request that complies."""


class Transfer(NamedTuple):
    """What one exchange was on the wire.

    Attributes:
        received_bytes: Request line, header lines and body; the framing of a chunked body is not counted.
        sent_bytes: Response head and body as written, any chunked framing included.
        created_at: The request's first byte arrived.
        head_complete_at: The request's last header line arrived.
        complete_at: The request's last byte arrived, or a `Request.stream` was handed over.
        responded_at: The response's head was handed to the operating system.
        sent_at: The response's last byte was.
        broken: The response could not be sent to its end.
    """

    received_bytes: int
    sent_bytes: int
    created_at: float
    head_complete_at: float
    complete_at: float
    responded_at: float
    sent_at: float
    broken: bool = False


class Exchange:
    """One exchange, filled in as it goes; whole when an observer's ``ended`` gets it.

    Attributes:
        kind: What was answered.
        request: As the client sent it; None for bytes that were no request, and where there is no HTTP request.
        arrival: Its id, instant and trace id.
        transformed: The request as a rule changed it, None without a change.
        rule: The priority of a load balancer's rule, "0" for the default one, or the key of a route; "" without one.
        actions: What a load balancer did, in the access log's words.
        target: The server, or the target of a health check, that was asked; "" for none.
        target_group_arn: Where a load balancer forwarded to, "" when it did not.
        error_reason: The access log's, "-" when nothing went wrong.
        classification: Level and reason of desync mitigation, as the access log has them.
        function: What was invoked, None when nothing was.
        event: The JSON that it got, b"" when it was not invoked.
        outcome: What came back, None when it was not invoked.
        fault: Why the answer is not the function's, None when it is.
        report: What the executor tells of the invocation, None when nothing was invoked.
        invoked_at: The function, or the server of a target group, was asked.
        answered_at: Its answer, or the begin of its stream, was there.
        response: The answer; None where it is no HTTP response.
        transfer: The exchange on the wire; None where no HTTP request was read.
        observer: Who is told of it; also of what belongs to it, such as the messages of a WebSocket connection.
    """

    __slots__ = (
        "actions",
        "answered_at",
        "arrival",
        "classification",
        "error_reason",
        "event",
        "fault",
        "function",
        "invoked_at",
        "kind",
        "observer",
        "outcome",
        "report",
        "request",
        "response",
        "rule",
        "target",
        "target_group_arn",
        "transfer",
        "transformed",
    )

    def __init__(
        self,
        arrival: Arrival,
        request: Request | None = None,
        kind: Kind = "request",
        observer: "Observer | None" = None,
    ) -> None:
        self.kind = kind
        self.observer = observer
        self.request = request
        self.arrival = arrival
        self.transformed: Request | None = None
        self.rule = ""
        self.actions: list[str] = []
        self.target = ""
        self.target_group_arn = ""
        self.error_reason = "-"
        self.classification = COMPLIANT
        self.function: FunctionReference | None = None
        self.event = b""
        self.outcome: Outcome | None = None
        self.fault: Fault | None = None
        self.report: Report | None = None
        self.invoked_at = 0.0
        self.answered_at = 0.0
        self.response: Response | None = None
        self.transfer: Transfer | None = None

    def invoking(self, function: FunctionReference, event: bytes) -> Report:
        """A function is asked now; the report goes with the invocation."""
        self.function = function
        self.event = event
        self.report = Report(details=self.observer is not None and self.observer.details)
        self.invoked_at = perf_counter()
        return self.report

    def answered(self, outcome: Outcome) -> None:
        """It has answered now."""
        self.answered_at = perf_counter()
        self.outcome = outcome


class Observer(Protocol):
    """Who is told of exchanges.  It is called in the event loop and must not hold it up."""

    @property
    def details(self) -> bool:
        """Reports have memory and log as well, which cost a look at the process and let an invocation run alone."""
        ...

    def began(self, exchange: Exchange) -> None:
        """An exchange begins: request, kind and arrival are known."""
        ...

    def ended(self, exchange: Exchange) -> None:
        """An exchange has ended: its answer was written, or could not be."""
        ...


class Observers:
    """Several observers as one; what one of them raises reaches nobody but the log."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)
        self.details = any(observer.details for observer in self._observers)

    def began(self, exchange: Exchange) -> None:
        """Tell all of them, in order."""
        for observer in self._observers:
            _tell(observer.began, exchange)

    def ended(self, exchange: Exchange) -> None:
        """Tell all of them, in order."""
        for observer in self._observers:
            _tell(observer.ended, exchange)


def together(observers: Iterable[Observer | None]) -> Observer | None:
    """All observers as one, None for none."""
    given = [observer for observer in observers if observer is not None]
    if len(given) < 2:
        return given[0] if given else None
    return Observers(given)


def begin(observer: Observer, arrival: Arrival, request: Request | None = None, kind: Kind = "request") -> Exchange:
    """A new exchange of which an observer has been told; what that raises reaches nobody but the log."""
    exchange = Exchange(arrival, request, kind, observer)
    _tell(observer.began, exchange)
    return exchange


def end(exchange: Exchange | None) -> None:
    """Tell the observer of an exchange that it has ended; what that raises reaches nobody but the log.

    Nothing happens when there is no exchange, since nobody looks on.
    """
    if exchange is not None and exchange.observer is not None:
        _tell(exchange.observer.ended, exchange)


def _tell(told: Callable[[Exchange], None], exchange: Exchange) -> None:
    try:
        told(exchange)
    except Exception as error:  # noqa: BLE001 - whatever it is
        report(f"an observer of {described(exchange.request)}", error)


def described(request: Request | None) -> str:
    """Method and path of a request, for the log."""
    return "bytes of a client" if request is None else f"{request.method} {request.raw_path.decode('latin-1')}"
