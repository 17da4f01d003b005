"""Which functions there are, by name and version."""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.configuration import AccountRegion
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.invocation import FunctionReference

LATEST: Final = "$LATEST"
RIE_NAME: Final = "function"


class Registry:
    """Every function of one account in one region; they come, change and go while others are invoked.

    Args:
        functions: The first ones.
        account_region: Where all of them are.

    The name ``function`` finds the first function when none has that name: the Runtime Interface Emulator answers
    under this one name, whatever the function is called.

    Attributes:
        found: What each known reference leads to now; for reading only.

    Raises:
        UsageError: Two functions have the same name and version, or one is of another region or account.
    """

    def __init__(self, functions: Iterable[Function] = (), account_region: AccountRegion = AccountRegion()) -> None:  # noqa: B008 - a value
        self.account_region = account_region
        self._own: dict[FunctionReference, Function] = {}
        self.found: dict[FunctionReference, Function] = {}
        for function in functions:
            if _key(function) in self._own:
                raise UsageError(f"two functions are named {function.configuration.name!r}; give each its own name")
            self.put(function)

    def put(self, function: Function, reference: FunctionReference | None = None) -> Function | None:
        """Find this function from now on; gives the one that it replaces, None when there was none.

        Args:
            function: A function of this account and region, under its own name and version.
            reference: What finds a function that runs elsewhere, instead of its own name; it is no function of here.

        Raises:
            UsageError: It is of another region or account.
        """
        if reference is not None:
            old, self.found[reference] = self.found.get(reference), function
            return old
        configuration = function.configuration
        if (configuration.region, configuration.account) != self.account_region:
            region, account = self.account_region
            raise UsageError(
                f"function {configuration.name!r} is not in account {account} and region {region}; start one gateway "
                "for each"
            )
        key = _key(function)
        old = self._own.get(key)
        self._own[key] = self.found[key] = function
        if key.qualifier == LATEST:
            self.found[FunctionReference(key.name)] = function
        return old

    def remove(self, reference: FunctionReference) -> Function | None:
        """Find a function no longer; gives it, None when there was none."""
        removed = self.found.pop(reference, None)
        if removed is not None and (key := _key(removed)).name == reference.name:
            self._own.pop(key, None)
            self.found.pop(key, None)
            if key.qualifier == LATEST:
                self.found.pop(FunctionReference(key.name), None)
        return removed

    def __iter__(self) -> Iterator[Function]:
        """All functions of this account and region, in the order in which they came."""
        return iter(self._own.values())

    def everything(self) -> list[Function]:
        """These, and those that run elsewhere."""
        return list(dict.fromkeys(self.found.values()))

    def find(self, reference: FunctionReference) -> Function | None:
        """The function that a reference leads to now; an unknown qualifier finds nothing."""
        found = self.found.get(reference)
        if found is None and reference.name == RIE_NAME and reference.qualifier in {None, LATEST}:
            return next(iter(self), None)
        return found


def _key(function: Function) -> FunctionReference:
    return FunctionReference(function.configuration.name, function.configuration.version)
