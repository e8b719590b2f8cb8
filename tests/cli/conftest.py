"""What the tests of the command share: a folder of one's own, a clean environment, and the command as a process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import flask.cli.environment

Write = Callable[[str, str], Path]
Command = Callable[..., "subprocess.CompletedProcess[str]"]

FROM_THE_COMMAND = ("FLASK", "WERKZEUG", "_FLASK", "PYTHONSTARTUP", "T_")


@pytest.fixture(autouse=True)
def clean_process(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Undo what a command leaves behind in its process: variables, the import path, the user's modules."""
    environ, path, modules = dict(os.environ), list(sys.path), set(sys.modules)
    for name in environ:
        if name.startswith(FROM_THE_COMMAND):
            del os.environ[name]
    monkeypatch.setattr(flask.cli.environment, "_set_here", {})
    monkeypatch.setattr(flask.cli.environment, "_files_read", [])
    yield
    os.environ.clear()
    os.environ.update(environ)
    sys.path[:] = path
    tests_own = os.path.realpath(tmp_path_factory.getbasetemp())
    for name in set(sys.modules) - modules:
        module = sys.modules[name]
        place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
        if os.path.realpath(place).startswith(tests_own):
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the working directory."""
    path = Path(os.path.realpath(tmp_path))
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def write(folder: Path) -> Write:
    """Write a file, given by its path below the folder."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def runner() -> CliRunner:
    """Run a command within this process."""
    return CliRunner()


def child_environment(**env: str) -> dict[str, str]:
    """The environment for a process of the command: ours without what the tests are about."""
    base = {name: value for name, value in os.environ.items() if not name.startswith(FROM_THE_COMMAND)}
    return {**base, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", **env}


@pytest.fixture
def command(folder: Path) -> Command:
    """Run `python -m flask` as a process of its own, in the folder or below it."""

    def command(*args: str, stdin: str = "", below: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flask", *args],
            cwd=folder / below,
            env=child_environment(**env),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return command
