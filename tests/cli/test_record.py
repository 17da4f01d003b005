"""``gateway record`` as a user runs it, and what it makes replayed."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.recordings.replay import replay_cases
from gateway.translation.authorizers import request_event
from tests.observe.exchanges import recorded


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in the folder."""
    command = [sys.executable, "-m", "gateway", "record", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def entry(url: str) -> dict[str, object]:
    """One entry of a HAR file."""
    request = {"method": "GET", "url": url, "headers": [{"name": "Authorization", "value": "Bearer opensesame"}]}
    return {"request": request, "response": {"status": 200, "headers": [], "content": {"text": "hi"}}}


@pytest.fixture
def har(tmp_path: Path) -> Path:
    """A folder with a HAR file of two hosts."""
    entries = [entry("https://example.com/a?token=opensesame"), entry("https://cdn.example/b")]
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": entries}}))
    return tmp_path


def test_a_har_file_becomes_recordings(har: Path) -> None:
    """One file for each request to the host, numbered on, without secrets."""
    for _ in range(2):
        done = run(har, "--har", "a.har", "-o", "out", "--as", "rest", "--host", "example.com")
        assert (done.returncode, done.stdout) == (0, "1 recordings in out\n")

    cases = replay_cases(har / "out")
    assert [str(case) for case in cases] == ["0001-GET-a", "0002-GET-a"]
    assert cases[0].recording.flavour == "rest"
    assert "opensesame" not in cases[0].path.read_text()
    assert cases[0].differences(lambda event, context: {"body": "hi"}, ["/response/headers"]) == []  # noqa: ARG005


def test_recordings_are_the_users_alone(har: Path) -> None:
    """In a folder that is made for them, and in one that was there and keeps its mode."""
    (har / "shared").mkdir(mode=0o755)
    for name in ("shared", "new"):
        run(har, "--har", "a.har", "-o", name)

        assert {stat.S_IMODE(path.stat().st_mode) for path in (har / name).iterdir()} == {0o600}
    assert [stat.S_IMODE((har / name).stat().st_mode) for name in ("shared", "new")] == [0o755, 0o700]


def test_secrets_are_chosen(har: Path) -> None:
    """More of them, or none at all."""
    run(har, "--har", "a.har", "-o", "none", "--no-redaction")

    assert all("opensesame" in case.path.read_text() for case in replay_cases(har / "none"))


def test_events_of_aws_become_recordings(tmp_path: Path) -> None:
    """An equal one is code 0, and the recording replays."""
    lines = ["START", json.dumps(recorded("alb").event), json.dumps({"requestContext": {"connectionId": "a"}})]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))

    done = run(tmp_path, "--cloudwatch", "log.jsonl", "-o", "out")

    assert done.stdout.splitlines() == [
        "same       log.jsonl, line 2: alb POST /pets/7",
        "  taken from the event itself, so not compared: target_group_arn (/event/requestContext/elb/targetGroupArn)",
        (
            "left out   log.jsonl, line 3: this is an event of a WebSocket API, "
            "which has no HTTP request behind each event"
        ),
        "1 recordings in out",
    ]
    assert done.returncode == 0
    (case,) = replay_cases(tmp_path / "out")
    assert case.differences() == []


def test_an_authorizers_event_is_compared_but_not_recorded(tmp_path: Path) -> None:
    """What is replayed is what a function gets."""
    event = request_event(recorded("rest").event, "arn:aws:execute-api:…")  # type: ignore[arg-type]  # an object
    (tmp_path / "log.jsonl").write_text(json.dumps(event))

    done = run(tmp_path, "--cloudwatch", "log.jsonl", "-o", "out")

    assert done.stdout.startswith("same       log.jsonl, line 1: authorizer of rest POST /pets/7\n")
    assert done.stdout.endswith("\n0 recordings in out\n")


def test_an_event_that_is_written_otherwise_is_code_1(tmp_path: Path) -> None:
    """And it is recorded, as that is what to look into."""
    event = recorded("alb").event
    assert isinstance(event, dict)
    (tmp_path / "log.jsonl").write_text(
        json.dumps({**event, "extra": 1}) + "\n" + json.dumps({**event, "path": "/.."}) + "\n"
    )

    done = run(tmp_path, "--cloudwatch", "log.jsonl", "-o", "out")

    assert done.returncode == 1
    assert "different  log.jsonl, line 1: alb POST /pets/7\n  /event/extra\n" in done.stdout
    assert "this gateway does not forward the request" in done.stdout
    assert len(replay_cases(tmp_path / "out")) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "out"], "give one of --har FILE and --cloudwatch FILE"),
        (["--har", "a.har", "--cloudwatch", "a.har", "-o", "out"], "give one of"),
        (["--har", "a.har", "-o", "out", "--host", "x"], "its hosts are: cdn.example, example.com"),
        (["--har", "b.har", "-o", "out"], "'b.har' does not exist"),
        (["--cloudwatch", "empty.log", "-o", "out"], "empty.log holds no event"),
        (["--har", "empty.log", "-o", "out"], "empty.log: it is no HAR file"),
        (["--har", "a.har", "-o", "a.har/b"], "cannot write into a.har/b: Not a directory"),
    ],
)
def test_misuse_is_code_2(har: Path, arguments: list[str], message: str) -> None:
    """With one message on standard error."""
    (har / "empty.log").write_text("START\n")

    done = run(har, *arguments)

    assert done.returncode == 2
    assert message in done.stderr
