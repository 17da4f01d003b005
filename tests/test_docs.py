"""The documentation says what the code does."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gateway.cli import gateway

PROJECT = Path(__file__).parent.parent
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("**/*.md")])


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """A group and every command below it, by what is typed."""
    yield name, group
    context = click.Context(group)
    for part in group.list_commands(context):
        found = group.get_command(context, part)
        if isinstance(found, click.Group):
            yield from commands(found, f"{name} {part}")
        elif found:
            yield f"{name} {part}", found


COMMANDS = {
    name: command
    for name, command in commands(gateway, "gateway")
    # The events of services are made from templates, options included; `docs/testing.md` lists them.
    if not name.startswith("gateway event ") or name == "gateway event http"
}


def flags_of(command: click.Command) -> set[str]:
    """The options that the code knows, long and short."""
    context = click.Context(command, help_option_names=gateway.context_settings["help_option_names"])
    return {flag for option in command.get_params(context) for flag in option.opts if flag.startswith("-")}


def documented_flags(command: str) -> set[str]:
    """The options in the first cells of the tables of a command's section."""
    sections = re.split(r"^## ", (PROJECT / "docs" / "cli.md").read_text(), flags=re.MULTILINE)
    section = next((text for text in sections if text.startswith(f"`{command}`\n")), "")
    cells = re.findall(r"^\|([^|]+)\|", section, re.MULTILINE)
    return {flag for cell in cells for flag in re.findall(r"(?<![\w-])--?[A-Za-z][a-z-]*", cell)}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_documented_and_no_other(command: str) -> None:
    """docs/cli.md has a section for each command and a row for each of its options."""
    assert documented_flags(command) == flags_of(COMMANDS[command])


def test_the_tables_of_fidelity_are_up_to_date() -> None:
    """Every case file is in the page; ``scripts/fidelity`` writes it."""
    done = subprocess.run(
        [sys.executable, PROJECT / "scripts" / "fidelity", "--check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    """A link to a file names a file, and one to a heading a heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def anchors(page: Path) -> set[str]:
    """The headings of a page as links write them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_linked_from_the_index() -> None:
    """A page that nothing leads to is not read."""
    index = (PROJECT / "docs" / "index.md").read_text()
    pages = {page.name for page in (PROJECT / "docs").glob("*.md")} - {"index.md"}

    assert pages == {name for name in re.findall(r"\]\(([\w-]+\.md)\)", index) if name in pages}
