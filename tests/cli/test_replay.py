"""``gateway replay`` as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.observe.recording import from_text, to_text
from gateway.observe.redaction import Redaction
from tests.observe.exchanges import RESULT, recorded

HANDLER = f"""
import json
def same(event, context): return json.loads({RESULT.decode()!r})
def other(event, context): return {{"statusCode": 200, "body": "ho"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a handler and one recording."""
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "0001-POST-pets-7.json").write_bytes(to_text(recorded(), Redaction()))
    (tmp_path / "replayed_app.py").write_text(HANDLER)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in the folder."""
    command = [sys.executable, "-m", "gateway", "replay", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("against", [[], ["--against", "replayed_app.same"]], ids=["alone", "handler"])
def test_no_difference_is_code_0(folder: Path, against: list[str]) -> None:
    """One line for each file and one for all."""
    done = run(folder, "recordings", *against)

    assert done.stdout == "same       recordings/0001-POST-pets-7.json\n1 replayed, 0 different\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_difference_is_shown_and_code_1(folder: Path) -> None:
    """Pointer, then both values."""
    done = run(folder, "recordings", "--against", "replayed_app.other", "--ignore", "/response")

    assert done.returncode == 1
    assert done.stdout == (
        "different  recordings/0001-POST-pets-7.json\n"
        "  /result/headers\n"
        '      recorded {"Content-Type": "text/plain", "Set-Cookie": "a=redacted; Path=/"}\n'
        "      now      (nothing)\n"
        "  /result/body\n"
        '      recorded "hi"\n'
        '      now      "ho"\n'
        "1 replayed, 1 different\n"
    )


def test_what_the_front_door_answered_is_skipped(folder: Path) -> None:
    """Without a URL there is no front door."""
    path = folder / "recordings" / "0001-POST-pets-7.json"
    document = json.loads(path.read_bytes())
    document["outcome"] = {"kind": "not invoked"}
    path.write_text(json.dumps(document))

    done = run(folder, "recordings")

    assert "0 replayed, 0 different, 1 skipped" in done.stdout
    assert from_text(path.read_bytes()).outcome == {"kind": "not invoked"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "'nowhere' does not exist"),
        (["."], "holds no recording"),
        (["recordings", "--against", "replayed_app.missing"], "missing"),
        (["recordings", "--against", "ftp://x"], "ftp://x is no URL"),
        (["recordings", "--against", "http://127.0.0.1:1"], "no answer to POST"),
        (["replayed_app.py"], "replayed_app.py: it is not JSON"),
    ],
)
def test_misuse_is_code_2(folder: Path, arguments: list[str], message: str) -> None:
    """With one message on standard error."""
    done = run(folder, *arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
