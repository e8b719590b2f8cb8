"""The command itself: without an app, on another interpreter, and beside an app's own command of its name."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from flask import Flask
from tests import oracle

ARGUMENTS = ["migrate-check"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, app: Flask | None = None) -> tuple[int, str]:
    """The exit status and the output of the command."""
    from click.testing import CliRunner

    from flask.cli import FlaskGroup

    group = FlaskGroup(create_app=(lambda: app) if app is not None else None)
    done = CliRunner().invoke(group, [*ARGUMENTS, *arguments])
    return done.exit_code, done.output


def test_it_needs_no_app(project: Path) -> None:
    """In a folder without an app it judges the environment."""
    status, output = run()
    assert "Flask-Login" in output
    assert status == (1 if "stand against" in output or "stands against Flask" in output else 0)


def test_another_environment(project: Path) -> None:
    """`--python` takes an interpreter or an environment's folder."""
    interpreter = oracle.require()
    for named in (interpreter, interpreter.parent.parent):
        status, output = run("--python", str(named), "--json")
        told = json.loads(output)
        assert (status, told["installed"], told["failed"]) == (0, oracle.UPSTREAM, False)


@pytest.mark.parametrize("named", ["no such file", __file__])
def test_what_is_no_interpreter(project: Path, named: str) -> None:
    """What cannot be run is a mistake of the command line."""
    status, output = run("--python", named)
    assert status == 2
    assert "does not say what it has" in output


def test_the_projects_own_code(project: Path) -> None:
    """The Python files of the folder are read, also below, and those of the app where it lies elsewhere."""
    (project / "shop").mkdir()
    (project / "shop" / "views.py").write_text("from flask import _nothing\n")
    status, output = run("--python", sys.executable)
    assert status == 1
    assert "shop/views.py:1" in output


def test_an_apps_own_command_goes_first(project: Path) -> None:
    """An app that has a command of this name keeps it."""
    app = Flask("shop")
    app.cli.command("migrate-check")(lambda: print("own"))
    assert run(app=app) == (0, "own\n")
