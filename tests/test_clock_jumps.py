"""The wall clock is set an hour on and back under a running gateway and its functions: nothing hangs, nothing expires.

The clock is that of libfaketime, which stands before the C library in the gateway and in its environments.
"""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.serving import Served, serving

FUNCTIONS = Path(__file__).parent / "data" / "functions" / "clock"
TIMEOUT_S = 20
CLOCK = ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC")
ENVIRONMENT = "{{ {} }}".format(", ".join(f'{name} = "${{{name}}}"' for name in CLOCK))
CONFIGURATION = f"""
[functions.python]
handler = "app.handler"
timeout = {TIMEOUT_S}
environment = {ENVIRONMENT}

[functions.node]
handler = "setter.handler"
timeout = {TIMEOUT_S}
environment = {ENVIRONMENT}

[[listeners]]
type = "rest_api"
port = 0
[listeners.routes]
"GET /python/{{seconds}}" = "python"
"GET /node/{{seconds}}" = "node"
"""


def library() -> Path:
    """The shared library that sets clocks."""
    spec = importlib.util.find_spec("libfaketime")
    found = next(Path(spec.origin).parent.rglob("libfaketime*.so.1"), None) if spec and spec.origin else None
    if found is None:
        pytest.skip("no libfaketime: with cc and make on PATH, scripts/setup test gets it")
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A REST API whose functions set the clock of all."""
    folder = tmp_path_factory.mktemp("clock")
    shutil.copytree(FUNCTIONS, folder, dirs_exist_ok=True)
    (folder / "gateway.toml").write_text(CONFIGURATION)
    (folder / "clock").write_text("+0\n")
    values = str(library()), str(folder / "clock"), "1", "1"
    with serving(folder, "gateway.toml", **dict(zip(CLOCK, values, strict=True))) as gateway:
        yield gateway


@pytest.mark.parametrize("way", ["python", "node"])
def test_an_invocation_under_way(served: Served, way: str) -> None:
    """It is answered in its time, and what remains to it does not change with the clock."""
    jumps = []
    for seconds in ("+3600", "-3600", "+0"):
        status, body = served.get(f"/{way}/{seconds}")
        assert status == 200, body
        jump, before, after = map(int, body.split())
        assert 0 < after <= before <= TIMEOUT_S * 1000
        jumps.append(jump)

    assert jumps == [3600, -7200, 3600]
