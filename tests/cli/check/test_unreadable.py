"""Sources that cannot be read: said to be so, and never the end of a check."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import BaseLoader, ChoiceLoader, DictLoader, Environment, FunctionLoader, TemplateNotFound
from jinja2.ext import Extension

import flask
from flask.cli.check import sources
from flask.cli.check.syntax import python_file, template_files

UNSAFE = b"from flask import request\nfrom markupsafe import Markup\ndef f():\n    Markup(request.args['a'])\n"


def found(folder: Path, *paths: Path | str, app: flask.Flask | None = None) -> list[tuple[str, str | None, int | None]]:
    """What is found in Python files, and in the templates of an app."""
    app = app or flask.Flask("app_of_files", root_path=str(folder))
    return [(finding.id, finding.where.file, finding.where.line) for finding in sources.find(app, paths, folder)]


@pytest.mark.parametrize(
    "content",
    [
        b"def broken(:\n",
        b"print 'of Python 2'\n",
        b"x = '\xe4'\n",
        b"# coding: klingon\nx = 1\n",
        b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
        b"x = '\xff\xfe'\n",
        b"x = 1\0\n",
        UNSAFE.decode().encode("utf-16"),
        b"x = " + b"(" * 5_000 + b")" * 5_000,
        b"x = " + b"-" * 20_000 + b"1",
        b"x = " + b"+".join([b"'a'"] * 30_000),
    ],
    ids=range(11),
)
def test_python_that_cannot_be_read_is_told(folder: Path, content: bytes) -> None:
    """Whatever is wrong with a file, it is one finding of level info, and the next file is read."""
    (folder / "bad.py").write_bytes(content)
    (folder / "good.py").write_bytes(UNSAFE)
    (bad, good) = found(folder, folder / "bad.py", folder / "good.py")
    assert bad[:2] == ("flask.X010", "bad.py")
    assert good == ("flask.T002", "good.py", 4)


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "latin-1", "utf-8", "cp1252", "euc-jp"],
    ids=["BOM", "latin-1", "utf-8", "cp1252", "euc-jp"],
)
def test_encodings_are_read_as_python_reads_them(folder: Path, encoding: str) -> None:
    """A file is decoded by its byte order mark or its coding comment (PEP 263); lines count as Python counts them."""
    words = "日本" if encoding == "euc-jp" else "äöü"
    head = "" if encoding in ("utf-8", "utf-8-sig") else f"# -*- coding: {encoding} -*-\r\n"
    text = f"{head}x = '{words}\\x0c'\r\n" + UNSAFE.decode().replace("\n", "\r\n")
    (folder / "app.py").write_bytes(text.encode(encoding))
    assert found(folder, folder / "app.py") == [("flask.T002", "app.py", 6 if head else 5)]


def test_what_is_no_file_is_told(folder: Path) -> None:
    """A file that is missing, a folder and a link that leads to itself are told like a file that is broken."""
    os.mkdir(folder / "folder.py")
    names = ["missing.py", "folder.py"]
    if sys.platform != "win32":
        os.symlink("loop.py", folder / "loop.py")
        os.mkfifo(folder / "pipe.py")
        names += ["loop.py", "pipe.py"]
    assert found(folder, *(folder / name for name in names)) == [("flask.X010", name, 1) for name in names]


def test_a_huge_file_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound on what is read of a file, of Python and of templates; beyond it the file is told."""
    monkeypatch.setattr(python_file, "READ_AT_MOST", len(UNSAFE))
    monkeypatch.setattr(template_files, "READ_AT_MOST", 30)
    (folder / "as_long.py").write_bytes(UNSAFE)
    (folder / "longer.py").write_bytes(UNSAFE + b"\n")
    os.mkdir(folder / "templates")
    (folder / "templates" / "page.html").write_text("{{ request.args.a|safe }}" + "x" * 6)
    assert found(folder, folder / "as_long.py", folder / "longer.py") == [
        ("flask.T002", "as_long.py", 4),
        ("flask.X010", "longer.py", 1),
        ("flask.X010", "templates/page.html", 1),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"<p>\n{% if %}</p>", 2),
        (b"<p>\n\n{% unknown_tag %}</p>", 3),
        (b"{{ 'open", 1),
        (b"<p>\xff\xfe</p>", 1),
        (b"{{ " + b"(" * 3_000 + b"1" + b")" * 3_000 + b" }}", 1),
        (b"{{ " + b" ~ ".join([b"a"] * 5) + b" + 1" * 20_000 + b" }}", 1),
    ],
    ids=range(6),
)
def test_templates_that_cannot_be_read_are_told(folder: Path, content: bytes, line: int) -> None:
    """A page that Jinja cannot parse is told with its line; the other templates are read."""
    os.mkdir(folder / "templates")
    (folder / "templates" / "bad.html").write_bytes(content)
    (folder / "templates" / "good.html").write_text("{{ request.args.a|safe }}")
    assert found(folder) == [("flask.X010", "templates/bad.html", line), ("flask.T001", "templates/good.html", 1)]


