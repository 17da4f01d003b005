"""Whether one commit is slower than another: a benchmark of both in turns, each at least five times.

    python benchmarks/compare.py OLD NEW [--benchmark cpu|start|throughput] [--rounds 7] [--fail-above 1.05]
                                         [-- arguments of the benchmark]

OLD and NEW are what git knows as commits; ``.`` is this checkout as it stands.  The files of both go to a temporary
folder, and the benchmark that stands beside this file measures both, so that a change of the benchmark is none of the
gateway.  It is run with this interpreter; when OLD or NEW wants other packages, ``scripts/setup`` gives each its own.

A run of one commit and the next run of the other are a pair; with ``cpu`` both run at once, and their rounds take
turns.  Printed are the medians, where lower is better, and the median of the pairs' ratios.  The spread is that of the
pairs: the range of their ratios without the fifth that is furthest from the median.  A difference below it is none.  Of
two runs of one commit, seven rounds call one figure in a hundred different, five rounds one in fifteen.  The code is 1
when a ratio is above ``--fail-above`` and the difference is not none.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from differences import Difference, difference
from servers import VARIABLES, folder_of, row, table

PROJECT = Path(__file__).resolve().parents[1]
LEAST_ROUNDS = 5
ROUNDS = 7
Result = Mapping[str, Any]
"""What a benchmark prints with ``--json``: ``figures`` by name, in a ``unit``, to be shown times ``scale``."""


class Version(NamedTuple):
    """One side: what was asked for, its files and the interpreter that runs it."""

    name: str
    folder: Path
    python: str

    def run(self, *arguments: str) -> str:
        """What the interpreter prints, with the gateway of these files."""
        variables = VARIABLES | {"PYTHONPATH": str(self.folder)}
        process = subprocess.Popen(
            [self.python, *arguments],
            cwd="/",  # where no other gateway is
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                output, errors = process.communicate()
            finally:
                process.terminate()  # it has a folder of its own to remove
        if process.returncode:
            raise SystemExit(f"{self.name}: {' '.join(arguments)} failed\n{errors[-3000:]}")
        return output


def files_of(name: str, folder: Path) -> Path:
    """The files of a commit, taken out into a new folder."""
    if name == ".":
        return PROJECT
    commit = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    if not commit:
        raise SystemExit(f"{name}: git knows no such commit")
    folder.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=PROJECT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def packages(folder: Path) -> tuple[object, ...]:
    """What a version needs to run."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return project.get("requires-python"), project.get("dependencies")


def versions(names: Sequence[str], run: Path) -> list[Version]:
    """Both sides, ready to run."""
    folders = [files_of(name, run / f"{number}") for number, name in enumerate(names)]
    own = any(packages(folder) != packages(PROJECT) for folder in folders)
    found = []
    for name, folder in zip(names, folders, strict=True):
        python = sys.executable
        if own and folder != PROJECT:
            subprocess.run([folder / "scripts" / "setup"], check=True)
            python = str(folder / ".venv" / "bin" / "python")
        version = Version(name, folder, python)
        place = version.run("-c", "import gateway; print(gateway.__file__)").strip()
        if not Path(place).is_relative_to(folder):
            raise SystemExit(f"{name}: {place} would be measured in its place")
        found.append(version)
    return found


def measure(sides: Sequence[Version], given: argparse.Namespace) -> list[list[Result]]:
    """The results of both sides; what begins a round changes from one to the next."""
    command = [str(Path(__file__).resolve().with_name(f"{given.benchmark}.py")), "--json", *given.arguments]
    results: list[list[Result]] = [[], []]
    for number in range(given.rounds):
        print(f"round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
        first, second = (0, 1) if number % 2 == 0 else (1, 0)
        if given.benchmark == "cpu":
            beside = ["--beside", sides[second].python, str(sides[second].folder)]
            found = json.loads(sides[first].run(*command, *beside))
            results[first].append(found)
            results[second].append(found | {"figures": found["beside"]})
        else:
            for side in (first, second):
                results[side].append(json.loads(sides[side].run(*command)))
    return results


def differences(results: Sequence[Sequence[Result]]) -> dict[str, Difference]:
    """By figure; only what both sides have."""
    old, new = ([result["figures"] for result in side] for side in results)
    names = [name for name in old[0] if all(name in figures for figures in (*old, *new))]
    return {name: difference([it[name] for it in old], [it[name] for it in new]) for name in names}


def show(found: Mapping[str, Difference], names: Sequence[str], scale: float, unit: str) -> None:
    table(f"Median{f', {unit}' if unit else ''}", *names, "ratio", "spread", "difference")
    for name, it in found.items():
        shown = (f"{value * scale:.{1 if value * scale >= 10 else 2}f}" for value in (it.old, it.new))
        row(name, *shown, f"{it.ratio:.3f}", f"{it.spread:.1%}", it.verdict)


def options() -> argparse.Namespace:
    own, rest = sys.argv[1:], []
    if "--" in own:
        place = own.index("--")
        own, rest = own[:place], own[place + 1 :]
    parser = argparse.ArgumentParser(epilog="Arguments after -- go to the benchmark.")
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    parser.add_argument("--benchmark", choices=("cpu", "start", "throughput"), default="cpu")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--fail-above", type=float, metavar="RATIO")
    found = parser.parse_args(own)
    if found.rounds < LEAST_ROUNDS:
        parser.error(f"--rounds: fewer than {LEAST_ROUNDS} say nothing about the spread")
    found.arguments = rest
    return found


def main() -> int:
    given = options()
    names = [given.old, given.new]
    with folder_of({}) as run, contextlib.suppress(KeyboardInterrupt):
        sides = versions(names, run)
        results = measure(sides, given)
        found = differences(results)
        scale = min(result.get("scale", 1.0) for side in results for result in side)
        for side in sides:
            print(f"{side.name}: {side.folder}, {side.python}")
        show(found, names, scale, results[0][0].get("unit", ""))
        worse = [it for it in found.values() if given.fail_above and it.ratio > given.fail_above and not it.is_none]
        return 1 if worse else 0
    return 130


if __name__ == "__main__":
    sys.exit(main())
