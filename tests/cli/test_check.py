"""``gateway check`` from the outside."""

from pathlib import Path

import pytest

from tests.cli.serving import run

GOOD = """
[functions.one]
handler = "app.handler"
[target_groups.one]
function = "one"
[[listeners]]
type = "alb"
port = 8000
default_actions = [{ type = "forward", target_groups = [{ target_group = "one" }] }]
"""
SHADOWED = """
[[listeners.rules]]
priority = 1
conditions = [{ field = "path-pattern", values = ["/a*"] }]
actions = [{ type = "fixed-response", status_code = 200 }]
[[listeners.rules]]
priority = 2
conditions = [{ field = "path-pattern", values = ["/ab"] }]
actions = [{ type = "fixed-response", status_code = 200 }]
"""
COUNTED = "gateway.toml: 1 functions, 1 target groups, 1 listeners\n"


def check(folder: Path, text: str, **variables: str) -> tuple[int, str, str]:
    """The command's result for a file."""
    (folder / "gateway.toml").write_text(text)
    return run(folder, "check", "gateway.toml", **variables)


def test_good_file(tmp_path: Path) -> None:
    """Nothing to say is code 0; what the file holds is counted."""
    assert check(tmp_path, GOOD) == (0, "", COUNTED)


def test_finding(tmp_path: Path) -> None:
    """A rule that can never match does not keep the gateway from starting: code 1, a line for each finding."""
    code, out, err = check(tmp_path, GOOD + SHADOWED)

    assert (code, err) == (1, COUNTED)
    assert out.count("\n") == 1
    assert out.startswith("gateway.toml: listeners[0].rules[1]")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD.replace("port = 8000", "port = 'x'"), "listeners[0].port"),
        (GOOD.replace('function = "one"', 'function = "on"'), "target_groups.one.function"),
        (GOOD.replace("[functions.one]", "[functions.one"), "gateway.toml"),
    ],
)
def test_fault(tmp_path: Path, text: str, found: str) -> None:
    """What keeps the gateway from starting is code 2 and says where it is, without a traceback."""
    code, out, err = check(tmp_path, text)

    assert (code, out) == (2, "")
    assert err.startswith("gateway: error: ")
    assert found in err
    assert "Traceback" not in err


def test_all_faults_at_once(tmp_path: Path) -> None:
    """Two faults are told in one run."""
    text = GOOD.replace("port = 8000", "port = 'x'").replace('handler = "app.handler"', "handler = 5")
    _, _, err = check(tmp_path, text)

    assert "listeners[0].port" in err
    assert "functions.one.handler" in err


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    code, _, err = run(tmp_path, "check", "gone.toml")

    assert code == 2
    assert "gone.toml" in err
    assert "Traceback" not in err


def test_variable_of_the_environment(tmp_path: Path) -> None:
    """Values may come from the environment; one that is not set is a fault."""
    text = GOOD.replace('"app.handler"', '"${MODULE}.handler"')

    assert check(tmp_path, text, MODULE="app")[0] == 0
    code, _, err = check(tmp_path, text)
    assert code == 2
    assert "MODULE" in err


EXPRESSIONS = """
[[listeners.rules]]
priority = 1
conditions = [{ field = "path-pattern", regex_values = ["^/a"] }]
actions = [{ type = "fixed-response", status_code = 200 }]
transforms = [{ type = "url-rewrite", rewrites = [{ regex = "^/b", replace = "/c" }] }]
"""


@pytest.mark.parametrize(
    "command", [("check", "gateway.toml"), ("serve", "gateway.toml"), ("explain", "gateway.toml", "GET", "/")]
)
def test_expressions_without_re2(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Where RE2 is not installed, no command takes an expression; each has a line with what brings it back."""
    (tmp_path / "re2.py").write_text("raise ImportError")
    (tmp_path / "gateway.toml").write_text(GOOD + EXPRESSIONS)
    code, out, err = run(tmp_path, *command, PYTHONPATH=str(tmp_path))

    rule = f"{tmp_path}/gateway.toml: listeners[0].rules[0]."
    needed = "regular expressions need RE2: install it with pip install 'lambda-http-gateway[re2]'\n"
    assert (code, out) == (2, "")
    assert err == (
        f"gateway: error: {rule}conditions[0].regex_values[0]: found '^/a': {needed}"
        f"{rule}transforms[0].rewrites[0].regex: found '^/b': {needed}"
    )


def test_no_expressions_without_re2(tmp_path: Path) -> None:
    """Whoever has no expression needs nothing."""
    (tmp_path / "re2.py").write_text("raise ImportError")

    assert check(tmp_path, GOOD, PYTHONPATH=str(tmp_path)) == (0, "", COUNTED)


def test_no_value_of_a_variable(tmp_path: Path) -> None:
    """Neither in a fault nor in a finding."""
    finding = GOOD + SHADOWED.replace('"/ab"', '"${SECRET}"')
    for text in (
        finding,
        GOOD.replace("8000", '"${SECRET}"'),
        GOOD.replace('function = "one"', 'function = "${SECRET}"'),
    ):
        code, out, err = check(tmp_path, text, SECRET="opensesame" * 20)
        assert code in (1, 2)
        assert "${SECRET}" in out + err
        assert "opensesame" not in out + err
