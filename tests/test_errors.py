"""What the errors say."""

import pytest

from gateway.errors import BadResult, Fault, FaultKind, GatewayError, UsageError


def test_fault_says_what_and_which() -> None:
    """The kind's sentence, and the detail when there is one."""
    assert str(Fault(FaultKind.THROTTLED)) == "no concurrency was left"
    assert str(Fault(FaultKind.THROTTLED, "Reserved")) == "no concurrency was left: Reserved"


@pytest.mark.parametrize(
    ("pointer", "got", "detail"),
    [
        ("/statusCode", "OK", "/statusCode: expected an integer, got 'OK'"),
        ("", None, "(result): expected an integer, got None"),
        ("/a", "<12 bytes>", "/a: expected an integer, got <12 bytes>"),
        ("/a", "x" * 100, "/a: expected an integer, got '" + "x" * 79 + "…"),
    ],
)
def test_bad_result(pointer: str, got: object, detail: str) -> None:
    """Where, what was expected, and what was found, shortened."""
    error = BadResult(pointer, "an integer", got)

    assert (error.kind, error.pointer, error.detail) == (FaultKind.RESULT_INVALID, pointer, detail)


@pytest.mark.parametrize("error", [UsageError, Fault, BadResult])
def test_one_tree(error: type[Exception]) -> None:
    """Everything raised on purpose can be caught as one."""
    assert issubclass(error, GatewayError)
