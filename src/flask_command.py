"""The `flask` script: it tells the installed versions without importing what they are of; all else `flask.cli` does.

It stands outside of the package, since whatever stands within imports the whole of it first. It knows no other option.
"""

from __future__ import annotations

import os
import sys


def versions() -> str:
    """The versions of Python and of the installed Flask and Werkzeug, a line for each."""
    from importlib.metadata import version

    python, _, _ = sys.version.partition(" ")
    return f"Python {python}\nFlask {version('flask')}\nWerkzeug {version('werkzeug')}"


def main() -> None:
    """Run the `flask` command on `sys.argv`."""
    # PERF: half the time; the shell's completion, which a variable asks for, is click's.
    if sys.argv[1:] == ["--version"] and "_FLASK_COMPLETE" not in os.environ:
        print(versions())  # noqa: T201 - it is what the command prints
        return
    from flask.cli import main as command

    command()
