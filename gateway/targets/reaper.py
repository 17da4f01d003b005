"""Nothing outlives the gateway, even when it is killed without a chance to clean up.

One small shell holds the other end of a pipe and a list of process groups.  When the gateway is gone, for whatever
reason, the pipe ends and the shell kills the groups that are still on its list.  Unlike a parent-death signal this
works for every language, for stopped processes and on macOS.
"""

import asyncio
import contextlib
import subprocess

_SCRIPT = """
trap '' INT TERM HUP
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -KILL "-$group"; done 2>/dev/null
"""


class Reaper:
    """Kills the process groups of a gateway that died."""

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None

    def add(self, group: int) -> None:
        """Kill this process group when the gateway is gone."""
        self._tell(b"+ %d\n" % group)

    def remove(self, group: int) -> None:
        """Forget a group that ended; its number may be given to a stranger."""
        self._tell(b"- %d\n" % group)

    def _tell(self, line: bytes) -> None:
        if self._shell is None:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                bufsize=0,
            )
        with contextlib.suppress(BrokenPipeError):
            assert self._shell.stdin  # noqa: S101 - it was asked for
            self._shell.stdin.write(line)

    async def aclose(self) -> None:
        """End the shell; groups that were not removed are killed."""
        if self._shell is not None:
            shell, self._shell = self._shell, None
            assert shell.stdin  # noqa: S101 - it was asked for
            shell.stdin.close()
            await asyncio.to_thread(shell.wait)
