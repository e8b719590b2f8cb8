"""The command: its two forms, its exit status, silence, checks of others, and apps that are broken."""

from __future__ import annotations

import json
import typing as t

import pytest
from click.testing import CliRunner, Result

from flask import Flask
from flask.cli import FlaskGroup
from flask.cli.check import Finding, Kind, Where

from ..conftest import Command, Write
from .checking import KEY, sound_app

SOUND = f"""
    from flask import Flask

    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY={KEY!r}[::-1],
        TRUSTED_HOSTS=["shop.example"],
        MAX_CONTENT_LENGTH=1_000_000,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
"""


def check(app: Flask, *args: str, **env: str) -> Result:
    return CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["check", *args], env=env)


@pytest.fixture(autouse=True)
def here(folder: t.Any) -> None:
    """Every check is of an empty folder."""


def test_nothing_found() -> None:
    """Where nothing is found one line says so, and the status is 0."""
    result = check(sound_app())
    assert (result.exit_code, result.output) == (0, "sound: nothing found.\n")


def test_what_a_finding_looks_like() -> None:
    """A finding is told under its area: level, id, what, where, why, what to do, where to read on."""
    result = check(sound_app(SESSION_COOKIE_SECURE=False))
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Session cookie",
        "",
        "  warning  flask.S001  The session cookie is sent without HTTPS too",
        "    where   SESSION_COOKIE_SECURE",
        "    why     One request by http://, which anybody on the way can provoke, shows the cookie, and with",
        "            it the session.",
        "    remedy  Set SESSION_COOKIE_SECURE = True, and serve by HTTPS.",
        "    read    https://example.com/dewar/blob/main/docs/check.md#flasks001",
        "",
        "sound: 1 warning.",
    ]


def test_json() -> None:
    """The object has the documented keys, also where nothing was found; nothing else is written."""
    result = check(sound_app(SESSION_COOKIE_SECURE=False, DEBUG=True), "--json", "--ignore", "flask.C001")
    data = json.loads(result.output)
    assert list(data) == ["version", "app", "fail_level", "failed", "counts", "findings", "ignored"]
    assert (data["version"], data["app"], data["fail_level"], data["failed"]) == (1, "sound", "warning", True)
    assert data["counts"] == {"error": 0, "warning": 1, "info": 0}
    [finding] = data["findings"]
    assert list(finding) == ["id", "level", "area", "title", "message", "reason", "remedy", "link", "where"]
    assert finding["where"] == {"file": None, "line": None, "name": "SESSION_COOKIE_SECURE"}
    assert [each["id"] for each in data["ignored"]] == ["flask.C001"]
    nothing = json.loads(check(sound_app(), "--json").output)
    assert (nothing["failed"], nothing["findings"]) == (False, [])


@pytest.mark.parametrize(
    ("settings", "level", "status"),
    [
        ({}, "info", 0),
        ({"PREFERRED_URL_SCHEME": "https"}, "info", 1),
        ({"PREFERRED_URL_SCHEME": "https"}, "warning", 0),
        ({"SESSION_COOKIE_SECURE": False}, "warning", 1),
        ({"SESSION_COOKIE_SECURE": False}, "error", 0),
        ({"DEBUG": True}, "error", 1),
    ],
)
def test_fail_level(settings: dict[str, t.Any], level: str, status: int) -> None:
    """The status is 1 where a finding of the level or above is told, given as an option or as a variable."""
    assert check(sound_app(**settings), "--fail-level", level).exit_code == status
    assert check(sound_app(**settings), FLASK_CHECK_FAIL_LEVEL=level).exit_code == status


def test_usage() -> None:
    """Options that are wrong are told with status 2."""
    assert check(sound_app(), "--fail-level", "fatal").exit_code == 2
    assert check(sound_app(), "--project", "nowhere").exit_code == 2
    for url in ("shop.example", "ftp://shop.example", "http://", "http://[", "https://shop.example:port"):
        assert check(sound_app(), "--url", url).exit_code == 2
    result = check(sound_app(), "--ignore", "flask.C01")
    assert result.exit_code == 2
    assert "No check has the id 'flask.C01'. Did you mean 'flask.C0" in result.output
    assert check(sound_app(CHECK_IGNORE=["C001"])).exit_code == 2


def test_silence_for_the_project() -> None:
    """Ids are silenced by the option, the variable and the setting, which add up, and are named at the end."""
    app = sound_app(SESSION_COOKIE_SECURE=False, TRUSTED_HOSTS=None, MAX_CONTENT_LENGTH=None)
    app.config["CHECK_IGNORE"] = ["flask.C006"]
    result = check(app, "--ignore", "flask.S001,flask.C008")
    assert (result.exit_code, result.output) == (
        0,
        "sound: nothing found. Ignored: flask.C006, flask.C008, flask.S001.\n",
    )
    assert check(app, FLASK_CHECK_IGNORE="flask.S001 flask.C008").exit_code == 0
    app.config["CHECK_IGNORE"] = "flask.C006, flask.S001, flask.C008"
    assert check(app).exit_code == 0
    assert check(app, "--ignore", "shop.M001").exit_code == 0, "an id of somebody else's is not known in advance"


