"""The record of an exchange, and who is told of it."""

import logging

import pytest

from gateway.invocation import FunctionReference, Returned
from gateway.observe.record import Exchange, Observers, begin, described, end, together
from tests.observe.exchanges import ARRIVAL, REQUEST

DEFECT = "an observer of POST /pets/7 met a defect of the gateway; please report it with this traceback"


class Noting:
    """An observer that notes what it is told, under its name."""

    def __init__(self, name: str, told: list[tuple[str, str, Exchange]], *, details: bool = False) -> None:
        self.details = details
        self.name = name
        self.told = told

    def began(self, exchange: Exchange) -> None:
        """Note it."""
        self.told.append((self.name, "began", exchange))

    def ended(self, exchange: Exchange) -> None:
        """Note it."""
        self.told.append((self.name, "ended", exchange))


class Broken:
    """An observer with a defect."""

    details = False

    def began(self, exchange: Exchange) -> None:
        """Fail."""
        raise LookupError(f"began {exchange.kind}")

    def ended(self, exchange: Exchange) -> None:
        """Fail."""
        raise LookupError(f"ended {exchange.kind}")


def test_an_observer_is_told_of_begin_and_end() -> None:
    """Both times of the same exchange, which knows request, kind and arrival from its beginning."""
    told: list[tuple[str, str, Exchange]] = []
    observer = Noting("a", told)

    exchange = begin(observer, ARRIVAL, REQUEST, "invoke")
    end(exchange)

    assert told == [("a", "began", exchange), ("a", "ended", exchange)]
    assert (exchange.arrival, exchange.request, exchange.kind) == (ARRIVAL, REQUEST, "invoke")
    assert exchange.observer is observer


def test_an_exchange_that_nobody_observes_ends_silently() -> None:
    """Replay and tests fill in exchanges of their own, and most listeners have none at all."""
    end(Exchange(ARRIVAL, REQUEST))
    end(None)


def test_an_observer_that_raises_reaches_only_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The exchange goes on, and the log has the traceback of either call."""
    with caplog.at_level(logging.ERROR, "gateway"):
        exchange = begin(Broken(), ARRIVAL, REQUEST)
        end(exchange)

    assert exchange.request is REQUEST
    assert caplog.messages == [DEFECT, DEFECT]
    assert "LookupError: began request" in caplog.text
    assert "LookupError: ended request" in caplog.text


def test_one_that_raises_keeps_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """Observers are told in their order, whatever one of them does."""
    told: list[tuple[str, str, Exchange]] = []
    both = together([Noting("a", told), Broken(), None, Noting("b", told)])
    assert both is not None
    with caplog.at_level(logging.ERROR, "gateway"):
        exchange = begin(both, ARRIVAL, REQUEST)
        end(exchange)

    assert [(name, what) for name, what, _ in told] == [("a", "began"), ("b", "began"), ("a", "ended"), ("b", "ended")]
    assert all(it is exchange for _, _, it in told)
    assert caplog.messages == [DEFECT, DEFECT]


def test_together_is_as_little_as_it_can_be() -> None:
    """For none there is nothing to tell, so that no record is built; one stands for itself."""
    one = Noting("a", [])

    assert together([]) is together([None]) is None
    assert together([None, one]) is one
    assert isinstance(together([one, one]), Observers)


def test_an_invocation_leaves_its_traces() -> None:
    """Function, event and outcome, and when it was asked and had answered; before that nothing has happened."""
    exchange = Exchange(ARRIVAL, REQUEST)
    before = (exchange.function, exchange.event, exchange.outcome, exchange.invoked_at, exchange.answered_at)
    report = exchange.invoking(FunctionReference("f"), b"{}")
    waiting = exchange.answered_at
    exchange.answered(Returned(b"1"))

    assert before == (None, b"", None, 0.0, 0.0)
    assert waiting == 0.0
    assert (exchange.function, exchange.event, exchange.outcome) == (FunctionReference("f"), b"{}", Returned(b"1"))
    assert 0.0 < exchange.invoked_at <= exchange.answered_at
    assert exchange.report is report


@pytest.mark.parametrize(
    ("wanted", "details"), [([], False), ([False], False), ([True], True), ([False, True], True), ([False] * 2, False)]
)
def test_details_cost_something_and_come_when_somebody_wants_them(wanted: list[bool], details: bool) -> None:
    """One observer is enough; without any the report has none either."""
    observer = together([Noting("a", [], details=it) for it in wanted])
    exchange = Exchange(ARRIVAL, REQUEST, observer=observer)

    assert exchange.invoking(FunctionReference("f"), b"{}").details is details


def test_how_the_log_names_an_exchange() -> None:
    """By method and path; bytes that were no request have neither."""
    assert described(REQUEST) == "POST /pets/7"
    assert described(None) == "bytes of a client"
