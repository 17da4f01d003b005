"""Whether somebody may be thinking at a breakpoint: a handler then has all the time that it needs."""

import sys


def debugger_attached() -> bool:
    """Whether a debugger for editors is in this process.

    PyCharm's and debugpy are there as modules.  `sys.gettrace` is no sign of one: coverage sets a trace function too.
    """
    return "pydevd" in sys.modules or "debugpy" in sys.modules
