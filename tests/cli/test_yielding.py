"""Names of commands that Flask has not taken: an app that has commands of these names keeps them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OWN = """
import click
import flask

app = flask.Flask(__name__)


@app.cli.command("check")
@click.option("--bogus", is_flag=True)
def check(bogus):
    "An own check."
    print("own check", flask.current_app.name, app.debug, bogus)


@app.cli.command("migrate-check")
@click.option("--bogus", is_flag=True)
def migrate_check(bogus):
    "An own migrate-check."
    print("own migrate-check", flask.current_app.name, app.debug, bogus)


@app.cli.command("serve")
@click.option("--bogus", is_flag=True)
def serve(bogus):
    "An own serve."
    print("own serve", flask.current_app.name, app.debug, bogus)
"""
OTHER = "import flask\n\napp = flask.Flask(__name__)\n"


def command(folder: Path, source: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run `flask` on an app in a folder."""
    (folder / "app.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "flask", *args], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["check", "migrate-check", "serve"])
@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ((), (), "app False False"),
        (("--debug",), (), "app True False"),
        ((), ("--bogus",), "app False True"),
    ],
    ids=["plain", "debug", "option"],
)
def test_an_apps_own_command_goes_first(
    tmp_path: Path, name: str, before: tuple[str, ...], after: tuple[str, ...], shown: str
) -> None:
    """It is run as on Flask 3.1, which has no such command: with its own options, in its app's context."""
    done = command(tmp_path, OWN, *before, name, *after)
    assert (done.returncode, done.stdout) == (0, f"own {name} {shown}\n"), done.stderr


@pytest.mark.parametrize("name", ["check", "migrate-check", "serve"])
def test_its_help_is_shown(tmp_path: Path, name: str) -> None:
    """Whoever asks for help sees what would be run."""
    assert f"An own {name}." in command(tmp_path, OWN, name, "--help").stdout


@pytest.mark.parametrize("name", ["check", "migrate-check", "serve"])
def test_other_apps_have_ours(tmp_path: Path, name: str) -> None:
    """A mistake is ours to tell then, and help is there without an app too."""
    done = command(tmp_path, OTHER, name, "--bogus")
    assert done.returncode == 2
    assert "--bogus" in done.stderr
    done = command(tmp_path, "import nothing_of_this_name\n", name, "--help")
    assert done.returncode == 0
    assert f"Usage: python -m flask {name}" in done.stdout
