"""From a configuration file to settings; every fault of the file is reported at once."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from gateway.config.settings import Settings
from gateway.errors import UsageError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from gateway.config.source import FileFault, Source


def load_settings(file: Path, environ: Mapping[str, str]) -> Settings:
    """Read, check and resolve a ``.toml``, ``.yaml`` or ``.yml`` file; of a pyproject.toml the table [tool.gateway].

    Args:
        file: Relative paths in the file are relative to its folder.
        environ: Where ``${VAR}`` in the file's texts comes from.

    Raises:
        UsageError: One line for each fault: file, line (YAML) and key path, what was found and what is allowed.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - a gateway without a file starts without pydantic

    from gateway.config.faults import faults_of  # noqa: PLC0415
    from gateway.config.freeze import freeze_file  # noqa: PLC0415
    from gateway.config.listeners import with_listener_types  # noqa: PLC0415
    from gateway.config.model import FileModel  # noqa: PLC0415
    from gateway.config.references import reference_faults  # noqa: PLC0415
    from gateway.config.source import expand, read_source, variables_in  # noqa: PLC0415

    source = read_source(file)
    faults = list(source.faults)
    data = expand(source.data, environ, faults)
    variables = {name: environ[name] for name in variables_in(source.data) if name in environ}
    source = source._replace(variables=variables)
    model: BaseModel | None = None
    file_model = with_listener_types(FileModel, data, faults)
    try:
        model = file_model.model_validate(data, context=file.resolve().parent)
    except ValidationError as error:
        faults.extend(faults_of(error, file_model, data))
    faults.extend(reference_faults(data))
    # Files that the settings name are looked at only when the settings themselves are right.
    settings = freeze_file(model, file.resolve(), faults) if model and not faults else None
    if settings is None or faults:
        _refuse(source, faults)
    return replace(settings, variables=variables)


def _refuse(source: "Source", faults: "list[FileFault]") -> NoReturn:
    """Report every fault once."""
    lines = dict.fromkeys(source.describe(fault) for fault in faults)
    raise UsageError("\n".join(lines))
