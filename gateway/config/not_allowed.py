"""What a check of the configuration file says no with; pydantic is not needed for it."""

from typing import Final

_SHOWN: Final = 60


class NotAllowed(Exception):
    """A value of the file that is not allowed; the arguments are those of `gateway.config.source.FileFault`."""

    def __init__(self, message: str, derived: str = "", below: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.derived = derived
        self.below = below


def shown(value: object) -> str:
    """A value of the file for a message; a text keeps its backslashes single."""
    if isinstance(value, (dict, list)):
        return ("a table" if isinstance(value, dict) else "a list") if value else "an empty list"
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    text = f"'{value}'" if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
