"""The command as a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from .conftest import Command, Write

APP = "from flask import Flask\napp = Flask(__name__)\n"


def test_module_and_help(write: Write, command: Command) -> None:
    """`python -m flask` is the command, and its help names the options and commands."""
    write("app.py", APP)
    done = command("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: python -m flask [OPTIONS] COMMAND [ARGS]...\n")
    for name in ("--env-file", "--app", "--debug / --no-debug", "--version", "run", "serve", "shell", "routes"):
        assert re.search(rf"^ +(-\w, )?{re.escape(name)}\b", done.stdout, re.MULTILINE), name


@pytest.mark.parametrize("text", ["1 / 0\n", "def broken(): 1 / 0\nbroken()\n"])
def test_an_error_in_the_app_shows_the_app(write: Write, command: Command, text: str) -> None:
    """The traceback of an app that cannot be imported has two frames of ours above it, and none of click."""
    write("app.py", text)
    done = command("routes")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert f"{os.sep}app.py" in done.stderr
    assert f"{os.sep}click{os.sep}" not in done.stderr
    assert done.stderr.count(os.path.join("flask", "cli", "")) <= 1


def test_a_syntax_error_shows_its_line(write: Write, command: Command) -> None:
    """A syntax error is shown with its file and line."""
    write("app.py", "def (\n")
    done = command("routes")
    assert done.returncode == 1
    assert 'app.py", line 1' in done.stderr
    assert f"{os.sep}click{os.sep}" not in done.stderr


def test_leaving_while_imported(write: Write, command: Command) -> None:
    """An app that ends the process when imported does end it, with its own status."""
    write("app.py", "raise SystemExit(7)\n")
    assert command("routes").returncode == 7


def test_an_error_in_a_command_keeps_its_cause(write: Write, command: Command) -> None:
    """What a user's command raises is shown with what it came from."""
    write(
        "app.py",
        f"""
        {APP.replace(chr(10), chr(10) + " " * 8)}
        @app.cli.command()
        def fail():
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise LookupError("after") from error
        """,
    )
    done = command("fail")
    assert done.returncode == 1
    assert "direct cause" in done.stderr
    assert done.stderr.endswith("LookupError: after\n")


LOADED_BY_THE_COMMAND = """
import sys
import click, flask.globals, flask.helpers  # what it stands on, and whatever that brings
heavy = {"ssl", "cryptography", "importlib.metadata", "code", "readline", "dotenv", "platform", "subprocess", "difflib"}
heavy.add("werkzeug.serving")
for name in {name for name in sys.modules if name.startswith("flask.cli")} | heavy:
    sys.modules.pop(name, None)
import flask.cli
print(heavy & sys.modules.keys())
"""


def test_nothing_heavy_is_imported() -> None:
    """Loading the command loads nothing that only one of its parts needs."""
    done = subprocess.run([sys.executable, "-c", LOADED_BY_THE_COMMAND], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_run_is_ignored_while_imported(write: Write, command: Command) -> None:
    """`app.run()` in a module that the command imports is passed over with a note."""
    write("app.py", f"{APP}app.run()\n")
    done = command("routes")
    assert done.returncode == 0
    assert "app.run()" in done.stdout + done.stderr
    assert "/static/<path:filename>" in done.stdout
