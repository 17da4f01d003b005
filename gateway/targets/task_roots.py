"""From which folders the Python handlers of this process import.

``sys.path`` and ``sys.modules`` are shared by all of them, so a function that goes over to other code takes the old
with it: else modules of the old code would be found for ever.
"""

import importlib
import os
import sys
from pathlib import Path

_roots: dict[str, Path] = {}
"""The task roots in ``sys.path``, by the name of the function that runs there."""


def enter(function: str, root: Path) -> None:
    """Import from the task root first, and from none that the function had before."""
    before = _roots.get(function, root)
    _roots[function] = root
    if before not in _roots.values():
        forget_modules(before)
        sys.path[:] = [folder for folder in sys.path if folder != str(before)]
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))


def leave(function: str, root: Path) -> None:
    """The function has ended; what it has imported stays for who uses it still."""
    if _roots.get(function) == root:
        del _roots[function]


def forget_modules(root: Path) -> None:
    """Import what stands below a folder again when it is asked for, but for packages that are installed there."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if file.startswith(str(root) + os.sep) and f"{os.sep}site-packages{os.sep}" not in file:
            del sys.modules[name]
    importlib.invalidate_caches()
