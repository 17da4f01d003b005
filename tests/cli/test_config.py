"""``gateway config`` from the outside."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from tests.cli.serving import run
from tests.cli.test_check import GOOD


def test_schema(tmp_path: Path) -> None:
    """The schema takes what the gateway takes, and an editor that uses it shows what is wrong."""
    code, out, err = run(tmp_path, "config", "schema")
    schema = json.loads(out)

    assert (code, err) == (0, "")
    jsonschema.validate(tomllib.loads(GOOD), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(GOOD.replace("port = 8000", "port = 'x'")), schema)
