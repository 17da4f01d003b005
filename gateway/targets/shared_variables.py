"""The environment variables of this process, which the functions that run in it share.

While a function goes over to another configuration two of them set the same names; each name has the value of the one
that came last, and the process gets its own back when the last of them has gone.
"""

import os
from collections.abc import Mapping

_own: dict[str, str | None] = {}
_set: dict[str, dict[object, str]] = {}


def set_variables(owner: object, variables: Mapping[str, str]) -> None:
    """Set these variables until the owner unsets them; the same owner may set more later, or others."""
    for name, value in variables.items():
        _own.setdefault(name, os.environ.get(name))
        values = _set.setdefault(name, {})
        values.pop(owner, None)
        values[owner] = os.environ[name] = value


def unset_variables(owner: object) -> None:
    """Give every variable that the owner has set the value that it has for others, or that of the process itself."""
    for name, values in list(_set.items()):
        if values.pop(owner, None) is None:
            continue
        value = next(reversed(values.values()), _own[name])
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
        if not values:
            del _set[name], _own[name]
