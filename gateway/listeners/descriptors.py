"""How many file descriptors this process may have, and whether they are about to run out.

Facts: getrlimit(2) has a soft limit, 1,024 on most systems, which a process may raise up to its hard limit; a new
descriptor has the lowest number that is free.  A client's connection takes one, an execution environment about six.
"""

import errno
import os
import sys
from typing import Final

ENOUGH: Final = 1 << 20
"""More than any gateway has connections; some containers allow a billion."""
_BACKLOG: Final = 2048


def raise_limit() -> None:
    """Let this process have as many as its user may."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS has a lower one that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 10_240)), hard))


class Descriptors:
    """What a port may take of them.

    Attributes:
        backlog: How many connections may wait to be accepted, and are then accepted in one turn.
        limit: Of the process; 0 where nobody knows.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = _limit() if limit is None else limit
        self.backlog = min(_BACKLOG, self.limit // 4) if self.limit else _BACKLOG
        self._last = self.limit - self.backlog - self.limit // 8 if self.limit else sys.maxsize

    def are_few(self) -> bool:
        """Whether no more connections are to be accepted: the rest is for those that wait, and for environments."""
        try:
            free = os.dup(0)
        except OSError as error:
            return error.errno in {errno.EMFILE, errno.ENFILE}
        os.close(free)
        return free >= self._last


def _limit() -> int:
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - not on Windows

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 0 if soft == resource.RLIM_INFINITY else soft
