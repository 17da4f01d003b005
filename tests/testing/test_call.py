"""One request through a front door and a handler."""

import pytest

from gateway.errors import UsageError
from gateway.testing.call import HandlerCall, build_configuration, load_handler
from gateway.translation.flavour_options import build_flavour
from gateway.translation.sample import SAMPLE_ARRIVAL, sample_request
from tests.testing.handlers import echo, talk


def test_the_context_names_the_function() -> None:
    """A handler reads name, version and memory where Lambda has them."""
    seen: list[object] = []

    def handler(_event: object, context: object) -> dict[str, int]:
        names = "aws_request_id function_name function_version memory_limit_in_mb invoked_function_arn"
        seen.extend(getattr(context, name) for name in names.split())
        return {"statusCode": 200}

    HandlerCall(build_flavour("alb"), handler, build_configuration(3, {})).run(
        sample_request("GET", "/"), SAMPLE_ARRIVAL
    )

    arn = "arn:aws:lambda:us-east-1:123456789012:function:test"
    assert seen == [SAMPLE_ARRIVAL.request_id, "test", "$LATEST", "128", arn]


def test_variables_are_set_for_the_call_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process gets its own values back."""
    monkeypatch.setenv("TABLE", "before")
    call = HandlerCall(build_flavour("alb"), talk, build_configuration(3, {"TABLE": "during", "OTHER": "x"}))

    assert call.run(sample_request("GET", "/"), SAMPLE_ARRIVAL).response.body == b"test during"
    assert talk({}, type("Context", (), {"function_name": "test"}))["body"] == "test before"


def test_a_result_over_lambdas_limit() -> None:
    """Six megabytes are too much for Lambda itself, before any front door looks at them."""
    call = HandlerCall(build_flavour("http"), lambda _event, _context: "x" * 6_291_600, build_configuration(3, {}))

    exchange = call.run(sample_request("GET", "/"), SAMPLE_ARRIVAL)

    assert "Function.ResponseSizeTooLarge" in str(exchange.fault)
    assert exchange.error is None


def test_handlers_by_name() -> None:
    """A name is imported, a function stays what it is."""
    assert load_handler("tests/testing/handlers.echo") is load_handler(echo) is echo


def test_configuration_is_checked() -> None:
    """No function runs for no time at all."""
    with pytest.raises(UsageError, match="900 seconds"):
        build_configuration(0, {})
