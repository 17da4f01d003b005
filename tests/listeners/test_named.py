"""Functions by name."""

import pytest

from gateway.configuration import FunctionConfiguration
from gateway.errors import UsageError
from gateway.functions.function import Function
from gateway.listeners.named import function_of, place_of
from tests.listeners.doors import Scripted, ok


def test_names() -> None:
    """A name finds its function; region and account are the functions'."""
    function = Function(FunctionConfiguration("f", "a.b", region="eu-west-1", account="111111111111"), Scripted(ok))

    assert function_of({"f": function}, "f") is function
    assert place_of({"f": function}) == ("eu-west-1", "111111111111")
    assert place_of({}) == ("us-east-1", "123456789012")


def test_an_unknown_name() -> None:
    """The message lists what there is."""
    with pytest.raises(UsageError, match="there is no function 'f'; there are: none"):
        function_of({}, "f")
