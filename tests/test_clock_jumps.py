"""The wall clock is set an hour on and back under a running gateway and its functions: nothing hangs, nothing expires.

The clock is that of libfaketime, which stands before the C library in the gateway and in its environments.
"""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.serving import Served, serving
from tests.targets.runtime_api.opening import needs_node

FUNCTIONS = Path(__file__).parent / "data" / "functions" / "clock"
TIMEOUT_S = 20
CLOCK = ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC")
SETTER = "setter.handler" if shutil.which("node") else "app.handler"
ENVIRONMENT = "{{ {} }}".format(", ".join(f'{name} = "${{{name}}}"' for name in CLOCK))
CONFIGURATION = f"""
[functions.python]
handler = "app.handler"
timeout = {TIMEOUT_S}
environment = {ENVIRONMENT}

[functions.node]
handler = "{SETTER}"
timeout = {TIMEOUT_S}
environment = {ENVIRONMENT}

[functions.guard]
handler = "app.guard"

[functions.principal]
handler = "app.principal"

[[listeners]]
type = "rest_api"
port = 0
authorizers.guard = {{ type = "TOKEN", function = "guard", authorizer_result_ttl_in_seconds = 600 }}
[listeners.routes]
"GET /python/{{seconds}}" = "python"
"GET /node/{{seconds}}" = "node"
"GET /principal" = {{ function = "principal", authorizer = "guard" }}
"GET /few" = {{ function = "principal", throttle = {{ rate_limit = 0.001, burst_limit = 1 }} }}
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


@pytest.mark.parametrize("way", ["python", pytest.param("node", marks=needs_node)])
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


def test_the_answer_of_an_authorizer(served: Served) -> None:
    """It is kept for its ten minutes, whatever the clock says."""
    principals = []
    for seconds in ("+3600", "-3600", "+0"):
        principals.append(served.get("/principal", "Host: h", "Authorization: token"))
        assert served.get(f"/python/{seconds}")[0] == 200

    assert principals == [principals[0]] * 3
    assert principals[0][0] == 200


def test_a_rate(served: Served) -> None:
    """An hour that did not pass earns no token of a bucket."""
    assert served.get("/few") == (200, "nobody")
    assert served.get("/python/+3600")[0] == 200
    assert served.get("/few")[0] == 429
    assert served.get("/python/+0")[0] == 200
