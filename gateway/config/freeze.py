"""What only a whole file tells: names of functions and target groups, and the files beside it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from gateway.config.env_file import read_env_file
from gateway.config.settings import FunctionSettings, Settings
from gateway.config.source import FileFault, KeyPath
from gateway.config.tables import given


def freeze_file(model: BaseModel, file: Path, faults: list[FileFault]) -> Settings:
    """The settings of a checked file; what its other files lack is added to ``faults``."""
    settings = Settings(file, **given(model, Settings))
    functions = {
        name: _function(replace(it, name=name), file.parent, faults) for name, it in settings.functions.items()
    }
    groups = {name: it._replace(name=name) for name, it in settings.target_groups.items()}
    return replace(settings, functions=functions, target_groups=groups)


def _function(function: FunctionSettings, folder: Path, faults: list[FileFault]) -> FunctionSettings:
    """The same with its code, which may be the folder itself, and the variables of its file."""
    place: KeyPath = ("functions", function.name)
    function = replace(function, code=(folder / function.code).resolve())
    layers = (((*place, "layers", number), layer) for number, layer in enumerate(function.layers))
    for where, path in (((*place, "code"), function.code), *layers):
        if not path.exists():
            faults.append(
                FileFault(where, "there is no {found}{derived}; allowed: a folder or a zip file", f" ({path})")
            )
    variables = _variables(function.env_file, (*place, "env_file"), faults) if function.env_file else {}
    return replace(function, environment={**variables, **function.environment})


def _variables(file: Path, place: KeyPath, faults: list[FileFault]) -> Mapping[str, str]:
    try:
        variables, mistakes = read_env_file(file)
    except (OSError, UnicodeDecodeError):
        text = "cannot read {found}{derived}; allowed: a text file of NAME=value lines"
        faults.append(FileFault(place, text, f" ({file})"))
        return {}
    named = f" ({file})"
    faults.extend(FileFault(place, f"line {line} of {{found}}{{derived}}: {what}", named) for line, what in mistakes)
    return variables
