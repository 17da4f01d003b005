"""How a user names a handler on the command line."""

import re
from pathlib import Path
from typing import NamedTuple

from gateway.errors import UsageError


class HandlerSetting(NamedTuple):
    """A handler as Lambda's Handler setting has it, and a function name made from it."""

    handler: str
    function_name: str


def parse_target(target: str, folder: Path) -> HandlerSetting:
    """Understand ``app.handler``, ``src/app.handler``, ``app.main.handler`` and ``app.main:handler``.

    Raises:
        UsageError: It has no function part, or names a file.
    """
    if (folder / target).is_file():
        raise UsageError(f"{target} is a file; name the handler in it, such as {Path(target).with_suffix('')}.handler")
    module, _, function = target.rpartition(":") if ":" in target else target.rpartition(".")
    if not module or not function.isidentifier():
        raise UsageError(f"{target!r} does not name a handler; write MODULE.FUNCTION, such as app.handler")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", module.replace("/", ".").rpartition(".")[2]) or "function"
    return HandlerSetting(f"{module}.{function}", name)
