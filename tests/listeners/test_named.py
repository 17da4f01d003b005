"""Functions by name."""

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.listeners.named import function_of
from tests.listeners.doors import Scripted, ok


def test_names() -> None:
    """A name finds its function."""
    function = Function(FunctionConfiguration("f", "a.b"), Scripted(ok))

    assert function_of({"f": function}, "f") is function


def test_an_unknown_name() -> None:
    """The message lists what there is."""
    with pytest.raises(UsageError, match="there is no function 'f'; there are: none"):
        function_of({}, "f")
