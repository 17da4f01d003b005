"""What a process is given, and what it is not."""

import errno
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from tests.bootstraps.launcher.starting import run, shell

IGNORED = "import signal; print([n.name for n in signal.Signals if signal.getsignal(n) is signal.SIG_IGN])"


def test_descriptor_limit() -> None:
    """It is Lambda's, soft and hard, where this machine allows as many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    expected = 1024 if hard == resource.RLIM_INFINITY else min(1024, hard)

    assert shell("ulimit -Sn; ulimit -Hn").split() == [f"{expected}"] * 2


def test_session_of_its_own() -> None:
    """Signals to its group reach nobody else, and no terminal is its own."""
    assert shell("test $(ps -o sid= -p $$) = $$ && echo leader") == "leader\n"


def test_signals_are_as_a_program_expects() -> None:
    """Those that the launcher does not hear end the process."""
    assert run([sys.executable, "-c", IGNORED])[1] == "['SIGPIPE', 'SIGXFSZ']\n"  # Python's own, at its start
    assert run(["/bin/sh", "-c", "kill -TERM $$"])[0] == -signal.SIGTERM


@pytest.mark.parametrize(
    ("program", "content", "number"),
    [
        ("missing", None, errno.ENOENT),
        ("folder", "", errno.EACCES),
        ("text", "no program", errno.ENOEXEC),
        ("script", "#!/no/such/interpreter\n", errno.ENOENT),
        ("nul\0", None, errno.EINVAL),
    ],
)
def test_program_that_cannot_be_run(tmp_path: Path, program: str, content: str | None, number: int) -> None:
    """The error is the system's own."""
    if content == "":
        (tmp_path / program).mkdir()
    elif content is not None:
        (tmp_path / program).write_text(content)
        (tmp_path / program).chmod(0o755)
    with pytest.raises(OSError, match=os.strerror(number)):
        run([f"{tmp_path}/{program}"])


def test_folder_that_is_not_there() -> None:
    """The working directory must be there."""
    with pytest.raises(FileNotFoundError):
        run(["/bin/true"], folder=Path("/no/such/folder"))
