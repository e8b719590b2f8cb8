"""`flask shell`."""

from __future__ import annotations

import os
import sys
import types
import typing as t

import pytest
from click.testing import CliRunner

from flask import Flask
from flask.cli import FlaskGroup

from .conftest import Command, Write

APP = """
from flask import Flask
app = Flask(__name__)
@app.shell_context_processor
def more():
    return {"extra": 42}
"""


def test_names_and_banner(write: Write, command: Command) -> None:
    """The shell has the app, `g` and what processors add, and the banner says where one is."""
    write("app.py", APP)
    done = command("shell", stdin="print(app.name, g, extra)\nprint(current_app)\n")
    assert done.returncode == 0
    assert "app <flask.g of 'app'> 42" in done.stdout
    assert "NameError" in done.stderr
    assert f"Python {sys.version} on {sys.platform}\n" in done.stderr
    assert "App: app" in done.stderr
    assert f"Instance: {os.sep}" in done.stderr or sys.platform == "win32"


def test_startup_file(write: Write, command: Command) -> None:
    """The file that PYTHONSTARTUP names runs first; the app's names win."""
    write("app.py", APP)
    start = write("start.py", "# coding: latin-1\nmine, app = 'é', None\n")
    start.write_bytes(start.read_text("utf-8").encode("latin-1"))
    done = command("shell", stdin="print(ascii(mine), app.name)\n", PYTHONSTARTUP=str(start))
    assert "'\\xe9' app" in done.stdout
    assert command("shell", stdin="print(1)\n", PYTHONSTARTUP="nope").returncode == 0


@pytest.mark.parametrize("name", ["IPython", "ptpython"])
def test_a_better_shell_where_someone_sits(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """IPython or ptpython get the same names, if installed and stdin is a terminal."""
    calls: list[dict[str, t.Any]] = []
    for module in ("IPython", "ptpython", "ptpython.repl"):
        monkeypatch.setitem(sys.modules, module, None)
    fake = types.ModuleType("fake")
    fake.start_ipython = lambda **options: calls.append(options["user_ns"])  # type: ignore[attr-defined]
    fake.embed = lambda **options: calls.append(options["globals"])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython" if name == "IPython" else "ptpython.repl", fake)
    if name == "ptpython":
        monkeypatch.setitem(sys.modules, "ptpython", fake)
    monkeypatch.delitem(sys.modules, "code", raising=False)

    app = Flask("a")
    group = FlaskGroup(create_app=lambda: app)
    monkeypatch.setattr("flask.cli.shell._person_at_terminal", lambda: True)
    result = CliRunner().invoke(group, ["shell"])
    assert result.exception is None
    assert "App: a" in result.output
    assert calls[0]["app"] is app


def test_the_plain_shell_completes_the_apps_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interactive hook runs, and completion goes by the shell's names."""
    pytest.importorskip("readline")
    import readline

    ran: list[str] = []
    monkeypatch.setattr(sys, "__interactivehook__", lambda: ran.append("hook"), raising=False)
    before = readline.get_completer()
    try:
        result = CliRunner().invoke(FlaskGroup(create_app=lambda: Flask("a")), ["shell"], input="\n")
        completer = readline.get_completer()
    finally:
        readline.set_completer(before)
    assert result.exception is None
    assert ran == ["hook"]
    assert completer is not None
    assert completer("app.import_na", 0) == "app.import_name"
