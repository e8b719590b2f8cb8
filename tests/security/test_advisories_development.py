"""Advisories on the debugger, on logs and on the command; docs/security-advisories.md says what each was about."""

from __future__ import annotations

import ast
import io
import logging
import typing as t
from contextlib import suppress

import pytest
import werkzeug.debug
from werkzeug.test import Client

from flask import Flask
from flask.cli.debugger import GuardedDebugger
from tests.conftest import SOURCE
from tests.gateways import raw
from tests.security.attacks import make_app

pytestmark = pytest.mark.slow

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def debugged(monkeypatch: pytest.MonkeyPatch) -> GuardedDebugger:
    """The debugger as `flask run --debug` makes it, around an app with a bug."""
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "123-456-789")
    app = make_app(PROPAGATE_EXCEPTIONS=True)
    app.debug = True

    @app.get("/boom/<path:word>")
    def boom(word: str) -> t.NoReturn:
        local = word
        raise RuntimeError(f"{MARKUP} {local}")

    return GuardedDebugger(app, evalex=True)


@pytest.mark.parametrize(
    "host", ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "localhost@evil.test", "", "evil.test:5000"]
)
def test_cve_2024_34069(debugged: GuardedDebugger, host: str) -> None:
    """A host that resolves to this machine, and is another site's, gets neither page nor secret, console nor PIN."""
    client = Client(debugged)
    secret = debugged.secret
    with suppress(RuntimeError):  # a host that is none is refused before the view
        assert client.get("/boom/x", headers={"Host": host}).status_code == 400
    for query in (
        f"__debugger__=yes&cmd=pinauth&pin=123-456-789&s={secret}",
        f"__debugger__=yes&cmd=printpin&s={secret}",
        f"__debugger__=yes&cmd=1&frm=0&s={secret}",
    ):
        answer = client.get(f"/nowhere?{query}", headers={"Host": host})
        assert answer.status_code in {400, 404}
        assert "auth" not in answer.text
    assert client.get("/console", headers={"Host": host}).status_code in {400, 404}


def test_cve_2016_10516(debugged: GuardedDebugger) -> None:
    """The page escapes what the error says, the code that it stands in, and the values that it shows."""
    page = Client(debugged).get(f"/boom/--><b>{MARKUP}").text
    shown, comment, plain = page.rpartition("<!--")
    assert "RuntimeError" in shown
    assert "&lt;script&gt;" in shown
    assert MARKUP not in shown
    assert MARKUP in plain  # the traceback as text, in a comment that nothing in it ends
    assert plain.count("-->") == 1
    assert plain.rstrip().endswith("-->")
    assert comment


def test_cve_2019_14806(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not know the PIN runs nothing, and may guess ten times, not without end."""
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "123-456-789")
    monkeypatch.setattr(
        werkzeug.debug,
        "time",
        type("Time", (), {"time": staticmethod(lambda: 0.0), "sleep": staticmethod(lambda _: None)}),
    )
    app = make_app()
    debugger = GuardedDebugger(app, evalex=True)
    client = Client(debugger)
    tries = [client.get(f"/?__debugger__=yes&cmd=pinauth&pin={number}&s={debugger.secret}") for number in range(12)]
    assert [answer.get_json(force=True)["auth"] for answer in tries] == [False] * 12
    assert tries[-1].get_json(force=True)["exhausted"]
    right = client.get(f"/?__debugger__=yes&cmd=pinauth&pin=123-456-789&s={debugger.secret}")
    assert not right.get_json(force=True)["auth"]


# ---- logs


@pytest.fixture
def failing() -> Flask:
    app = make_app()

    @app.route("/boom/<word>", methods=["GET", "BREW\nFORGED", "BREW\x1b[31m"])
    def boom(word: str) -> t.NoReturn:
        raise RuntimeError

    return app


FORGING = [
    "a\nFORGED",
    "a\r\nFORGED",
    "a\x1b[31m",
    "a\x07\x08",
    "a\x9b31m",
    "a\u2028FORGED",
    "a\u202eDEGROF",
    "a\x85FORGED",
]


@pytest.mark.parametrize("word", FORGING)
def test_cve_2025_48432(failing: Flask, caplog: pytest.LogCaptureFixture, word: str) -> None:
    """The path in a record of an error is one line, of what can be read; what is plain stands there as it is."""
    raw.call(failing, f"/boom/{word}")
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    caplog.clear()
    raw.call(failing, "/boom/é 'quoted' \\ café")
    (record,) = caplog.records
    assert record.getMessage() == "Exception on /boom/é 'quoted' \\ café [GET]"


@pytest.mark.parametrize("method", ["BREW\nFORGED", "BREW\x1b[31m"])
def test_cve_2022_30123(failing: Flask, method: str) -> None:
    """So is the method, in what goes to the server's own stream of errors."""
    stream = io.StringIO()
    failing.logger.propagate = False
    handler = logging.StreamHandler(stream)
    failing.logger.addHandler(handler)
    try:
        raw.call(failing, "/boom/a", environ_overrides={"REQUEST_METHOD": method})
    finally:
        failing.logger.removeHandler(handler)
        failing.logger.propagate = True
    first, *rest = stream.getvalue().splitlines()
    assert first.startswith("Exception on /boom/a [BREW")
    assert first.isprintable()
    assert rest[0] == "Traceback (most recent call last):"


# ---- what is never called


def _called() -> set[str]:
    """Every name that the framework's code looks up on something, or imports."""
    found: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                found |= {f"{node.module}.{name.name}" for name in node.names}
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
    return found


def test_cve_2026_7246() -> None:
    """No editor, pager or browser is ever started by the command."""
    assert not {"edit", "echo_via_pager", "launch"} & _called()


def test_cve_2026_28684() -> None:
    """Files of variables are read and never written."""
    called = _called()
    assert "dotenv_values" in called or "load_dotenv" in called or "dotenv" in called
    assert not {"set_key", "unset_key"} & called


def test_cve_2021_33026() -> None:
    """Nothing that a client or a cache could have changed is unpickled: nothing is."""
    assert not {"cPickle", "dill", "shelve", "marshal", "yaml", "Unpickler"} & _called()
    # `flask serve` asks whether its settings can be sent to a process of its own, and reads nothing.
    used = {
        node.attr
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pickle"
    }
    assert used <= {"dumps", "PicklingError"}
