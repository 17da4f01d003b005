"""Reading files, and telling the place of a value."""

from pathlib import Path

import pytest

from gateway.config.source import FileFault, Source, dotted, expand, read_source, variables_in
from gateway.errors import UsageError


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", 0, "b"), "a[0].b"),
        (("attributes", "stickiness.enabled"), 'attributes."stickiness.enabled"'),
        (("routes", "GET /"), 'routes."GET /"'),
        (("routes", "$default"), "routes.$default"),
    ],
)
def test_dotted(path: tuple[str | int, ...], text: str) -> None:
    """Key paths are written as TOML writes them."""
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("a", "b"), "f.yaml:2: a.b: x"),
        (("a", "list", 1), "f.yaml:5: a.list[1]: x"),
        (("a", "missing"), "f.yaml:1: a.missing: x"),
        (("elsewhere",), "f.yaml: elsewhere: x"),
        ((), "f.yaml: x"),
    ],
)
def test_lines_of_yaml(path: tuple[str | int, ...], place: str, tmp_path: Path) -> None:
    """A fault has the line of its key, or of the nearest table around it."""
    file = tmp_path / "f.yaml"
    file.write_text("a:\n  b: 1\n  list:\n    - x\n    - y\n", encoding="utf-8")

    assert read_source(file).describe(FileFault(path, "x")).removeprefix(f"{tmp_path}/") == place


def test_prefix() -> None:
    """In a pyproject.toml key paths begin with the table's name."""
    source = Source(Path("pyproject.toml"), {}, {}, ("tool", "gateway"))

    assert source.describe(FileFault(("port",), "x")) == "pyproject.toml: tool.gateway.port: x"


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read: No such file"), (b"\xff", "cannot be read: it is not UTF-8 text")]
)
def test_unreadable(content: bytes | None, reason: str, tmp_path: Path) -> None:
    """A file that cannot be read is named with the reason."""
    file = tmp_path / "f.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(UsageError, match=reason):
        read_source(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: \x00", "not YAML: unacceptable character"),
        (b"a: 2025-13-01", "not YAML: month must be in 1..12"),
        (b"a: &a [*a]", "a value contains itself, or is nested too deeply"),
        (b"[1]: {[2]: 3}", "not YAML: found unhashable key"),
    ],
)
def test_odd_yaml(content: bytes, message: str, tmp_path: Path) -> None:
    """What YAML can say but a configuration cannot is a fault of the file, not of the program."""
    file = tmp_path / "f.yaml"
    file.write_bytes(content)

    with pytest.raises(UsageError) as caught:
        read_source(file)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expanded"),
    [
        ("${A}", "1"),
        ("x${A}${A}", "x11"),
        ("$${A}", "${A}"),
        ("$A #{path} $1", "$A #{path} $1"),
        ("${A-b}", "${A-b}"),
        (["${A}", 2, {"k": "${A}"}], ["1", 2, {"k": "1"}]),
        (True, True),
    ],
)
def test_expand(value: object, expanded: object) -> None:
    """Variables are replaced in texts, wherever they stand; nothing else is touched."""
    assert expand(value, {"A": "1"}, []) == expanded


def test_expand_unset() -> None:
    """Each variable that is not set is a fault at its place."""
    faults: list[FileFault] = []
    expand({"a": ["${B}"], "c": "${D}"}, {}, faults)

    assert [fault.path for fault in faults] == [("a", 0), ("c",)]


SOURCE = Source(
    Path("gateway.toml"),
    {"a": {"b": "x ${A}", "c": ["plain", "${B}${A}"], 1: "${C}"}},
    {},
    variables={"A": "opensesame", "B": "7", "C": 'c"\n' * 30},
)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (FileFault(("a", "b"), "found {found}; allowed: y"), "a.b: found 'x ${A}'; allowed: y"),
        (
            FileFault(("a", "b"), "found {found}{derived}; allowed: y", ": of x opensesame"),
            "found 'x ${A}'; allowed: y",
        ),
        (FileFault(("a", "c", 0), "found {found}{derived}", ": it is plain"), "a.c[0]: found 'plain': it is plain"),
        (FileFault(("a",), "it names {found}", below=("c", 1)), "a: it names '${B}${A}'"),
        (FileFault(("a",), "x opensesame is no word"), "a: x ${A} is no word"),
        (FileFault(("a", "1"), "found {found}"), "a.1: found '${C}'"),
        (FileFault(("a", "d"), "found {found}"), "a.d: found nothing"),
        (FileFault(("a", "c", 7), "{found}"), "a.c[7]: nothing"),
        (FileFault((), "found {found}"), "gateway.toml: found a table"),
    ],
)
def test_a_fault_tells_what_the_file_has(fault: FileFault, message: str) -> None:
    """Not what became of it, so that no variable's value is told."""
    assert SOURCE.describe(fault).endswith(message)


def test_variables_in_a_value() -> None:
    """In every text of it; a doubled dollar sign names none."""
    assert variables_in({"a": ["${A} ${B}", 1, None], "b": {"c": "$${C} $D ${1}"}}) == {"A", "B"}
