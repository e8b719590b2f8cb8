"""The checks that read sources, over fixtures that mark what must be found in them."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import flask
from flask.cli.check import sources
from flask.cli.check.findings import Finding, Kind
from flask.cli.check.syntax import kinds

from ..conftest import Command, Write

FIXTURES = Path(__file__).with_name("fixtures")
OF_SOURCES = {kind.id for kind in vars(kinds).values() if isinstance(kind, Kind)}
# What says something of the reading itself has tests of its own.
WITH_FIXTURES = sorted(id for id in OF_SOURCES if not id.startswith("flask.X"))
MARK = re.compile(r"\bfound: (?P<id>flask\.[A-Z]\d{3})(?:, (?P<above>\d+) lines above)?")

PYTHON = sorted(FIXTURES.glob("*/*.py"))
TEMPLATES = sorted(path for path in FIXTURES.glob("*/*") if path.is_file() and path.suffix not in (".py", ".pyc"))

Load = Callable[[Path], ModuleType]
Places = set[tuple[str, int, str]]


def marked(*paths: Path) -> Places:
    """What fixtures say is to be found in them: file, line, id."""
    return {
        (path.name, number - int(match["above"] or 0), match["id"])
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in MARK.finditer(line)
    }


def places(findings: list[Finding]) -> Places:
    """The same of findings."""
    return {(Path(finding.where.file or "").name, finding.where.line or 0, finding.id) for finding in findings}


@pytest.fixture
def imported() -> Iterator[Load]:
    """Import a file as a module, for the length of a test."""
    names: list[str] = []

    def load(path: Path) -> ModuleType:
        name = f"fixture_{path.parent.name}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        names.append(name)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield load
    for name in names:
        del sys.modules[name]


def app_of_folder(folder: Path) -> flask.Flask:
    """An app without views, whose templates are the files of a folder."""
    return flask.Flask("templates_alone", root_path=str(folder), template_folder=str(folder))


@pytest.mark.parametrize("id", WITH_FIXTURES)
def test_each_check_has_fixtures_of_both_kinds(id: str) -> None:
    """Of each check it is shown what it finds, and what it leaves alone."""
    folder = FIXTURES / id.removeprefix("flask.")
    found = marked(*(path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"))
    assert id in {id for _, _, id in found}
    assert any(folder.glob("left_alone*"))


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_in_python_what_is_marked_is_found_and_nothing_else(path: Path, imported: Load) -> None:
    """Each marked line of a Python file, and of the templates that belong to it, has its finding; no other has one."""
    app = imported(path).app
    belonging = path.with_suffix("")
    templates = sorted(belonging.iterdir()) if belonging.is_dir() else []
    if not templates:
        app.template_folder = "no such folder"
    expected = marked(path, *templates)
    assert bool(expected) is path.name.startswith("found")
    assert places(sources.find(app, [path])) == expected


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_in_templates_what_is_marked_is_found_and_nothing_else(path: Path, tmp_path: Path) -> None:
    """Each marked line of a template has its finding, and no other line has one."""
    shutil.copy(path, tmp_path)
    expected = marked(path)
    assert bool(expected) is path.name.startswith("found")
    assert places(sources.find(app_of_folder(tmp_path), [])) == expected


def test_the_command_tells_what_sources_hold(command: Command, write: Write) -> None:
    """`flask check` reads the app's own files and templates, shows places from the project on, fails by level."""
    write(
        "shop/__init__.py",
        """
        from flask import Flask, render_template, request

        app = Flask(__name__)


        @app.route("/")
        def index():
            from .pages import shown

            return shown(render_template("index.html", title=request.args.get("title")))
        """,
    )
    write("shop/pages.py", "from markupsafe import Markup\nfrom flask import request\nshown = Markup\n")
    write("shop/views/late.py", "from flask import request\ndef view():\n    return eval(request.data)\n")
    write("shop/templates/index.html", "<h1>\n{{ title|safe }}</h1>")
    write("venv/lib/site-packages/other.py", "from flask import request\ndef view():\n    return eval(request.data)\n")
    result = command("--app", "shop", "check", "--json", "--fail-level", "error")
    found = json.loads(result.stdout)["findings"]
    assert [(each["id"], each["where"]["file"], each["where"]["line"]) for each in found if each["where"]["file"]] == [
        ("flask.T001", "shop/templates/index.html", 2),
        ("flask.F003", "shop/views/late.py", 3),
    ]
    assert found[-2]["message"] == (
        "'title', which is request.args['title'] in shop/__init__.py:11, is declared to be safe."
    )
    assert result.returncode == 1
