"""``gateway verdict`` from the outside."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import gateway
from gateway.errors import UsageError


def run(text: str, *arguments: str) -> Result:
    """The command's answer about a result on standard input."""
    return CliRunner().invoke(gateway, ["verdict", "-", *arguments], input=text)


def test_a_response() -> None:
    """Status line, header lines, body."""
    result = run('{"statusCode": 201, "body": "made", "multiValueHeaders": {}}')

    head, _, body = result.stdout.partition("\n\n")
    assert head.splitlines()[0] == "HTTP/1.1 201 Created"
    assert "Content-Length: 4" in head
    assert body == "made\n"
    assert result.stderr == "note: /multiValueHeaders is ignored\n"


def test_a_refused_result() -> None:
    """The front door's own answer, the reason with its pointer and source, code 1."""
    result = run('{"statusCode": 200, "body": null}')

    assert result.exit_code == 1
    assert result.stdout.startswith("HTTP/1.1 502 Bad Gateway\nServer: awselb/2.0\n")
    assert result.stderr.splitlines()[0] == "refused: /body: expected a string, got None"
    assert result.stderr.splitlines()[1].startswith("source: Powertools for Python issue 4671")


def test_head_has_no_body() -> None:
    """-X says what is answered."""
    assert run('{"statusCode": 200, "body": "x"}', "-X", "HEAD").stdout.endswith("\n\n")


def test_files(tmp_path: Path) -> None:
    """A result may be in a file; one that is not there is said so."""
    (tmp_path / "result.json").write_text('{"statusCode": 204}')

    assert CliRunner().invoke(gateway, ["verdict", str(tmp_path / "result.json")]).exit_code == 0
    error = CliRunner().invoke(gateway, ["verdict", str(tmp_path / "gone.json")]).exception
    assert isinstance(error, UsageError)
    with pytest.raises(UsageError, match="cannot be read"):
        raise error
