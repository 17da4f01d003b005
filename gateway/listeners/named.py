"""Functions by the names that a configuration uses."""

from collections.abc import Mapping
from typing import TypeAlias

from gateway.errors import UsageError
from gateway.functions.function import Function

Functions: TypeAlias = Mapping[str, Function]


def function_of(functions: Functions, name: str) -> Function:
    """The function of a name.

    Raises:
        UsageError: There is none; the message lists those that there are.
    """
    found = functions.get(name)
    if found is None:
        there = ", ".join(sorted(functions)) or "none"
        raise UsageError(f"there is no function {name!r}; there are: {there}")
    return found
