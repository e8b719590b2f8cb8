"""The debugger: for whom it is there, and what everybody else gets."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable

import pytest
import werkzeug.debug
from werkzeug.datastructures import Headers
from werkzeug.debug import DebuggedApplication
from werkzeug.serving import run_simple
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from flask import Flask
from flask.cli.debugger import GuardedDebugger, guarded, warn_if_exposed
from flask.cli.record import Record

NO_HOSTS = "[::1", "[]", "[::1]x", "[dev.example]", "a b"
SECRET = re.compile(r'SECRET = "(\w+)"')


@pytest.fixture
def debugger(monkeypatch: pytest.MonkeyPatch) -> GuardedDebugger:
    """The debugger around an app with a bug, as the server makes it for `--host dev.example`."""
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "123-456-789")
    app = Flask(__name__)
    app.debug = True
    app.secret_key = "x"

    @app.get("/boom")
    def boom() -> str:
        local = "a local value"
        raise ZeroDivisionError(local)

    debugger = GuardedDebugger(app, evalex=True)
    debugger.trusted_hosts.append("dev.example")
    return debugger


def ask(debugger: GuardedDebugger, path: str, host: str | None) -> tuple[str, Headers, str]:
    """Status, headers and text; a header that is none goes out as it is, which a client would not let happen."""
    environ = EnvironBuilder(path=path).get_environ()
    del environ["HTTP_HOST"]
    if host is not None:
        environ["HTTP_HOST"] = host
    body, status, sent = run_wsgi_app(debugger, environ, buffered=True)
    return status, sent, b"".join(body).decode()


def headers(host: str) -> dict[str, str]:
    return {"Host": host}


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:5000",
        "a.localhost",
        "127.0.0.1:80",
        "dev.example:5000",
        "[::1]",
        "[::1]:5000",
        "[0:0::1]",
    ],
)
def test_trusted_hosts(debugger: GuardedDebugger, host: str) -> None:
    """This machine's own names, and the host that the server was told to listen on, get the page and the console."""
    client = Client(debugger)
    page = client.get("/boom", headers=headers(host))
    assert page.status_code == 500
    assert SECRET.search(page.text)
    assert "EVALEX = true" in page.text
    assert "a local value" in page.text
    assert client.get("/console", headers=headers(host)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost", "192.168.0.5:5000"),
        *("", "[::2]", "[::1]:", *NO_HOSTS),
    ],
)
def test_untrusted_hosts(debugger: GuardedDebugger, host: str) -> None:
    """For any other Host header there is no page, no secret, no console and no resource: only the app and its error."""
    if host in NO_HOSTS:
        assert ask(debugger, "/boom", host)[0] == "400 BAD REQUEST"
    else:
        with pytest.raises(ZeroDivisionError):
            ask(debugger, "/boom", host)
    assert not debugger.frames
    by_secret = f"/?__debugger__=yes&s={debugger.secret}&cmd=pinauth&pin=123-456-789"
    for path in ("/console", by_secret, "/?__debugger__=yes&cmd=resource&f=debugger.js"):
        status, sent, text = ask(debugger, path, host)
        assert status == ("400 BAD REQUEST" if host in NO_HOSTS else "404 NOT FOUND")
        assert "Set-Cookie" not in sent
        assert debugger.secret not in text


def test_a_missing_host_is_not_trusted(debugger: GuardedDebugger) -> None:
    """A request without a Host header gets no debugger either."""
    with pytest.raises(ZeroDivisionError):
        ask(debugger, "/boom", None)


def test_a_host_on_another_address_of_this_machine(debugger: GuardedDebugger) -> None:
    """An IPv6 address that the server listens on is trusted however it is written."""
    debugger.trusted_hosts.append("fd00::1")
    environ = EnvironBuilder(path="/", headers=headers("[fd00:0::1]:5000")).get_environ()
    assert debugger.check_host_trust(environ)


def test_a_developer_is_told_why(debugger: GuardedDebugger, capsys: pytest.CaptureFixture[str]) -> None:
    """The first error that is not shown says so on stderr, with the host quoted and cut."""

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ask(debugger, "/boom", "evil\x85" + "x." * 500)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "evil\\x85x.x" in error
    assert len(error) < 300
    assert "--host" in error


def answer(debugger: GuardedDebugger, query: str, client: Client | None = None) -> t.Any:
    path = f"/?__debugger__=yes&s={debugger.secret}&{query}"
    return (client or Client(debugger)).get(path, headers=headers("localhost"))


def test_the_pin(debugger: GuardedDebugger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is evaluated without the PIN; a wrong one is refused, the right one accepted."""
    monkeypatch.setattr("werkzeug.debug.time.sleep", lambda seconds: None)
    Client(debugger).get("/boom", headers=headers("localhost"))
    frame = next(iter(debugger.frames))
    client = Client(debugger)
    assert "42" not in answer(debugger, f"cmd=6*7&frm={frame}", client).text
    assert answer(debugger, "cmd=pinauth&pin=000-000-000", client).json == {"auth": False, "exhausted": False}
    assert "42" not in answer(debugger, f"cmd=6*7&frm={frame}", client).text
    assert answer(debugger, "cmd=pinauth&pin=123-456-789", client).json == {"auth": True, "exhausted": False}
    assert "42" in answer(debugger, f"cmd=6*7&frm={frame}", client).text
    assert "42" not in answer(debugger, f"cmd=6*7&frm={frame}").text


def test_guessing_ends(debugger: GuardedDebugger, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some ten wrong PINs not even the right one is accepted."""
    monkeypatch.setattr("werkzeug.debug.time.sleep", lambda seconds: None)
    for _ in range(11):
        answer(debugger, "cmd=pinauth&pin=1")
    assert answer(debugger, "cmd=pinauth&pin=123-456-789").json == {"auth": False, "exhausted": True}


def test_the_servers_debugger_is_the_guarded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Werkzeug's server puts around an app is guarded, and knows the server's host."""
    made: list[t.Any] = []

    def make_server(host: str, port: int, app: t.Any, *args: object, **options: object) -> t.NoReturn:
        made.append(app)
        raise InterruptedError

    def app(environ: object, start_response: object) -> Iterable[bytes]:
        return []

    monkeypatch.setattr("werkzeug.serving.make_server", make_server)
    with guarded(Record.begin()), pytest.raises(InterruptedError):
        run_simple("dev.example", 5000, app, use_debugger=True)
    assert isinstance(made[0], GuardedDebugger)
    assert made[0].trusted_hosts == [".localhost", "127.0.0.1", "dev.example"]
    assert werkzeug.debug.DebuggedApplication is DebuggedApplication


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost", "app.localhost", "unix:///run/x.sock"])
def test_no_warning_on_this_machine(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where only this machine can connect nothing is said."""
    warn_if_exposed(host)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("0.0.0.0", "for localhost alone"),
        ("::", "for localhost alone"),
        ("", "for localhost alone"),
        ("192.168.0.5", "for localhost or 192.168.0.5 alone"),
        ("dev.example", "for localhost or dev.example alone"),
    ],
)
def test_a_warning_where_others_can_connect(
    host: str, names: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The debugger on an address that others reach is warned of, the more so without a PIN."""
    warn_if_exposed(host)
    error = capsys.readouterr().err
    assert f"listens on {host!r}" in error
    assert names in error
    assert "turned off" not in error
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off")
    warn_if_exposed(host)
    assert "PIN is turned off" in capsys.readouterr().err
