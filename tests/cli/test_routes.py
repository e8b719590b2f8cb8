"""The table of routes."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from flask import Flask
from flask.cli import FlaskGroup


def show(app: Flask, *args: str) -> list[str]:
    result = CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["routes", *args])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/c", "middle", methods=["GET", "POST"])
    app.add_url_rule("/b/<int:id>", "zuletzt", methods=["DELETE"])
    app.add_url_rule("/a", "another", methods=["POST"])
    return app


def test_the_table(app: Flask) -> None:
    """Columns are as wide as their widest cell, two spaces apart."""
    assert show(app) == [
        "Endpoint  Methods    Rule                   ",
        "--------  ---------  -----------------------",
        "another   POST       /a                     ",
        "middle    GET, POST  /c                     ",
        "static    GET        /static/<path:filename>",
        "zuletzt   DELETE     /b/<int:id>            ",
    ]


def test_rules_for_websockets(app: Flask) -> None:
    """A rule of `@app.websocket` is told from one that answers GET."""
    app.add_websocket("/ws", "ws", lambda: None)
    assert [line.rstrip() for line in show(app) if "/ws" in line] == ["ws        WebSocket  /ws"]


@pytest.mark.parametrize(
    ("args", "order"),
    [
        ([], ["another", "middle", "static", "zuletzt"]),
        (["-s", "methods"], ["zuletzt", "static", "middle", "another"]),
        (["--sort", "rule"], ["another", "zuletzt", "middle", "static"]),
        (["-s", "match"], ["static", "middle", "zuletzt", "another"]),
        (["-s", "domain"], ["static", "middle", "zuletzt", "another"]),
    ],
)
def test_order(app: Flask, args: list[str], order: list[str]) -> None:
    """The rows stand in the order that was asked for; equal ones in that of matching."""
    assert [line.split()[0] for line in show(app, *args)[2:]] == order


def test_all_methods(app: Flask) -> None:
    """The automatic methods are shown on demand."""
    assert "another   OPTIONS, POST" in "\n".join(show(app, "--all-methods"))


def test_unknown_order(app: Flask) -> None:
    """An order that does not exist is refused with the list of those that do."""
    result = CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["routes", "-s", "nope"])
    assert result.exit_code == 2
    assert "'endpoint', 'methods', 'domain', 'rule', 'match'" in result.output


def test_subdomains() -> None:
    """Subdomains have a column where any rule has one, and can be sorted by."""
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.com"
    app.add_url_rule("/", "z", subdomain="x")
    app.add_url_rule("/", "a")
    lines = show(app, "-s", "domain")
    assert lines == [
        "Endpoint  Methods  Subdomain  Rule",
        "--------  -------  ---------  ----",
        "a         GET                 /   ",
        "z         GET      x          /   ",
    ]


def test_hosts() -> None:
    """With host matching the column shows hosts."""
    app = Flask(__name__, host_matching=True, static_folder=None)
    app.add_url_rule("/", "a", host="<name>.example")
    assert show(app)[0].split() == ["Endpoint", "Methods", "Host", "Rule"]
    assert show(app)[2].split() == ["a", "GET", "<name>.example", "/"]


def test_no_routes() -> None:
    """An app without rules says so."""
    assert show(Flask(__name__, static_folder=None)) == ["No routes were registered."]
