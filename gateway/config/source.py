"""Reading a configuration file: TOML, YAML or ``[tool.gateway]`` of a pyproject.toml, with the place of every value."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

import yaml

from gateway.config.hidden import hidden
from gateway.config.not_allowed import shown
from gateway.errors import UsageError

Key: TypeAlias = str | int
KeyPath: TypeAlias = tuple[Key, ...]

_VARIABLE: Final = re.compile(r"\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})")


class FileFault(NamedTuple):
    """One thing that is wrong: where, and what was found and what is allowed in one line.

    What was found is never written into the message, but told as the file has it, so that nobody reads the value of a
    ``${VAR}``: `Source.describe` puts it in.

    Attributes:
        message: Has ``{found}`` where the value stands that the file has, and ``{derived}`` where ``derived`` does.
        derived: What was made out of the value; left out where the file has a variable.
        below: Where the value stands, from the path on.
    """

    path: KeyPath
    message: str
    derived: str = ""
    below: KeyPath = ()


class Source(NamedTuple):
    """A file's content and the lines of its keys.

    Attributes:
        lines: The line of each key path; empty for TOML, whose parser does not tell.
        prefix: What stands before every key path, ``tool.gateway`` in a pyproject.toml.
        faults: Keys that are written twice in YAML.
        variables: The variables that the file names, and their values.
    """

    file: Path
    data: object
    lines: Mapping[KeyPath, int]
    prefix: KeyPath = ()
    faults: tuple[FileFault, ...] = ()
    variables: Mapping[str, str] = MappingProxyType({})

    def describe(self, fault: FileFault) -> str:
        """``file:line: key.path: message``; without a line for TOML."""
        line = self._line(fault.path)
        place = f"{self.file}:{line}" if line else str(self.file)
        where = dotted(self.prefix + fault.path)
        message = self._message(fault)
        return f"{place}: {where}: {message}" if where else f"{place}: {message}"

    def _message(self, fault: FileFault) -> str:
        found = _at(_at(self.data, fault.path), fault.below)
        named = [name for name in variables_in(found) if name in self.variables]
        parts = {"{found}": shown(found), "{derived}": "" if named else fault.derived}
        message = re.sub(r"\{found\}|\{derived\}", lambda mark: parts[mark[0]], fault.message)
        around = variables_in(_at(self.data, fault.path))
        return hidden(message, {name: self.variables[name] for name in around if name in self.variables})

    def _line(self, path: KeyPath) -> int:
        """The line of the key, or of the nearest table around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def _at(data: object, path: KeyPath) -> object:
    """What stands at a place of the file, None when nothing does; keys count as texts."""
    for key in path:
        if isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        elif isinstance(data, dict):
            data = next((value for name, value in data.items() if str(name) == str(key)), None)
        else:
            return None
    return data


def dotted(path: KeyPath) -> str:
    """``listeners[0].rules[1].priority``; keys that are not plain words stand in quotation marks."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            word = key if re.fullmatch(r"[A-Za-z0-9_$-]+", key) else f'"{key}"'
            text += f".{word}" if text else word
    return text


def read_source(file: Path) -> Source:
    """Read and parse a file by its suffix.

    Raises:
        UsageError: It cannot be read, or it is not TOML or YAML.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{file}: cannot be read: {reason}") from None
    if file.suffix in (".yaml", ".yml"):
        return _read_yaml(file, text)
    if file.suffix == ".toml":
        return _read_toml(file, text)
    raise UsageError(f"{file}: the name must end in .toml, .yaml or .yml")


def _read_toml(file: Path, text: str) -> Source:
    try:
        data: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not TOML: {error}") from None
    if file.name != "pyproject.toml":
        return Source(file, data, {})
    for key in ("tool", "gateway"):
        data = data.get(key) if isinstance(data, dict) else None
    if data is None:
        raise UsageError(f"{file}: there is no table [tool.gateway] in it")
    return Source(file, data, {}, ("tool", "gateway"))


def _read_yaml(file: Path, text: str) -> Source:
    try:
        data, node = _parse_yaml(text)
        keys = list(_key_lines(node, ()))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{file}:{mark.line + 1}" if mark else str(file)
        raise UsageError(f"{place}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2025-13-01
        raise UsageError(f"{file}: not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise UsageError(f"{file}: a value contains itself, or is nested too deeply") from None
    lines: dict[KeyPath, int] = {}
    faults: list[FileFault] = []
    for path, line in keys:
        if path in lines and not any(path[: len(fault.path)] == fault.path for fault in faults):
            faults.append(FileFault(path, f"this key is already there, in line {lines[path]}"))
        lines[path] = line
    return Source(file, data, lines, (), tuple(faults))


def _parse_yaml(text: str) -> tuple[object, yaml.Node | None]:
    """The data, and the nodes that know their lines."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        return ({} if node is None else loader.construct_document(node)), node
    finally:
        loader.dispose()


def _key_lines(node: yaml.Node | None, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    """Every key and list item with its line, counted from 1."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _key_lines(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, index), item.start_mark.line + 1
            yield from _key_lines(item, (*path, index))


def variables_in(value: object) -> set[str]:
    """The names of the variables in every text of a value, as the file has it."""
    if isinstance(value, dict):
        return set().union(*map(variables_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(variables_in, value))
    return {name for _, name in _VARIABLE.findall(value) if name} if isinstance(value, str) else set()


def expand(value: object, environ: Mapping[str, str], faults: list[FileFault], path: KeyPath = ()) -> object:
    """The value with ``${VAR}`` replaced in every text of it; ``$${`` stands for ``${``.

    Variables that are not set are added to ``faults``.
    """
    if isinstance(value, dict):
        return {str(key): expand(item, environ, faults, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item, environ, faults, (*path, index)) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def replace(found: re.Match[str]) -> str:
        if found[2] is None:
            return "${"
        if found[2] not in environ:
            advice = f"set it, or write $${{{found[2]}}} for the text itself"
            faults.append(FileFault(path, f"the environment variable {found[2]} is not set; {advice}"))
        return environ.get(found[2], "")

    return _VARIABLE.sub(replace, value)
