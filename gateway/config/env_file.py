"""Files of environment variables, as ``--env-file`` and ``env_file`` name them.

python-dotenv reads them, so that a file means here what it means to other tools: quotes, escapes, comments, values of
several lines, ``export``.  A ``$`` stays one, since a password may have it.
"""

from pathlib import Path
from typing import NamedTuple


class EnvFile(NamedTuple):
    """What a file says.

    Attributes:
        variables: By name; of a name that stands twice the last value.
        faults: The numbers of lines that are none of ``NAME=value``, and why; without the line itself, which may hold a
            secret.
    """

    variables: dict[str, str]
    faults: list[tuple[int, str]]


def read_env_file(file: Path) -> EnvFile:
    """Read a file in UTF-8, with or without a byte order mark.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is no text.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 - most functions have no such file

    variables: dict[str, str] = {}
    faults: list[tuple[int, str]] = []
    with file.open(encoding="utf-8-sig") as stream:
        for binding in parse_stream(stream):
            if binding.error or (binding.key is not None and not _is_variable(binding.key, binding.value)):
                text = binding.original.string
                line = binding.original.line + len(text[: len(text) - len(text.lstrip())].splitlines())
                faults.append((line, f"{_mistake(text)}; allowed: NAME=value"))
            elif binding.key is not None and binding.value is not None:
                variables[binding.key] = binding.value
    return EnvFile(variables, faults)


def _is_variable(name: str, value: str | None) -> bool:
    return value is not None and name.isascii() and name.isidentifier()


def _mistake(text: str) -> str:
    name, equals, value = text.strip().removeprefix("export ").partition("=")
    if not equals:
        return "no equals sign"
    if not _is_variable(name.strip().strip("'"), value):
        return f"{name.strip()[:40]!r} is no name of a variable"
    return "a quotation mark that is not closed, or text behind one"
