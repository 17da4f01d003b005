"""Finding functions."""

import pytest

from gateway.configuration import DEFAULT_ACCOUNT, DEFAULT_REGION, FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.registry import Registry
from gateway.invocation import FunctionReference, Invocation, Outcome, Returned


class RecordingTarget:
    """A target that remembers its life."""

    def __init__(self) -> None:
        self.life: list[str] = []

    async def start(self) -> None:
        """Remember."""
        self.life.append("start")

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Answer with the event."""
        return Returned(invocation.payload)

    def renew(self) -> None:
        """Remember."""
        self.life.append("renew")

    async def aclose(self) -> None:
        """Remember."""
        self.life.append("close")


def function(name: str, region: str = DEFAULT_REGION, version: str = "$LATEST") -> Function:
    """A function of that name."""
    configuration = FunctionConfiguration(name, "app.handler", region=region, version=version)
    return Function(configuration, RecordingTarget())


@pytest.mark.parametrize(
    ("name", "qualifier", "found"),
    [
        ("a", None, "a"),
        ("b", "$LATEST", "b"),
        ("b", "1", None),
        ("b", "$latest", None),
        ("c", None, None),
        ("function", None, "a"),
        ("function", "$LATEST", "a"),
        ("function", "1", None),
    ],
)
def test_a_function_is_found_by_name_and_qualifier(name: str, qualifier: str | None, found: str | None) -> None:
    """``$LATEST`` is what no qualifier means; ``function`` is the first one, as in AWS's emulator."""
    registry = Registry([function("a"), function("b")])

    got = registry.find(FunctionReference(name, qualifier))

    assert (got.configuration.name if got else None) == found


def test_a_function_named_function_is_itself() -> None:
    """The emulator's name gives way to a real one."""
    named = function("function")

    assert Registry([function("a"), named]).find(FunctionReference("function")) is named


def test_a_version_is_found_by_its_number() -> None:
    """Versions of one function stand side by side."""
    first = function("a", version="1")

    assert Registry([function("a"), first]).find(FunctionReference("a", "1")) is first


def test_an_empty_registry_finds_nothing() -> None:
    """Without functions there is still a region to name in answers."""
    registry = Registry([])

    assert (registry.find(FunctionReference("function")), list(registry)) == (None, [])
    assert registry.account_region == (DEFAULT_REGION, DEFAULT_ACCOUNT)


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ([function("a"), function("a")], "two functions are named 'a'; give each its own name"),
        (
            [function("a"), function("b", "eu-west-1")],
            "'b' is not in account 123456789012 and region us-east-1; start one gateway for each",
        ),
    ],
)
def test_functions_that_cannot_live_together_are_refused(functions: list[Function], message: str) -> None:
    """The message says what to do."""
    with pytest.raises(UsageError, match=message):
        Registry(functions)


@pytest.mark.parametrize("qualifier", [None, "$LATEST"])
def test_a_function_that_goes_is_found_no_longer(qualifier: str | None) -> None:
    """By none of its names."""
    registry = Registry([function("a"), function("b")])
    gone = registry.remove(FunctionReference("a", qualifier))

    assert gone is not None
    assert [registry.find(FunctionReference("a", it)) for it in (None, "$LATEST")] == [None, None]
    assert [it.configuration.name for it in registry] == ["b"]
    assert registry.remove(FunctionReference("a")) is None


def test_a_function_replaces_another_one() -> None:
    """The old one is given back, the place in the order stays."""
    old, new = function("a"), function("a")
    registry = Registry([old, function("b")])

    assert registry.put(new) is old
    assert next(iter(registry)) is registry.find(FunctionReference("a")) is new


def test_a_function_elsewhere_has_a_reference_of_its_own() -> None:
    """It is found by that, is none of the functions of here, and may be of any region."""
    elsewhere, reference = function("a", "eu-west-1"), FunctionReference("aws:a")
    registry = Registry()

    assert registry.put(elsewhere, reference) is None
    assert (registry.find(reference), registry.find(FunctionReference("a"))) == (elsewhere, None)
    assert (list(registry), registry.everything()) == ([], [elsewhere])
    assert registry.remove(reference) is elsewhere
