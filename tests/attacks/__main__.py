"""``scripts/attack NAME …`` runs ``tests.attacks.NAME.main``."""

import importlib
import sys
from collections.abc import Mapping
from typing import Final

ATTACKS: Final[Mapping[str, str]] = {
    "grammar": "hostile requests against every listener type and the control port",
    "kill": "environments and gateways that are killed under load must leave nothing behind",
    "framing": "conflicts of lengths and codings in front of a back end that records what reaches it",
}
"""The name of a module beside this one → what it does."""


def main(arguments: list[str]) -> int:
    """The exit code: 0 when nothing was found, 1 when something was, 2 when this cannot be run."""
    if not arguments or arguments[0] not in ATTACKS:
        lines = [f"  scripts/attack {name:8} {what}" for name, what in ATTACKS.items()]
        print("scripts/attack: name what to run:", *lines, sep="\n", file=sys.stderr)
        return 2
    module = importlib.import_module(f"tests.attacks.{arguments[0]}")
    return int(module.main(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
