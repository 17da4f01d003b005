"""The short form of ``scripts/attack kill``, and that it sees what it should."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.attacks import kill

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc")


def test_nothing_is_left(tmp_path: Path) -> None:
    """No process, no folder and no wrong answer, whatever is killed."""
    told: list[str] = []
    options = kill.options_of(["--environments", "4", "--gateways", "2", "--seconds", "60"])

    attacked = kill.attack(tmp_path, options, told.append)

    assert attacked.findings == Counter(), "\n".join(told)
    assert (attacked.environments, attacked.gateways) == (4, 2)
    assert attacked.answers[200] > 0


def test_what_is_left_is_seen() -> None:
    """A process is known by its variables or its arguments."""
    mark = "kill-of-this-test"
    by_variable = subprocess.Popen(["sleep", "600"], env={"KILL_MARK": mark})
    by_argument = subprocess.Popen([mark, "600"], executable="/bin/sleep", env={})
    seen = {pid for pid, _ in kill._marked(mark)}
    for process in (by_variable, by_argument):
        process.kill()
        process.wait()

    assert seen == {by_variable.pid, by_argument.pid}
