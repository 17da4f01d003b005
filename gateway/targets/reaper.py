"""Nothing outlives the gateway, even when it is killed without a chance to clean up.

One small shell holds the other end of a pipe and a list of process groups.  When the gateway is gone, for whatever
reason, the pipe ends and the shell kills the groups that are still on its list.  Unlike a parent-death signal this
works for every language, for stopped processes and on macOS.  Then it removes the gateway's control groups, with
whatever is in them, and its workspace.
"""

import asyncio
import contextlib
import os
import subprocess
from pathlib import Path

_SCRIPT = """
trap '' INT TERM HUP
groups=' '
workspace=
while read -r sign what; do
  case $sign in
    +) groups="$groups$what " ;;
    -) groups="${groups%% $what *} ${groups#* $what }" ;;
    /) set -- "$@" "$what" ;;
    !) workspace=$what ;;
  esac
done
exec 2>/dev/null
for group in $groups; do kill -KILL "-$group"; done
for folder do
  tries=100
  for group in "$folder"/[0-9]*/; do
    until rmdir "$group" || [ ! -d "$group" ] || [ $tries = 0 ]; do
      while read -r process; do kill -KILL "$process"; done <"$group/cgroup.procs"
      sleep 0.02
      tries=$((tries - 1))
    done
  done
  rmdir "$folder"
done
[ -z "$workspace" ] || rm -rf "$workspace"
"""


class Reaper:
    """Kills the process groups of a gateway that died."""

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None
        self._first = b""

    def add(self, group: int) -> None:
        """Kill this process group when the gateway is gone; the first one starts the shell."""
        first, self._first = self._first, b""
        self._tell(first + b"+ %d\n" % group)

    def remove(self, group: int) -> None:
        """Forget a group that ended; its number may be given to a stranger."""
        self._tell(b"- %d\n" % group)

    def remove_groups(self, folder: Path) -> None:
        """Remove the control groups in this folder, and the folder, when the gateway is gone."""
        self._remember(b"/ %s\n" % os.fsencode(folder))

    def remove_workspace(self, folder: Path) -> None:
        """Remove a folder with all that is in it, one for each gateway, when the gateway is gone."""
        self._remember(b"! %s\n" % os.fsencode(folder))

    def _remember(self, line: bytes) -> None:
        """A shell that has no process to kill is not needed: the gateway itself removes what it has made."""
        if self._shell is None:
            self._first += line
        else:
            self._tell(line)

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
