"""The environment variables of this process, which the functions that run in it share.

While a function goes over to another configuration two of them set the same names; each name has the value of the one
that came last, and the process gets its own back when the last of them has gone.
"""

import contextlib
import os
import threading
from collections.abc import Mapping

_own: dict[str, str | None] = {}
"""What the process itself has under the names that functions have set."""
_set: dict[object, dict[str, str]] = {}
"""What each owner has set; the one that set something last is the last."""
_lock = threading.Lock()


def set_variables(owner: object, variables: Mapping[str, str]) -> None:
    """Set these variables until the owner unsets them; the same owner may set more later, or others."""
    with _lock:
        for name in variables:
            if name not in _own:
                _own[name] = os.environ.get(name)
        _give(owner, variables)


def set_missing_variables(owner: object, variables: Mapping[str, str]) -> None:
    """Set those of these variables that the process itself does not have."""
    with _lock:
        there = set(os.environ)  # a look for each takes twice as long as to set it
        missing = {}
        for name, value in variables.items():
            if name not in _own and name not in there:
                _own[name] = None
            if name in _own and _own[name] is None:
                missing[name] = value
        _give(owner, missing)


def unset_variables(owner: object) -> None:
    """Give every variable that the owner has set the value that it has for others, or that of the process itself."""
    with _lock:
        for name in _set.pop(owner, ()):
            found = [values[name] for values in _set.values() if name in values] if _set else []
            value = found[-1] if found else _own.pop(name)
            if value is not None:
                os.environ[name] = value
            else:
                with contextlib.suppress(KeyError):  # the handler may have removed it
                    del os.environ[name]


def _give(owner: object, variables: Mapping[str, str]) -> None:
    _set[owner] = {**_set.pop(owner, {}), **variables}
    os.environ.update(variables)
