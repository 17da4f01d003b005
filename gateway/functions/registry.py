"""The functions of one gateway: by name and qualifier, as the Lambda service of one region and account finds them."""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.configuration import AccountRegion
from gateway.errors import UsageError
from gateway.functions.function import Function

LATEST: Final = "$LATEST"
RIE_NAME: Final = "function"


class Registry:
    """Every function that can be invoked here.

    Args:
        functions: The first ones.
        account_region: Where all of them are.

    The name ``function`` finds the first function when none has that name: the Runtime Interface Emulator answers
    under this one name, whatever the function is called.

    Raises:
        UsageError: Two functions have the same name and version, or one is of another region or account.
    """

    def __init__(self, functions: Iterable[Function], account_region: AccountRegion = AccountRegion()) -> None:  # noqa: B008 - a value
        self._found: dict[tuple[str, str], Function] = {}
        self.region, self.account = account_region
        self.replace(functions)

    def replace(self, functions: Iterable[Function]) -> None:
        """Find these from now on.

        Raises:
            UsageError: As for the class; what was found before is found still.
        """
        found: dict[tuple[str, str], Function] = {}
        for function in functions:
            key = (function.configuration.name, function.configuration.version)
            if key in found:
                raise UsageError(f"two functions are named {key[0]!r}; give each its own name")
            found[key] = function
        for function in found.values():
            if (function.configuration.region, function.configuration.account) != (self.region, self.account):
                raise UsageError(
                    f"function {function.configuration.name!r} is not in account {self.account} and region "
                    f"{self.region}; start one gateway for each"
                )
        self._found = found

    def __iter__(self) -> Iterator[Function]:
        """All functions, in the order in which they were given."""
        return iter(self._found.values())

    def find(self, name: str, qualifier: str | None) -> Function | None:
        """The function that answers for ``name``; None as qualifier means ``$LATEST``, an unknown one finds nothing."""
        version = self.version(qualifier)
        found = self._found.get((name, version))
        if found is None and name == RIE_NAME and version == LATEST:
            return next(iter(self), None)
        return found

    def version(self, qualifier: str | None) -> str:
        """The version that a qualifier stands for: without aliases every qualifier is a version itself."""
        return LATEST if qualifier is None else qualifier

    async def start(self) -> None:
        """Make every function ready; raises `UsageError` when one can never work."""
        for function in self:
            await function.start()

    async def aclose(self) -> None:
        """Stop every function."""
        for function in self:
            await function.aclose()
