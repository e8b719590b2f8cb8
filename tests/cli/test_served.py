"""What the command serves: over TLS, from every variable, with plug-ins, completed by a shell, on each system."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
import tempfile
import types
import typing as t
from pathlib import Path

import pytest
import werkzeug.serving
from click.testing import CliRunner

from flask import Flask, cli
from flask.cli import FlaskGroup, SeparatedPathType
from flask.cli.server import TEMPLATES_AT_MOST, serve

from .conftest import Command, Write, child_environment
from .server import serving

APP = """
from flask import Flask, request
app = Flask(__name__)
@app.get("/")
def index():
    return f"{request.scheme} answered"
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")


# TLS


def write_certificate(folder: Path) -> None:
    """A certificate for this machine, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    ("args", "env"),
    [
        (["--cert", "adhoc"], {}),
        ([], {"FLASK_RUN_CERT": "adhoc"}),
        (["--cert", "cert.pem", "--key", "key.pem"], {}),
        ([], {"FLASK_RUN_CERT": "cert.pem", "FLASK_RUN_KEY": "key.pem"}),
        (["--cert", "tls:context"], {}),
        (["--cert", "adhoc", "--debug"], {}),
    ],
)
def test_https(write: Write, folder: Path, args: list[str], env: dict[str, str]) -> None:
    """A certificate of each kind serves HTTPS, from the command line and from variables, and after a restart."""
    write("app.py", APP)
    write_certificate(folder)
    write(
        "tls.py",
        """
        import ssl
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("cert.pem", "key.pem")
        """,
    )
    with serving(folder, "-m", "flask", "run", "--port", "0", *args, **env) as server:
        assert server.url.startswith("https://")
        assert server.wait_for("answered") == "https answered"


# What both ways to the server have in common


class Call(t.NamedTuple):
    host: str
    port: int
    app: object
    options: dict[str, t.Any]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What Werkzeug's server is given."""
    calls: list[Call] = []
    monkeypatch.setattr(
        werkzeug.serving, "run_simple", lambda host, port, app, **options: calls.append(Call(host, port, app, options))
    )
    return calls


def test_app_run_gives_the_server_what_it_always_did(calls: list[Call], folder: Path) -> None:
    """Without files of variables and templates `app.run()` hands on the app and its options, nothing else."""
    app = Flask(__name__, root_path=str(folder))
    app.run(load_dotenv=False)
    app.run("localhost", 81, debug=True, load_dotenv=False, threaded=False, passthrough_errors=True)
    on = {"use_reloader": True, "use_debugger": True}
    off = {"use_reloader": False, "use_debugger": False}
    assert calls == [
        Call("127.0.0.1", 5000, app, {"threaded": True, **off}),
        Call("localhost", 81, app, {"threaded": False, "passthrough_errors": True, **on}),
    ]


def test_app_run_leaves_variables_to_the_process_it_starts(
    monkeypatch: pytest.MonkeyPatch, write: Write, folder: Path
) -> None:
    """With the reloader `app.run()` takes variables from files back, and has those files watched."""
    env = write(".env", "T_A=1\nFLASK_DEBUG=1\n")
    seen: list[t.Any] = []

    def run_simple(*args: object, **options: t.Any) -> None:
        seen.extend([os.environ.get("T_A"), options["extra_files"]])

    monkeypatch.setattr(werkzeug.serving, "run_simple", run_simple)
    Flask(__name__, root_path=str(folder)).run(extra_files=["mine"])
    assert seen == [None, ["mine", str(env)]]
    assert os.environ["T_A"] == "1"