# --- checks of others ------------------------------------------------------------

NO_SENDER = Kind("shop.M001", "warning", "No sender", "Mails are spam.", "Set MAIL_SENDER.", "https://shop.example/m")


def test_checks_of_extensions() -> None:
    """Functions that an extension lists are asked, in the app's context; what they find is told last, by its owner."""
    seen = []

    def check_mail(app: Flask) -> t.Iterator[Finding]:
        from flask import current_app

        seen.append(current_app.name)
        yield NO_SENDER.found("MAIL_SENDER is not set", Where(name="MAIL_SENDER"))

    app = sound_app(SESSION_COOKIE_SECURE=False)
    app.extensions.setdefault("flask.checks", []).append(check_mail)
    app.extensions["flask.checks"].append(lambda app: None)
    lines = check(app).output.splitlines()
    assert seen == ["sound"]
    assert lines.index("shop") > lines.index("Session cookie")
    assert "  warning  shop.M001  MAIL_SENDER is not set" in lines
    assert check(app, "--ignore", "shop.M001,flask.S001").exit_code == 0


def test_a_check_that_fails() -> None:
    """A check that raises, or gives what is no finding, is a finding itself, and the others are heard."""

    def broken(app: Flask) -> t.Iterator[Finding]:
        yield NO_SENDER.found()
        raise LookupError("no such table")

    app = sound_app(SESSION_COOKIE_SECURE=False)
    app.extensions["flask.checks"] = [broken, lambda app: ["text"]]
    found = json.loads(check(app, "--json").output)["findings"]
    assert [each["id"] for each in found] == ["flask.S001", "flask.X001", "flask.X001"]
    assert "LookupError: no such table" in found[1]["message"] + found[2]["message"]
    assert {each["where"]["file"] for each in found[1:]} >= {__file__}


@pytest.mark.parametrize("id", ["M001", "shop.m001", "shop.M1", "shop.MAIL", "Shop.M001", "shop.M0001", ""])
def test_ids_of_others(id: str) -> None:
    """An id has an owner, a letter and three digits."""
    with pytest.raises(ValueError, match="is no id"):
        Kind(id, "info", "", "", "")


def test_levels_of_others() -> None:
    """A level is one of three."""
    with pytest.raises(ValueError, match="'fatal' is no level"):
        Kind("shop.M001", "fatal", "", "", "")  # type: ignore[arg-type]


# --- real processes ------------------------------------------------------------


def test_debug_as_a_server_finds_it(command: Command, write: Write) -> None:
    """What the app sets itself counts, as it does for a server, and so do variable and option."""
    write("app.py", SOUND)
    assert "flask.C001" in command("--debug", "check").stdout
    write("app.py", SOUND + "    app.debug = True\n")
    result = command("check", "--json")
    assert [each["id"] for each in json.loads(result.stdout)["findings"]] == ["flask.C001"]
    assert (result.returncode, result.stderr) == (1, "")


def test_a_command_of_the_apps() -> None:
    """An app that has a command of this name keeps it, with debug mode as for every command."""
    app = sound_app()
    app.debug = True

    @app.cli.command("check")
    def own() -> None:
        print(f"the app's own, debug={app.debug}")

    assert check(app).output == "the app's own, debug=False\n"
    assert "the app's own" not in check(sound_app(), "--help").output


def test_broken_apps(command: Command, write: Write) -> None:
    """An app that is not there, or fails, is told as by every command, and nothing is written as JSON."""
    result = command("check", "--json")
    assert (result.returncode, result.stdout) == (2, "")
    assert "Could not locate a Flask application" in result.stderr
    write("app.py", "from flask import Flask\n\nraise LookupError('no database')\n")
    assert command("check", "--help").returncode == 0
    result = command("check")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.rstrip().endswith("LookupError: no database")
    assert "cli/check" not in result.stderr


def test_nothing_runs_and_nothing_is_written(command: Command, write: Write) -> None:
    """Neither a view nor a hook is run, nor a file of the project; no file comes or changes."""
    write(
        "app.py",
        SOUND
        + """
    @app.before_request
    @app.route("/")
    @app.route("/<int:number>")
    @app.route("/<int:number>/<int(min=3):other>")
    def view(**values):
        raise SystemExit("a view ran")

    app.before_request(view)
    app.teardown_appcontext(lambda error: None)
    """,
    )
    for name in ("gunicorn.conf.py", "unused.py", "setup.py"):
        write(name, "raise SystemExit('a file ran')\n")
    before = sorted(
        (path, path.read_bytes()) for path in write("Procfile", "web: gunicorn app:app\n").parent.rglob("*")
    )
    result = command("check", "--ignore", "flask.P001")
    assert (result.returncode, result.stdout, result.stderr) == (0, "app: nothing found. Ignored: flask.P001.\n", "")
    assert sorted((path, path.read_bytes()) for path in before[0][0].parent.rglob("*")) == before
