"""A function URL's keys."""

from gateway.config.listeners.function_url import FunctionUrlModel


def test_defaults() -> None:
    """A URL is open, buffered, and leaves CORS to the function."""
    model = FunctionUrlModel.model_validate({"type": "function_url", "port": 1, "function": "f"})

    assert (model.auth_type, model.invoke_mode, model.cors) == ("NONE", "BUFFERED", None)
