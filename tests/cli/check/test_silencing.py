"""Comments that silence a check in place, and what is said of those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

import flask
from flask.cli.check import sources

from ..conftest import Write


def found(folder: Path, *paths: Path) -> list[tuple[str, int | None]]:
    """The ids that are found in an app whose files are these, with their lines."""
    app = flask.Flask("app_of_comments", root_path=str(folder))
    return sorted((finding.id, finding.where.line) for finding in sources.find(app, paths, folder))


@pytest.fixture
def python(write: Write, folder: Path) -> object:
    """What is found in the body of a function."""

    def check(*lines: str) -> list[tuple[str, int | None]]:
        source = ["from flask import request", "from markupsafe import Markup", "def view():"]
        path = write("app.py", "\n".join([*source, *(f"    {line}" for line in lines), ""]))
        return found(folder, path)

    return check


def test_a_comment_silences_its_line(python) -> None:
    """A comment with an id, and a reason behind it, silences what that line is found for."""
    assert python("return Markup(request.args['a'])") == [("flask.T002", 4)]
    assert python("return Markup(request.args['a'])  # flask-check: ignore[flask.T002] for its author alone") == []
    assert python("return Markup(request.args['a'])  #flask-check:ignore[ flask.T002 ]") == []


def test_a_comment_above_silences_the_line_below(python) -> None:
    """A comment alone on its line speaks of the next line; one behind a statement speaks of its own only."""
    assert python("# flask-check: ignore[flask.T002] as above", "return Markup(request.args['a'])") == []
    assert python("x = 1  # flask-check: ignore[flask.T002]", "return Markup(request.args['a'])") == [
        ("flask.T002", 5),
        ("flask.X012", 4),
    ]


@pytest.mark.parametrize("at", range(5))
def test_a_comment_anywhere_in_a_statement_silences_it(python, at: int) -> None:
    """A statement of several lines is silenced on any of them."""
    lines = ["return (", "    Markup(", "        request.args['a'],", "    ),", ")"]
    lines[at] += "  # flask-check: ignore[flask.T002]"
    # The call begins on the second line: what stands on the first belongs to no finding.
    assert python(*lines) == ([] if at else [("flask.T002", 5), ("flask.X012", 4)])


def test_a_comment_names_several_ids(python) -> None:
    """Ids are separated by commas; those that find nothing are told, and only those."""
    line = "return Markup(request.args['a']), eval(request.args['a'])"
    assert python(f"{line}  # flask-check: ignore[flask.T002, flask.F003]") == []
    assert python(f"{line}  # flask-check: ignore[flask.T002,flask.F005]") == [("flask.F003", 4), ("flask.X012", 4)]


def test_an_unknown_id_is_told(python, folder: Path, write: Write) -> None:
    """An id that no check has is told with one that is close, and the finding remains."""
    assert python("return Markup(request.args['a'])  # flask-check: ignore[flask.T02]") == [
        ("flask.T002", 4),
        ("flask.X011", 4),
    ]
    path = write("other.py", "x = 1  # flask-check: ignore[flask.T02]\n")
    app = flask.Flask("app_of_comments", root_path=str(folder))
    (finding,) = sources.find(app, [path], folder)
    assert "Did you mean 'flask.T00" in finding.message
    assert str(finding.where) == "other.py:1"


@pytest.mark.parametrize("comment", ["ignore[]", "ignore[ , ]"])
def test_a_comment_without_an_id_silences_nothing(python, comment: str) -> None:
    """There is no comment that silences everything."""
    assert python(f"return Markup(request.args['a'])  # flask-check: {comment}") == [
        ("flask.T002", 4),
        ("flask.X011", 4),
    ]


def test_what_is_no_comment_is_no_comment(python) -> None:
    """The words in a text, and behind other words in a comment, say nothing."""
    assert python("x = '# flask-check: ignore[flask.T002]'", "return x  # see flask-check: ignore[flask.T002]") == []


@pytest.mark.parametrize(
    "line",
    [
        "{{ request.args.a|safe }}{# flask-check: ignore[flask.T001] for admins #}",
        "{#- flask-check: ignore[flask.T001] -#} {{ request.args.a|safe }}",
        "{# flask-check: ignore[flask.T001] #}\n{{ request.args.a|safe }}",
    ],
)
def test_templates_have_comments_of_their_own(write: Write, folder: Path, line: str) -> None:
    """In a template the comment is one of Jinja's, on the line or alone on the one before."""
    write("templates/page.html", f"<p>\n{line}\n</p>")
    assert found(folder) == []


def test_a_comment_in_a_template_that_silences_nothing_is_told(write: Write, folder: Path) -> None:
    """As in Python: an unknown id, an id that finds nothing, and a comment too far away."""
    write(
        "templates/page.html",
        """\
        {# flask-check: ignore[flask.T001] #}

        {{ request.args.a|safe }}
        <b>{# flask-check: ignore[flask.T01] #}</b>
        <!-- flask-check: ignore[flask.T001] -->
        """,
    )
    assert found(folder) == [("flask.T001", 3), ("flask.X011", 4), ("flask.X012", 1)]


def test_other_delimiters_of_comments_count(write: Write, folder: Path) -> None:
    """A comment is what the app's own environment takes for one."""
    write("templates/page.html", "<< flask-check: ignore[flask.T001] >>\n{{ request.args.a|safe }}\n")
    app = flask.Flask("app_of_comments", root_path=str(folder))
    app.jinja_options = {"comment_start_string": "<<", "comment_end_string": ">>"}
    assert sources.find(app, [], folder) == []
