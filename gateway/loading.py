"""Things by the name of their place, ``package.module:Name``, imported when they are used.

The tables of the ground floor name what stands above them in this way, and a configuration names what comes from
outside the package.
"""

from importlib import import_module
from typing import Any

from gateway.errors import UsageError


def is_place(name: str) -> bool:
    """Whether a name has the form ``package.module:Name``."""
    module, colon, attribute = name.partition(":")
    return bool(colon) and attribute.isidentifier() and all(part.isidentifier() for part in module.split("."))


def load(place: str) -> Any:  # noqa: ANN401 - whatever stands there
    """What a place names.

    Raises:
        UsageError: It cannot be imported, or its module has no such name; the message says what to look at.  What a
            module raises when it is imported is the cause.
    """
    name, _, attribute = place.partition(":")
    try:
        module = import_module(name)
    except UsageError:
        raise
    except ImportError as error:
        raise UsageError(
            f"{place} cannot be imported: {error}; install its package, or put it on PYTHONPATH"
        ) from error
    except Exception as error:
        raise UsageError(f"{place} cannot be imported: {name} raises {type(error).__name__}: {error}") from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise UsageError(f"{place}: the module {name} has no {attribute!r}; write package.module:Name") from error
