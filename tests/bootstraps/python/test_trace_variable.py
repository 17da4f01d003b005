"""The variable with the trace of the present invocation; what very many of them cost is tested with the worker."""

import json
import subprocess
import sys
from pathlib import Path

import gateway.bootstraps.python

FOLDER = Path(gateway.bootstraps.python.__file__).parent
SCRIPT = """
import json, os, subprocess, trace_variable
variable = trace_variable.TraceVariable(kept=2)
seen = []
for value in ("one", "", "two", "three", "four", ""):
    variable.set(value)
    child = subprocess.run(["printenv", "_X_AMZN_TRACE_ID"], stdout=subprocess.PIPE, text=True).stdout.strip()
    seen.append([os.environ.get("_X_AMZN_TRACE_ID"), child])
print(json.dumps(seen))
"""


def test_values() -> None:
    """This process and those that it starts see each, also those that the C library would keep."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=FOLDER, capture_output=True, text=True, check=True, timeout=20
    )

    expected = [[value or None, value] for value in ("one", "", "two", "three", "four", "")]
    assert json.loads(done.stdout) == expected