def test_app_run_keeps_watching_when_debug_mode_went(
    calls: list[Call], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was restarted because FLASK_DEBUG left .env waits for the next change, without the debugger."""
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    Flask(__name__, root_path=str(folder)).run()
    assert calls[0].options["use_reloader"] is True
    assert calls[0].options["use_debugger"] is False


def test_templates_are_watched(calls: list[Call], write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The templates of the app and of its blueprints restart it, hidden files do not, and there is a bound."""
    from flask import Blueprint

    app = Flask(__name__, root_path=str(folder))
    app.register_blueprint(Blueprint("b", __name__, template_folder="theirs", root_path=str(folder)))
    wanted = [write(f"{name}.html", "") for name in ("templates/a", "templates/below/b", "theirs/c")]
    write("templates/.hidden/x.html", "")
    write("templates/.swap", "")
    serve("h", 1, app, use_reloader=True)
    serve("h", 1, app, use_reloader=False)
    assert calls[0].options["extra_files"] == [str(path) for path in wanted]
    assert "extra_files" not in calls[1].options
    monkeypatch.setattr("flask.cli.server.TEMPLATES_AT_MOST", 2)
    serve("h", 1, app, use_reloader=True)
    assert calls[2].options["extra_files"] == [str(path) for path in wanted[:2]]
    assert TEMPLATES_AT_MOST > 2


@pytest.mark.parametrize("start", ["flask run", "app.run()"])
def test_a_warning_where_others_can_connect(
    calls: list[Call], write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], start: str
) -> None:
    """Both ways warn of a debugger that others could reach, once, and not of a server without one."""
    write("app.py", APP)
    app = Flask(__name__)

    def run(host: str, debug: bool) -> str:
        if start == "app.run()":
            app.run(host, debug=debug, load_dotenv=False)
            return capsys.readouterr().err
        args = ["run", "--host", host, "--debug" if debug else "--no-debug"]
        return CliRunner().invoke(cli.cli, args).stderr

    assert "The debugger is on" in run("0.0.0.0", True)
    assert "The debugger is on" not in run("0.0.0.0", False)
    assert "The debugger is on" not in run("127.0.0.1", True)
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    assert "The debugger is on" not in run("0.0.0.0", True)


# Every variable there is


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"FLASK_APP": "other:made('x')"}, "x"),
        ({"FLASK_ENV_FILE": "named.env"}, "from the named file"),
        ({"FLASK_DEBUG": "1"}, "debug"),
        ({"FLASK_SKIP_DOTENV": "1", "FLASK_APP": "other:made('y')"}, "y"),
    ],
)
def test_variables_of_the_group(write: Write, command: Command, env: dict[str, str], said: str) -> None:
    """The app, debug mode and a file of variables are named by variables, from the environment and from files."""
    text = """
    import os
    from flask import Flask
    def made(name):
        app = Flask(name)
        @app.cli.command()
        def show():
            print(app.name, "debug" if app.debug else "", os.environ.get("T_A", ""))
        return app
    """
    write("other.py", text)
    write("named.env", "T_A=from the named file\nFLASK_APP=other:made('n')\n")
    write(".env", "FLASK_APP=other:made('env')\n")
    done = command("show", **env)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


ROUTES = {
    "FLASK_ROUTES_SORT=rule": ["/a", "/b", "/static"],
    "FLASK_ROUTES_SORT=endpoint": ["/b", "/static", "/a"],
    "FLASK_ROUTES_SORT=match": ["/static", "/a", "/b"],
}


@pytest.mark.parametrize(("variable", "order"), ROUTES.items())
def test_variables_of_routes(write: Write, command: Command, variable: str, order: list[str]) -> None:
    """The options of `flask routes` are variables too, and the command line goes before them."""
    text = "from flask import Flask\napp = Flask(__name__)\n"
    write("app.py", f"{text}app.add_url_rule('/a', 'z')\napp.add_url_rule('/b', 'a')\n")
    name, _, value = variable.partition("=")
    rows = command("routes", **{name: value}).stdout.splitlines()[2:]
    assert [row.split()[-1].replace("/<path:filename>", "") for row in rows] == order
    all_methods = command("routes", "--sort", "match", **{name: value, "FLASK_ROUTES_ALL_METHODS": "1"})
    assert "GET, HEAD, OPTIONS" in all_methods.stdout.splitlines()[2]
    assert "by the endpoint 'z'" in command("routes", FLASK_ROUTES_MATCH="GET /a").stdout


