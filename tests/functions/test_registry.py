"""Finding functions."""

import pytest

from gateway.configuration import DEFAULT_ACCOUNT, DEFAULT_REGION, FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.functions.registry import Registry
from gateway.invocation import Invocation, Outcome, Returned


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

    got = registry.find(name, qualifier)

    assert (got.configuration.name if got else None) == found


def test_a_function_named_function_is_itself() -> None:
    """The emulator's name gives way to a real one."""
    named = function("function")

    assert Registry([function("a"), named]).find("function", None) is named


def test_a_version_is_found_by_its_number() -> None:
    """Versions of one function stand side by side."""
    first = function("a", version="1")

    assert Registry([function("a"), first]).find("a", "1") is first


def test_an_empty_registry_finds_nothing() -> None:
    """Without functions there is still a region to name in answers."""
    registry = Registry([])

    assert (registry.find("function", None), list(registry)) == (None, [])
    assert (registry.region, registry.account) == (DEFAULT_REGION, DEFAULT_ACCOUNT)


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


@pytest.mark.anyio
async def test_all_functions_start_and_stop() -> None:
    """The registry is the owner of its functions' lives."""
    functions = [function("a"), function("b")]
    registry = Registry(functions)

    await registry.start()
    await registry.aclose()

    targets = [each.target for each in functions]
    assert [target.life for target in targets if isinstance(target, RecordingTarget)] == [["start", "close"]] * 2
