"""What a reader types at a prompt: commands whose output is shown are run, of others their options are looked at.

No command is run by a shell, and none that a page shows without output is run at all.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from flask.cli import FlaskGroup

from .pages import ROOT, Block, Example, PageError


class Differs(AssertionError):
    """An example does something else than its page says."""


@dataclass(frozen=True)
class Command:
    """A line that a reader types, and what the page shows below it."""

    words: list[str]
    output: str
    line: int


def commands(block: Block) -> list[Command]:
    """The lines that begin with `$`, or all where none does, each with what is shown below it."""
    found: list[Command] = []
    rows = block.text.rstrip("\n").split("\n")
    prompts = any(row.startswith("$ ") for row in rows)
    at = 0
    while at < len(rows):
        row, line = rows[at], block.line + at
        if row.startswith("$ ") or (not prompts and row.strip() and not row.startswith("#")):
            while row.endswith("\\") and at + 1 < len(rows):
                at += 1
                row = row[:-1] + rows[at]
            found.append(Command(shlex.split(row.removeprefix("$ "), comments=True), "", line))
        elif found and prompts:
            found[-1] = Command(found[-1].words, f"{found[-1].output}{row}\n", found[-1].line)
        at += 1
    return [Command(command.words, command.output.strip(), command.line) for command in found]


def run_command(example: Example, command: Command, folder: Path) -> None:
    """Run what shows its output, in a folder; of anything else see to it that it can be typed."""
    words, variables = [*command.words], {}
    while words and (found := re.fullmatch(r"([A-Z_]+)=(.*)", words[0])) is not None:
        variables[found[1]] = found[2]
        del words[0]
    where = f"{example.page}:{command.line}: {shlex.join(command.words)}"
    if not command.output:
        _see_to_it(where, words)
        return
    if words[:1] == ["flask"]:
        words[:1] = ["python", "-m", "flask"]
    if words[:1] != ["python"]:
        raise PageError(f"{where}: what {words[0]!r} prints cannot be looked at; 'not run: why'")
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env=os.environ | variables | {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(f"{command.output}\n", f"{done.stdout.strip()}\n", flags):
        raise Differs(f"{where}\nthe page says\n{command.output}\nthe command\n{done.stdout}")


def _see_to_it(where: str, words: list[str]) -> None:
    """Raise `Differs` for an option that `flask` has not got, and for a target that the Makefile has not got."""
    if words[:1] == ["make"]:
        targets = {word for word in words[1:] if "=" not in word and not word.startswith("-")}
        known = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        if missing := targets.difference(known):
            raise Differs(f"{where}\nthe Makefile has no {', '.join(sorted(missing))}")
    elif words[:1] == ["flask"]:
        group = FlaskGroup()
        try:
            rest = _left(group, words[1:])
            if rest and (command := group.commands.get(rest[0])) is not None:  # others are an app's own
                _left(command, rest[1:])
        except click.UsageError as error:
            raise Differs(f"{where}\n{error.format_message()}") from None


def _left(command: click.Command, words: list[str]) -> list[str]:
    """What a command's options leave of these words; nothing is called."""
    _, left, _ = command.make_parser(click.Context(command, **command.context_settings)).parse_args([*words])
    return left