def test_variables_of_an_apps_own_command(write: Write, command: Command) -> None:
    """So are those of `flask shell`, if it is given any, and of an app's own commands and groups."""
    write(
        "app.py",
        """
        import click
        from flask import Blueprint, Flask
        from flask.cli import shell_command
        app = Flask(__name__)
        @app.cli.command("greet")
        @click.option("--name")
        def greet(name):
            print("hello", name)
        @app.cli.group("things")
        def things(): pass
        @things.command("list")
        @click.option("--limit", type=int)
        def list_things(limit):
            print("limit", limit)
        shop = Blueprint("shop", __name__)
        @shop.cli.command("sell-out")
        @click.option("--at-once/--slowly")
        def sell_out(at_once):
            print("at once" if at_once else "slowly")
        app.register_blueprint(shop)
        say = click.Option(["--say"], expose_value=False, callback=lambda ctx, param, value: print("said", value))
        shell_command.params.append(say)
        """,
    )
    assert command("greet", FLASK_GREET_NAME="you").stdout == "hello you\n"
    assert command("things", "list", FLASK_THINGS_LIST_LIMIT="3").stdout == "limit 3\n"
    assert command("shop", "sell-out", FLASK_SHOP_SELL_OUT_AT_ONCE="1").stdout == "at once\n"
    assert command("shop", "sell-out", "--slowly", FLASK_SHOP_SELL_OUT_AT_ONCE="1").stdout == "slowly\n"
    write("sitecustomize.py", "import app\n")
    assert "said it" in command("shell", PYTHONPATH=".", FLASK_SHELL_SAY="it").stdout


@pytest.mark.slow
@posix
def test_variables_of_run_are_served(write: Write, folder: Path) -> None:
    """A server started by variables alone listens where they say, reloads and debugs, and watches what they name."""
    write("app.py", APP)
    data = write("data.txt", "")
    write("other.txt", "")
    env = {
        "FLASK_RUN_HOST": "localhost",
        "FLASK_RUN_PORT": "0",
        "FLASK_RUN_RELOAD": "1",
        "FLASK_RUN_DEBUGGER": "1",
        "FLASK_RUN_WITH_THREADS": "0",
        "FLASK_RUN_EXTRA_FILES": os.pathsep.join(["data.txt", "other.txt"]),
        "FLASK_RUN_EXCLUDE_PATTERNS": "*/other.txt",
    }
    with serving(folder, "-m", "flask", "run", **env) as server:
        server.wait_for_log("Debugger PIN")
        assert "Debug mode: off" in server.log()
        server.wait_for("http answered")
        assert "SECRET" in server.get("/console")
        write("other.txt", "changed")
        write("data.txt", "changed")
        server.wait_for_log(f"Detected change in '{data}'")
        assert "other.txt'" not in server.log()


# The command as the system's


def test_versions(folder: Path, command: Command) -> None:
    """`flask --version` and `python -m flask --version` print the same three lines."""
    script = shutil.which("flask", path=os.path.dirname(sys.executable))
    assert script
    module = command("--version")
    direct = subprocess.run([script, "--version"], capture_output=True, text=True, env=child_environment(), check=True)
    assert module.stdout == direct.stdout
    assert [line.split()[0] for line in module.stdout.splitlines()] == ["Python", "Flask", "Werkzeug"]


def test_versions_need_no_import() -> None:
    """The script tells the versions without importing Flask or click; with anything else beside, the command does."""
    code = """if True:
        import sys, flask_command
        sys.argv = ["flask", *sys.argv[1:]]
        try:
            flask_command.main()
        except SystemExit as end:
            assert not end.code, end.code
        print({"flask", "click", "werkzeug"} & set(sys.modules) != set())
    """
    for arguments, imported in (["--version"], "False"), (["--app", "nope", "--version"], "True"), (["--help"], "True"):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == imported