def test_unknown_filters_and_tests_are_no_error(folder: Path) -> None:
    """What a filter does is not asked, so it need not exist."""
    os.mkdir(folder / "templates")
    (folder / "templates" / "a.html").write_text("{{ x|no_such_filter is no_such_test }}\n{{ request.args.a|safe }}")
    assert found(folder) == [("flask.T001", "templates/a.html", 2)]


def test_what_is_no_template_is_passed_over(folder: Path) -> None:
    """Pictures and scripts that lie among the templates are not told, unless a view renders them."""
    os.mkdir(folder / "templates")
    (folder / "templates" / "logo.png").write_bytes(b"\x89PNG\xff\xd8{{")
    (folder / "templates" / "old.js").write_text("if (a) {{% no tag %}}")
    (folder / "app.py").write_text("from flask import render_template\ndef f():\n    render_template('old.js')\n")
    assert found(folder) == []
    assert found(folder, folder / "app.py") == [("flask.X010", "templates/old.js", 1)]


def test_templates_that_include_themselves_end(folder: Path) -> None:
    """A circle of includes, extends, imports or macros is read once."""
    os.mkdir(folder / "templates")
    (folder / "templates" / "a.html").write_text(
        "{% extends 'b.html' %}{% import 'a.html' as own %}{% macro m(x) %}{{ m(x) }}{{ x|safe }}{% endmacro %}"
        "{{ m(request.args.a) }}{{ own.m(request.args.b) }}"
    )
    (folder / "templates" / "b.html").write_text("{% include 'a.html' %}{% include ['b.html', 'c.html'] %}")
    assert found(folder) == [("flask.T001", "templates/a.html", 1)]


class Angry(Extension):
    """An extension of Jinja that fails when something is parsed."""

    tags = {"angry"}

    def parse(self, parser: object) -> object:
        raise KeyError("angry")


class Broken(BaseLoader):
    """A loader that does neither list nor load."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        raise OSError("no disk") if template == "page.html" else TemplateNotFound(template)


def test_loaders_and_extensions_may_fail(folder: Path) -> None:
    """Whatever an app's own loader or extension raises is told of the template, and ends nothing."""
    app = flask.Flask("app_of_files", root_path=str(folder))
    app.jinja_loader = ChoiceLoader(
        [
            FunctionLoader(lambda name: "{{ request.args.a|safe }}" if name == "function.html" else None),
            DictLoader({"dict.html": "{{ request.args.a|safe }}", "angry.html": "{% angry %}"}),
            Broken(),
        ]
    )
    app.jinja_env.add_extension(Angry)
    source = (
        "from flask import render_template\ndef f():\n    render_template(['page.html', 'function.html', 'no.html'])\n"
    )
    (folder / "app.py").write_text(source)
    assert sorted(found(folder, folder / "app.py", app=app)) == [
        ("flask.T001", "dict.html", 1),
        ("flask.T001", "function.html", 1),
        ("flask.X010", "angry.html", 1),
        ("flask.X010", "page.html", 1),
    ]


def test_an_app_without_templates_has_none(folder: Path) -> None:
    """Neither a missing folder nor none at all is an error."""
    assert found(folder, app=flask.Flask("app_of_files", root_path=str(folder), template_folder=None)) == []
    assert found(folder) == []


def test_installed_templates_are_theirs(folder: Path) -> None:
    """Templates of an installed package, which a blueprint of it brings, are not told."""
    package = folder / "lib" / "site-packages" / "ext"
    os.makedirs(package / "templates")
    (package / "templates" / "ext.html").write_text("{{ request.args.a|safe }}")
    (package / "templates" / "ext.html.j2").write_text("<p>{{ a }}</p>")
    app = flask.Flask("app_of_files", root_path=str(folder))
    app.register_blueprint(flask.Blueprint("ext", "ext", root_path=str(package), template_folder="templates"))
    assert found(folder, app=app) == []


@pytest.mark.parametrize("name", ["test_app.py", "app_test.py", "conftest.py", "tests/pages.py", "shop/tests/pages.py"])
def test_tests_are_passed_over(folder: Path, name: str) -> None:
    """No client ever reaches the tests of an application."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(UNSAFE)
    assert found(folder, path) == []
    (folder / "tests").mkdir(exist_ok=True)
    inside = folder / "tests" / "app" / "pages.py"
    inside.parent.mkdir()
    inside.write_bytes(UNSAFE)
    app = flask.Flask("app_of_files", root_path=str(folder / "tests" / "app"))
    assert found(folder, inside, app=app) == [("flask.T002", "tests/app/pages.py", 4)]


def test_the_app_decides_what_is_escaped(folder: Path) -> None:
    """Whether a name is escaped is asked of the app: an override that escapes all leaves nothing to tell."""

    class Escaping(flask.Flask):
        def select_jinja_autoescape(self, filename: str | None) -> bool:
            return True

    class Failing(flask.Flask):
        def select_jinja_autoescape(self, filename: str | None) -> bool:
            raise LookupError(filename)

    os.mkdir(folder / "templates")
    (folder / "templates" / "page.html.j2").write_text("<p>{{ a }}</p>")
    assert found(folder) == [("flask.T004", "templates/page.html.j2", 1)]
    for kind in (Escaping, Failing):
        assert found(folder, app=kind("app_of_files", root_path=str(folder))) == []
