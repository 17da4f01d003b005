"""The variable with the trace of the present invocation; what very many of them cost is tested with the worker."""

import json
import subprocess
import sys
from pathlib import Path

import gateway.bootstraps.python

FOLDER = Path(gateway.bootstraps.python.__file__).parent
VALUES = ["one", "", "two", "three", "four", "five", ""]
SCRIPT = f"""
import json, os, subprocess, trace_variable
VALUES = {VALUES}
variable = trace_variable.TraceVariable(kept=2)
seen = []
for value in VALUES:
    variable.set(value)
    child = subprocess.run(["printenv", "_X_AMZN_TRACE_ID"], stdout=subprocess.PIPE, text=True).stdout.strip()
    seen.append([os.environ.get("_X_AMZN_TRACE_ID"), child])
    if value == "four":
        os.environ["_X_AMZN_TRACE_ID"] = "a handler's own"
print(json.dumps(seen))
"""


def test_values() -> None:
    """This process and those that it starts see each, those that the C library would keep and a handler's own too."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=FOLDER, capture_output=True, text=True, check=True, timeout=20
    )

    expected = [[value or None, value] for value in VALUES]
    assert json.loads(done.stdout) == expected