@pytest.mark.parametrize("metadata", ["plugged-1.0.dist-info/METADATA", "plugged.egg-info/PKG-INFO"])
def test_a_plug_in_of_an_installed_distribution(write: Write, folder: Path, command: Command, metadata: str) -> None:
    """A distribution's entry point in `flask.commands` is a command, in either form of metadata; no app is needed."""
    write(
        "site/plugged.py",
        """
        import click
        from flask.cli import with_appcontext
        from flask import current_app
        @click.group("ignored name")
        def group(): pass
        @group.command()
        def alone(): print("no app needed")
        @group.command()
        @with_appcontext
        def within(): print("in", current_app.name)
        """,
    )
    write(f"site/{metadata}", "Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
    entry_points = "[flask.commands]\nplug = plugged:group\ngone = plugged:nope\n"
    write(f"site/{metadata.partition('/')[0]}/entry_points.txt", entry_points)
    env = {"PYTHONPATH": str(folder / "site")}
    done = command("plug", "alone", **env)
    assert (done.returncode, done.stdout) == (0, "no app needed\n")
    assert "'gone' (plugged:nope) could not be loaded" in done.stderr
    write("app.py", APP)
    assert command("plug", "within", **env).stdout == "in app\n"
    assert "plug" in command("--help", **env).stdout


# Windows


def test_paths_as_windows_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several paths are separated by ';' there, and the colon of a drive is not the one before an app's name."""
    from flask.cli.script_info import BEFORE_APP_NAME

    monkeypatch.setattr(SeparatedPathType, "envvar_list_splitter", ";")
    assert SeparatedPathType().convert(r"C:\a.py;D:\b.py", None, None) == [r"C:\a.py", r"D:\b.py"]
    assert BEFORE_APP_NAME.split(r"C:\site\app.py:made('x:y')", maxsplit=1) == [r"C:\site\app.py", "made('x:y')"]
    assert BEFORE_APP_NAME.split("C:/site/app.py", maxsplit=1) == ["C:/site/app.py"]


def test_without_what_only_posix_has(monkeypatch: pytest.MonkeyPatch, folder: Path, calls: list[Call]) -> None:
    """Where there is no readline, no /proc and no terminal control, shell, server and ports work all the same."""
    from flask.cli import ports

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "readline", None)
    monkeypatch.setitem(sys.modules, "termios", None)
    group = FlaskGroup(create_app=lambda: Flask("a"))
    shell = CliRunner().invoke(group, ["shell"], input="print(6 * 7)\n")
    assert shell.exception is None
    assert "42" in shell.output
    handles = types.SimpleNamespace(get_osfhandle=lambda descriptor: descriptor)
    monkeypatch.setitem(sys.modules, "msvcrt", handles)
    for flag in ("O_BINARY", "O_TEMPORARY"):
        monkeypatch.setattr(os, flag, 0, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert CliRunner().invoke(group, ["run", "--debug"]).exit_code == 0
    assert calls[0].options["use_reloader"]
    monkeypatch.setattr(os, "name", "nt")
    assert ports.explain("127.0.0.1", 0, "") == []
    monkeypatch.setattr(ports.shutil, "which", lambda name: None)
    assert ports.find_holder(5000) == ""


def test_a_port_on_windows_is_probed_without_reuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """There SO_REUSEADDR would let two servers share a port, so the probe does without."""
    import socket

    from flask.cli import ports

    set_options: list[object] = []

    class Probe(socket.socket):
        def setsockopt(self, *args: t.Any) -> None:
            set_options.append(args)

    monkeypatch.setattr(ports.socket, "socket", Probe)
    ports.explain("127.0.0.1", 0, "")
    assert len(set_options) == 1
    monkeypatch.setattr(os, "name", "nt")
    ports.explain("127.0.0.1", 0, "")
    assert len(set_options) == 1
