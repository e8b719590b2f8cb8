"""The debugger: its PIN, for whom it is there, what may embed it, and how often one may guess.

The sources: CVE-2024-34069, which is GHSA-2g68-c3qc-8985 (a developer lured to a name of the attacker's, who then runs
code by the debugger); CVE-2019-14806 and https://github.com/pallets/werkzeug/issues/2701 (the PIN follows from what is
known of the machine); https://github.com/pallets/werkzeug/pull/3020 (the lock-out); the W3C's Fetch Metadata Request
Headers; and upstream 3.1.3 with Werkzeug 3.1.9, on which all was measured.
"""

from __future__ import annotations

import hmac
import http.client
import json
import os
import re
import sys
import tempfile
import threading
import types
import typing as t
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.debug import get_pin_and_cookie_name, hash_pin
from werkzeug.test import Client, TestResponse

from flask import Flask
from flask.cli import debugger as debugger_module
from flask.cli import pin as pin_module
from flask.cli import record as record_module
from flask.cli.debugger import GuardedDebugger
from flask.cli.record import TRIED, Record, inherited
from tests.cli.server import Server, serving

pytestmark = pytest.mark.slow

SECRET = re.compile(r'SECRET = "(\w+)"')
PIN = re.compile(r"Debugger PIN: (\S+)")
WRONG = "000-000-001"
SEAL = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
APP = """
import os
from flask import Flask

app = Flask(__name__)
app.config["TRUSTED_HOSTS"] = ["localhost", "127.0.0.1", ".example", "0.0.0.0", "10.0.0.1"]
@app.get("/")
def index():
    return f"version one, {dict(os.environ)}"
@app.get("/boom")
def boom():
    number = 6000
    raise LookupError("the reason")
if __name__ == "__main__":
    app.run(debug=True, port=0, **OPTIONS)
"""
COMMAND = ("-m", "flask", "run", "--port", "0")
WAYS = {
    "flask run --debug": (*COMMAND, "--debug"),
    "flask run --debug --no-reload": (*COMMAND, "--debug", "--no-reload"),
    "flask run --debugger": (*COMMAND, "--debugger"),
    "flask run --debug --host 0.0.0.0": (*COMMAND, "--debug", "--host", "0.0.0.0"),
    "app.run()": ("app.py",),
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")


@pytest.fixture(autouse=True)
def without_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a PIN of their own."""
    monkeypatch.delenv("WERKZEUG_DEBUG_PIN", raising=False)


@pytest.fixture
def debugger(monkeypatch: pytest.MonkeyPatch) -> GuardedDebugger:
    """The debugger around an app with a bug, which answers wrong PINs at once."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return around_an_app()


def around_an_app(record: Record | None = None) -> GuardedDebugger:
    app = Flask(__name__)
    app.debug = True
    app.get("/")(lambda: "fine")

    @app.get("/boom")
    def boom() -> str:
        raise LookupError("the reason")

    return GuardedDebugger(app, evalex=True, record=record)


def ask(debugger: GuardedDebugger, path: str, client: Client | None = None, /, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (client or Client(debugger)).get(path, headers={"Host": "localhost", **named})


def tell_pin(debugger: GuardedDebugger, pin: str, client: Client | None = None) -> t.Any:
    return ask(debugger, f"/?__debugger__=yes&cmd=pinauth&pin={pin}&s={debugger.secret}", client).json


def fetch(server: Server, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
    """Status, headers and text of an answer of a real server."""
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def guess(server: Server, pin: str, cookie: str = "") -> tuple[t.Any, str]:
    """What the page is answered when somebody types a PIN, and the cookie that comes along."""
    secret = SECRET.search(fetch(server, "/boom")[2])
    assert secret
    _, headers, text = fetch(server, f"/?__debugger__=yes&cmd=pinauth&pin={pin}&s={secret[1]}", Cookie=cookie)
    crumbs = [f"{crumb.key}={crumb.value}" for crumb in SimpleCookie(headers.get("Set-Cookie")).values()]
    return json.loads(text), "; ".join(crumbs)


def reload(server: Server, path: Path, text: str) -> None:
    path.write_text(text.replace("version one", "version two"))
    server.wait_for("version two")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an app, below a folder that takes its server's output."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "app.py").write_text(APP.replace("OPTIONS", "{}"))
    return folder


# The PIN


def test_the_pin_is_random_per_run(debugger: GuardedDebugger) -> None:
    """Each run has a PIN and a cookie of its own, of nothing that is known of the machine, the account or the app.

    Upstream's was the same in each of five runs: whoever can read a few files can reckon it.
    """
    others = [around_an_app() for _ in range(20)]
    assert len({other.pin for other in others}) == len({other.pin_cookie_name for other in others}) == 20
    assert all(re.fullmatch(r"\d{3}-\d{3}-\d{3}", str(other.pin)) for other in others)
    assert get_pin_and_cookie_name(debugger._app)[0] not in {other.pin for other in others}
    assert not {debugger.pin_cookie_name} & {other.pin_cookie_name for other in others}


@posix
@pytest.mark.slow
@pytest.mark.parametrize("way", ["flask run --debug", "app.run()"])
def test_the_pin_is_stable_over_reloads(site: Path, way: str) -> None:
    """After a reload the PIN is the same and not printed again, and who typed it is known; another run has another."""
    with serving(site, *WAYS[way]) as server:
        pin = PIN.search(server.wait_for_log("Debugger PIN: "))
        assert pin
        server.wait_for("version one")
        known, cookie = guess(server, pin[1])
        assert known == {"auth": True, "exhausted": False}
        reload(server, site / "app.py", APP.replace("OPTIONS", "{}"))
        assert guess(server, WRONG)[0]["auth"] is False
        assert guess(server, WRONG, cookie)[0]["auth"] is True
        assert guess(server, pin[1])[0]["auth"] is True
        assert "EVALEX_TRUSTED = true" in fetch(server, "/boom", Cookie=cookie)[2]
        assert "EVALEX_TRUSTED = false" in fetch(server, "/boom")[2]
        log = server.log()
        assert len(PIN.findall(log)) == 1
        assert log.count("Debugger is active!") == 2
        # Neither the PIN nor the way to it stands in a variable, which many a page of errors shows.
        environment = fetch(server, "/")[2]
        assert pin[1] not in environment
        assert "_FLASK_RUN_RECORD" not in environment
    with serving(site, *WAYS[way]) as server:
        other = PIN.search(server.wait_for_log("Debugger PIN: "))
        assert other
        assert other[1] != pin[1]
        server.wait_for("version two")
        assert guess(server, WRONG, cookie)[0]["auth"] is False


@pytest.mark.parametrize("given", ["271-828-182", "271828182", "4-2", "42"])
def test_the_pin_set_by_the_user_wins(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """WERKZEUG_DEBUG_PIN is the PIN, with dashes or without; what is no number is passed over."""
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", given)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    debugger = around_an_app()
    assert debugger.pin == given
    assert tell_pin(debugger, WRONG)["auth"] is False
    assert tell_pin(debugger, given.replace("-", ""))["auth"] is True
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "secret")
    record = Record.begin()
    assert around_an_app(record).pin == record.pin


def test_the_pin_turned_off_by_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """With WERKZEUG_DEBUG_PIN=off nothing is asked for; which hosts and sites are trusted stays as it is."""
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off")
    debugger = around_an_app()
    assert "EVALEX_TRUSTED = true" in ask(debugger, "/boom").text
    frame = next(iter(debugger.frames))
    command = f"/?__debugger__=yes&cmd=6*7&frm={frame}&s={debugger.secret}"
    assert "42" in ask(debugger, command).text
    answer = ask(debugger, f"/?__debugger__=yes&cmd=pinauth&pin=&s={debugger.secret}")
    assert answer.json == {"auth": True, "exhausted": False}
    assert "Set-Cookie" not in answer.headers
    for headers in ({"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert "42" not in Client(debugger).get(command, headers={"Host": "localhost", **headers}).text


def test_the_cookie_is_of_this_run_and_this_pin(debugger: GuardedDebugger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser keeps cannot be made from the PIN, holds for one PIN of one run, and for a week.

    Werkzeug's is a bare SHA-1 of the PIN, which gives it away to whatever else listens on a port of that host.
    """
    record, pin = debugger._record, str(debugger.pin)
    kept = pin_module.new_cookie(record, pin)
    assert pin_module.is_cookie(record, pin, kept)
    assert hash_pin(pin) not in kept
    made, _, digest = kept.partition("|")
    later = str(int(made) + 1)
    for value in ("", "|", made, f"{later}|{digest}", f"{made}|{hash_pin(pin)}", f"x|{digest}", f"{made}|\udcff\u00fc"):
        assert not pin_module.is_cookie(record, pin, value)
    assert not pin_module.is_cookie(record, WRONG, kept)
    assert not pin_module.is_cookie(Record.begin(), pin, kept)
    monkeypatch.setattr("time.time", lambda: int(made) + pin_module.REMEMBERED + 1)
    assert not pin_module.is_cookie(record, pin, kept)


def test_nothing_tells_how_close_a_guess_was(debugger: GuardedDebugger, monkeypatch: pytest.MonkeyPatch) -> None:
    """PIN, cookie and secret are compared in constant time, whatever letters they hold."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    right = str(debugger.pin).replace("-", "").encode()
    assert tell_pin(debugger, "12\u00fc")["auth"] is False
    assert ("12\u00fc".encode(), right) in compared
    assert (debugger.secret.encode(), debugger.secret.encode()) in compared
    ask(debugger, "/?__debugger__=yes&cmd=pinauth&s=\u00fc")
    assert ("\u00fc".encode(), debugger.secret.encode()) in compared
    ask(debugger, "/boom", Client(debugger, use_cookies=False), Cookie=f"{debugger.pin_cookie_name}=1|2")
    assert compared[-1][0] == b"2"


# For whom it is there


@posix
@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_secret_and_the_page_only_to_trusted_hosts(site: Path, way: str) -> None:
    """However it is started, a request by another name than this machine's meets the plain 500 and no debugger.

    A wildcard address is no name, nor does the app's TRUSTED_HOSTS, which is about the app, say who may see its source.
    Upstream shows page, source and secret to each of these; what mended GHSA-2g68-c3qc-8985 took only their console.
    """
    with serving(site, *WAYS[way]) as server:
        server.wait_for("version one")
        # Outside of debug mode errors are the app's, and only the console is left.
        page, sign = ("/boom", "number = 6000") if "--debug" in WAYS[way] or way == "app.run()" else ("/console", "")
        for own in ("localhost", "localhost:1", "127.0.0.1"):
            _, _, text = fetch(server, page, Host=own)
            secret = SECRET.search(text)
            assert secret
            assert sign in text
        commands = ("cmd=printpin", f"cmd=pinauth&pin={WRONG}", "cmd=resource&f=debugger.js", "cmd=1&frm=0")
        for host in ("evil.example", "127.0.0.1.evil.example", "0.0.0.0:5000", "10.0.0.1", "[::]", ""):
            for path in ("/boom", "/console", *(f"/?__debugger__=yes&s={secret[1]}&{cmd}" for cmd in commands)):
                _, headers, text = fetch(server, path, Host=host)
                for sign in ("number = 6000", "LookupError", "SECRET", secret[1], '"auth"', "docReady"):
                    assert sign not in text
                assert "Set-Cookie" not in headers
        assert ("not shown for the host" in server.log()) is (page == "/boom")


SITES = {None: 2, "": 2, "none": 2, "same-origin": 2, "same-site": 1, "cross-site": 0, "Cross-Site": 0, "who": 0}


@pytest.mark.parametrize(("site", "trust"), SITES.items())
def test_sec_fetch_site_cross_site_refused(
    debugger: GuardedDebugger, capsys: pytest.CaptureFixture[str], site: str | None, trust: int
) -> None:
    """What a page of another site asks for gets no debugger; console, PIN and resources are for the page itself alone.

    Another port of this host, such as the developer's front end, may lead to the page of an error, but not beyond it.
    The words are those of Fetch Metadata, section 2.2; one that is not known counts as foreign, none at all is a client
    that does not send it.
    """
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    if trust == 0:
        with pytest.raises(LookupError):
            ask(debugger, "/boom", **headers)
        assert not debugger.frames
        assert "another site" in capsys.readouterr().err
    else:
        assert SECRET.search(ask(debugger, "/boom", **headers).text)
    own = f"/?__debugger__=yes&s={debugger.secret}&cmd="
    for path, sign in (
        ("/console", "SECRET"),
        (f"{own}pinauth&pin={debugger.pin}", '"auth": true'),
        ("/?__debugger__=yes&cmd=resource&f=debugger.js", "docReady"),
        (f"/?%5f_debugger__=%79es&s={debugger.secret}&cmd=pinauth&pin={debugger.pin}", '"auth": true'),
        ("/%63onsole", "SECRET"),
    ):
        assert (sign in ask(debugger, path, **headers).text) is (trust == 2), path
    assert ask(debugger, "/", **headers).text == "fine"


def test_a_page_from_before_a_reload(debugger: GuardedDebugger, capsys: pytest.CaptureFixture[str]) -> None:
    """A request with another secret than this process's meets the app alone."""
    for query in ("cmd=pinauth&pin=1", "cmd=1&frm=0", "cmd=printpin"):
        assert ask(debugger, f"/?__debugger__=yes&{query}&s=stale").text == "fine"
    with pytest.raises(LookupError):
        ask(debugger, "/boom?__debugger__=yes&cmd=1&s=stale")
    assert "Load it again" in capsys.readouterr().err
    assert debugger._record.count_tries() == 0


def test_framing_refused(debugger: GuardedDebugger) -> None:
    """What the debugger answers may not be framed, embedded or kept; what the app answers stays the app's."""
    own = f"/?__debugger__=yes&s={debugger.secret}&cmd="
    resource = "/?__debugger__=yes&cmd=resource&f="
    paths = ("/boom", "/console", f"{own}printpin", f"{own}pinauth&pin=1", f"{resource}style.css", f"{resource}nope")
    for path in paths:
        answer = ask(debugger, path)
        for name, value in SEAL.items():
            assert answer.headers.getlist(name) == [value], path
    assert not set(SEAL) & set(dict(ask(debugger, "/").headers))


def test_the_page_shows_no_frame_of_the_guard(debugger: GuardedDebugger) -> None:
    """The traceback is as without the guard, and the console knows the app by its name."""
    page = ask(debugger, "/boom").text
    assert debugger_module.__file__ not in page
    ask(debugger, "/console")
    assert t.cast("t.Any", debugger.frames[0]).console._ipy.locals["app"] is debugger._app


# Guessing


def test_lock_out_after_ten_tries(debugger: GuardedDebugger, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten wrong PINs close the console to the right one too, and to who typed it; in time, that gives ten more."""
    knowing = Client(debugger)
    for _ in range(9):
        assert tell_pin(debugger, WRONG) == {"auth": False, "exhausted": False}
    assert tell_pin(debugger, str(debugger.pin), knowing) == {"auth": True, "exhausted": False}
    for number in range(10):
        assert tell_pin(debugger, WRONG) == {"auth": False, "exhausted": False}
        assert ("closed until" in capsys.readouterr().err) is (number == 9)
    for client in (None, knowing):
        assert tell_pin(debugger, str(debugger.pin), client) == {"auth": False, "exhausted": True}
    assert "EVALEX_TRUSTED = false" in ask(debugger, "/boom", knowing).text


def test_lock_out_after_ten_tries_at_once(debugger: GuardedDebugger, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many guess at the same time, ten guesses are looked at.

    A try is taken before the guess is compared; Werkzeug's is counted after, when others may have passed the question.
    """
    looked_at: list[str] = []
    everybody = threading.Barrier(40)
    may_try = debugger_module.may_try

    def together(record: Record) -> bool:
        everybody.wait(30)
        return may_try(record)

    monkeypatch.setattr(debugger_module, "may_try", together)
    monkeypatch.setattr(debugger_module, "is_right", lambda pin, entered: bool(looked_at.append(entered)))
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda number: tell_pin(debugger, f"{number}"), range(40)))
    assert len(looked_at) <= 10
    assert sum(answer["exhausted"] for answer in answers) == 40 - len(looked_at)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("way", ["flask run --debug", "processes"])
def test_lock_out_after_ten_tries_shared_by_processes(site: Path, way: str) -> None:
    """Tries are counted over a reload, and over the processes of `app.run(processes=…)`: only a new start forgets them.

    On upstream each reload, and so each save, gave ten tries more.
    """
    text = APP.replace("OPTIONS", "{'threaded': False, 'processes': 12}" if way == "processes" else "{}")
    (site / "app.py").write_text(text)
    with serving(site, *(["app.py"] if way == "processes" else WAYS[way])) as server:
        pin = PIN.search(server.wait_for_log("Debugger PIN: "))
        assert pin
        server.wait_for("version one")
        for _ in range(2):
            with ThreadPoolExecutor(5) as pool:
                answers = list(pool.map(lambda number: guess(server, f"1{number}")[0], range(5)))
            assert answers == [{"auth": False, "exhausted": False}] * 5
            reload(server, site / "app.py", text)
            (site / "app.py").write_text(text)
            server.wait_for("version one")
        assert guess(server, pin[1]) == ({"auth": False, "exhausted": True}, "")


def test_a_wrong_pin_is_answered_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong PIN costs half a second, from the sixth on five; the right one nothing."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    debugger = around_an_app()
    for _ in range(10):
        tell_pin(debugger, WRONG)
    assert pauses == [0.5] * 5 + [5.0] * 5
    other = around_an_app()
    tell_pin(other, str(other.pin))
    assert len(pauses) == 10


# What the processes share


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> Iterator[t.Callable[[int | str], Record | None]]:
    """What a process finds that was started with this number in its variable."""

    def handed(number: int | str) -> Record | None:
        inherited.cache_clear()
        monkeypatch.setenv(record_module.VARIABLE, str(number))
        return inherited()

    yield handed
    inherited.cache_clear()


def test_the_record_of_a_run(handed: t.Callable[[int | str], Record | None]) -> None:
    """A process that is started takes the record over: PIN, key, and what happened; the variable is gone at once."""
    record = Record.begin()
    assert record.is_first
    record.note(TRIED)
    with record.handed_on():
        number = int(os.environ[record_module.VARIABLE])
        assert os.get_inheritable(number)
        assert record.pin not in os.environ[record_module.VARIABLE]
    assert record_module.VARIABLE not in os.environ
    assert not os.get_inheritable(number)
    for first in (True, False):
        child = handed(os.dup(number))
        assert child is not None
        assert (child.pin, child.key, child.count_tries(), child.is_first) == (record.pin, record.key, 1, first)
        assert record_module.VARIABLE not in os.environ


def test_a_foreign_descriptor_is_no_record(handed: t.Callable[[int | str], Record | None], tmp_path: Path) -> None:
    """A number that leads to no record of a run is passed over, and whatever it leads to is left as it was."""
    foreign = tmp_path / "foreign"
    foreign.write_text("123-456-789 not a key\n")
    with foreign.open("ab+") as file:
        for number in (file.fileno(), 10**6, 10**30, -1, "x", ""):
            assert handed(number) is None
    assert foreign.read_text() == "123-456-789 not a key\n"


def test_nothing_of_a_run_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record has no name, so nobody else can open it, and no start leaves a file."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    record = Record.begin()
    assert record.pin
    assert os.name != "posix" or not list(tmp_path.iterdir())


def test_the_record_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handed: t.Callable[[int | str], Record | None]
) -> None:
    """There the handle below the descriptor is handed on, the system deletes the file, and reading has a lock."""
    handles = types.SimpleNamespace(
        get_osfhandle=lambda descriptor: descriptor + 1000, open_osfhandle=lambda handle, flags: os.dup(handle - 1000)
    )
    monkeypatch.setitem(sys.modules, "msvcrt", handles)
    for flag in ("O_BINARY", "O_TEMPORARY"):
        monkeypatch.setattr(os, flag, getattr(os, flag, 0), raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "win32")
    record = Record.begin()
    with record.handed_on():
        number = int(os.environ[record_module.VARIABLE])
    assert number > 1000
    child = handed(number)
    assert child is not None
    record.note(TRIED)
    assert (child.pin, child.count_tries()) == (record.pin, 1)
