"""What a function is when nothing is said."""

from pathlib import Path

import pytest

from gateway.configuration import FunctionConfiguration


def test_defaults_are_those_of_lambda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3 seconds, 128 MB, $LATEST, no reservation; the code is where the gateway was started."""
    monkeypatch.chdir(tmp_path)
    function = FunctionConfiguration(name="app", handler="app.handler")

    assert (function.timeout_ms, function.memory_mb, function.version) == (3000, 128, "$LATEST")
    assert function.reserved_concurrency is None
    assert function.task_root == tmp_path


def test_arn() -> None:
    """The ARN has region, account and name."""
    function = FunctionConfiguration(name="app", handler="a.b", region="eu-west-1", account="000000000000")

    assert function.arn == "arn:aws:lambda:eu-west-1:000000000000:function:app"
