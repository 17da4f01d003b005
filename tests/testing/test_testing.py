"""The names that users import."""

import importlib
import subprocess
import sys

import pytest

import gateway.testing


@pytest.mark.parametrize("name", gateway.testing.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    """Each is found when it is first used, and says what it is."""
    found = getattr(importlib.import_module("gateway.testing"), name)

    assert name == "FLAVOURS" or found.__doc__


def test_a_name_that_is_not_there() -> None:
    """The message is Python's own."""
    with pytest.raises(AttributeError, match=r"module 'gateway\.testing' has no attribute 'lambda_server'"):
        _ = gateway.testing.lambda_server


def test_importing_it_imports_nothing_else() -> None:
    """The plugin is loaded in every test run of every project."""
    code = "import sys, gateway.testing; print(sorted(name for name in sys.modules if name.startswith('gateway')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['gateway', 'gateway.testing']"
