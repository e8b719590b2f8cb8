"""`flask run`: what is handed to the server, and what a person sees."""

from __future__ import annotations

import os
import re
import socket
import sys
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import werkzeug.serving
from click.testing import CliRunner, Result

from flask import Flask
from flask.cli import NoAppException, cli, show_server_banner
from flask.cli.record import VARIABLE, Record, inherited
from flask.cli.server import serve

from .conftest import Command, Write
from .server import serving

APP = "from flask import Flask\napp = Flask(__name__)\n"


class Server:
    """Stands for Werkzeug's server: notes what it was given."""

    def __init__(self) -> None:
        self.calls: list[dict[str, t.Any]] = []
        self.environ: dict[str, str] = {}

    def __call__(self, host: str, port: int, application: t.Any, **options: t.Any) -> None:
        self.environ = dict(os.environ)
        self.calls.append({"host": host, "port": port, "application": application, **options})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr(werkzeug.serving, "run_simple", server)
    return server


@contextmanager
def started_by_the_reloader() -> Iterator[None]:
    """What the first process that serves finds, when the reloader started it."""
    inherited.cache_clear()
    with Record.begin().handed_on():
        os.environ[VARIABLE] = str(os.dup(int(os.environ[VARIABLE])))
        os.environ["WERKZEUG_RUN_MAIN"] = "true"
        yield
        del os.environ["WERKZEUG_RUN_MAIN"]
    inherited.cache_clear()


def invoke(*args: str, **env: str) -> Result:
    return CliRunner().invoke(cli, args, env=env)


DEFAULTS = {
    "host": "127.0.0.1",
    "port": 5000,
    "use_reloader": False,
    "use_debugger": False,
    "threaded": True,
    "ssl_context": None,
    "extra_files": None,
    "exclude_patterns": None,
}
ON = {"use_reloader": True, "use_debugger": True}
SEP = os.pathsep


@pytest.mark.parametrize(
    ("args", "env", "options"),
    [
        (["run"], {}, {}),
        (["--debug", "run"], {}, ON),
        (["run", "--debug"], {}, ON),
        (["run"], {"FLASK_DEBUG": "1"}, ON),
        (["run"], {"FLASK_RUN_DEBUG": "1"}, ON),
        (["--debug", "run", "--no-debug"], {}, {}),
        (["--no-debug", "run", "--debug"], {}, ON),
        (["run", "--debug", "--no-reload"], {}, {"use_debugger": True}),
        (["run", "--debug", "--no-debugger"], {}, {"use_reloader": True}),
        (["run", "--reload"], {}, {"use_reloader": True}),
        (["run", "--debugger"], {}, {"use_debugger": True}),
        (["run", "-h", "0.0.0.0", "-p", "80"], {}, {"host": "0.0.0.0", "port": 80}),
        (["run"], {"FLASK_RUN_HOST": "h", "FLASK_RUN_PORT": "81"}, {"host": "h", "port": 81}),
        (["run", "--port", "82"], {"FLASK_RUN_PORT": "81"}, {"port": 82}),
        (["run", "--without-threads"], {}, {"threaded": False}),
        (["run"], {"FLASK_RUN_WITH_THREADS": "no"}, {"threaded": False}),
        (["run", "--extra-files", f"a{SEP}b"], {}, {"extra_files": ["a", "b"]}),
        (["run"], {"FLASK_RUN_EXTRA_FILES": "a"}, {"extra_files": ["a"]}),
        (["run", "--exclude-patterns", f"*.x{SEP}y*"], {}, {"exclude_patterns": ["*.x", "y*"]}),
        (["run"], {"FLASK_RUN_RELOAD": "1", "FLASK_RUN_DEBUGGER": "0"}, {"use_reloader": True}),
    ],
)
def test_what_the_server_gets(
    write: Write, server: Server, args: list[str], env: dict[str, str], options: dict[str, object]
) -> None:
    """Each option reaches the server, from the command line or a variable; the rest follows debug mode."""
    write("app.py", APP)
    result = invoke(*args, **env)
    assert result.exit_code == 0, result.output
    (call,) = server.calls
    # Whoever only watches does not import the app.
    assert isinstance(call.pop("application"), Flask) is not call["use_reloader"]
    assert call == {**DEFAULTS, **options}


def test_certificate(write: Write, server: Server, folder: Path) -> None:
    """A certificate reaches the server with its key, also from variables."""
    write("app.py", APP)
    invoke("run", FLASK_RUN_CERT="app.py", FLASK_RUN_KEY="app.py")
    assert server.calls[0]["ssl_context"] == (str(folder / "app.py"), str(folder / "app.py"))


def test_banner(write: Write, server: Server) -> None:
    """The banner names the app as it was given, and debug mode."""
    write("hello.py", APP)
    assert invoke("--app", "hello", "run").stdout == " * Serving Flask app 'hello'\n * Debug mode: off\n"
    banner = " * Serving Flask app 'hello:app'\n * Debug mode: on\n"
    assert invoke("-A", "hello:app", "run", "--debug").stdout == banner
    write("app.py", APP)
    assert invoke("run", FLASK_DEBUG="0").stdout == " * Debug mode: off\n"


def test_banner_stands_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that the reloader started shows no banner."""
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    show_server_banner(True, "hello")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["import nope_x\n", "1 / 0\n", "def (\n", "x = 1\n"])
@pytest.mark.parametrize("args", [[], ["--debugger"], ["--debug", "--no-reload"]])
def test_a_broken_app_starts_no_server(write: Write, server: Server, text: str, args: list[str]) -> None:
    """At the start an app that cannot be loaded ends the command, where nothing would wait for the next save."""
    write("app.py", text)
    assert invoke("run", *args).exit_code != 0
    assert not server.calls


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("import nope_x\n", ModuleNotFoundError),
        ("1 / 0\n", ZeroDivisionError),
        ("def (\n", SyntaxError),
        ("def create_app(): raise KeyError('x')\n", KeyError),
    ],
)
@pytest.mark.parametrize("args", [["--debug"], ["--reload"]])
def test_a_mistake_at_the_start_is_waited_for(
    write: Write, server: Server, text: str, kind: type[Exception], args: list[str]
) -> None:
    """With the reloader a mistake in the code does not end the command; the process that serves tells of it."""
    write("app.py", text)
    result = invoke("run", *args)
    assert (result.exit_code, result.stderr) == (0, "")
    with started_by_the_reloader():
        result = invoke("run", *args)
    assert result.exit_code == 0
    assert kind.__name__ in result.stderr
    for call in server.calls:
        assert call["use_reloader"] is True
        with pytest.raises((kind, NoAppException)):
            call["application"]({}, None)


@pytest.mark.parametrize("app", ["nope_x", "app:nope", "app:(", "app:create_app(1)", "app"])
@pytest.mark.parametrize("args", [[], ["--debug"]])
def test_what_was_typed_wrong_is_not_waited_for(write: Write, command: Command, app: str, args: list[str]) -> None:
    """No save mends a name that leads nowhere: the command ends with status 2, with the reloader or without."""
    write("app.py", "def create_app(): pass\n")
    done = command("--app", app, "run", "--port", "0", *args)
    assert done.returncode == 2
    assert done.stderr.count("Error: ") == 1
    # What is certain without any code of the app's is told before the server starts.
    assert ("Running on" in done.stderr) is (bool(args) and app not in {"nope_x", "app:("})


@pytest.mark.parametrize(
    ("text", "said", "kind"),
    [
        ("import nope_x\n", "No module named 'nope_x'", ModuleNotFoundError),
        ("1 / 0\n", "ZeroDivisionError", ZeroDivisionError),
        ("def (\n", "SyntaxError", SyntaxError),
        ("x = 1\n", "Failed to find Flask application", NoAppException),
    ],
)
def test_a_broken_app_is_reported_after_a_reload(
    write: Write, server: Server, monkeypatch: pytest.MonkeyPatch, text: str, said: str, kind: type[Exception]
) -> None:
    """After a reload the error is printed once, and raised by each request with a traceback that does not grow."""
    write("app.py", text)
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    result = invoke("run", "--debug")
    assert result.exit_code == 0
    assert said in result.stderr
    assert os.path.join("flask", "cli") not in result.stderr
    app = server.calls[0]["application"]
    lengths = set()
    for _ in range(3):
        with pytest.raises(kind) as caught:
            app({}, None)
        lengths.add(len(caught.traceback))
    assert len(lengths) == 1


def test_the_page_of_a_broken_app_shows_the_users_lines_alone(
    write: Write, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Werkzeug's debugger shows no frame of ours."""
    from werkzeug.debug import DebuggedApplication
    from werkzeug.test import Client

    path = write("app.py", "import nope_x\n")
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    invoke("run", "--debug")
    page = Client(DebuggedApplication(server.calls[0]["application"])).get("/").text
    assert re.findall('class="filename">"([^"]*)"', page) == [str(path)]


def test_a_restarted_process_reads_the_files_itself(write: Write, server: Server, folder: Path) -> None:
    """Before the reloader takes over, variables from files are taken back, and the files are watched."""
    write("app.py", APP)
    write(".env", "T_A=1\nFLASK_DEBUG=true\n")
    os.environ["T_B"] = "real"
    invoke("run")
    assert server.calls[0]["use_reloader"]
    assert server.calls[0]["extra_files"] == [str(folder / ".env")]
    assert "T_A" not in server.environ
    assert "FLASK_DEBUG" not in server.environ
    assert server.environ["T_B"] == "real"


def test_a_restarted_process_keeps_watching(write: Write, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """If debug mode goes with a change of .env, the loop goes on, without the debugger."""
    write("app.py", APP)
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    invoke("run")
    assert server.calls[0]["use_reloader"]
    assert not server.calls[0]["use_debugger"]


def test_without_reloader_variables_stay(write: Write, server: Server) -> None:
    """One process alone keeps what the files said."""
    write("app.py", APP)
    write(".env", "T_A=1\n")
    invoke("run")
    assert server.environ["T_A"] == "1"
    assert server.calls[0]["extra_files"] is None


def test_port_in_use(write: Write, command: Command) -> None:
    """A taken port is named, with who holds it where the system tells, and with another port to take."""
    write("app.py", APP)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command("run", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert re.search(r"flask run --port \d+", done.stderr)
    if sys.platform == "linux":
        assert f"held by process {os.getpid()} (" in done.stderr


def test_an_unknown_host(write: Write, command: Command) -> None:
    """A host that is none is not taken for a port in use."""
    write("app.py", APP)
    done = command("run", "--host", "name.invalid")
    assert done.returncode == 1
    assert "No address is known for the host 'name.invalid'." in done.stderr
    assert "another port" not in done.stderr


@pytest.mark.parametrize("args", [[], ["--debug"]])
def test_a_port_that_does_not_exist(write: Write, command: Command, args: list[str]) -> None:
    """A port below 0 is told as such, without a traceback."""
    write("app.py", APP)
    done = command("run", "--port", "-1", *args)
    assert done.returncode == 1
    assert "There is no port -1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
@pytest.mark.parametrize("args", [[], ["--debug", "--no-debugger"]])
def test_no_debugger(write: Write, folder: Path, args: list[str]) -> None:
    """Without the debugger an error shows nothing of the code."""
    write("app.py", APP + "@app.get('/')\ndef index(): 1 / 0\n")
    with serving(folder, "-m", "flask", "run", "--port", "0", *args) as server:
        text = server.wait_for("Server Error")
        assert "Internal Server Error" in text
        assert "ZeroDivisionError" not in text or args


def test_ctrl_c_between_two_steps_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt that Werkzeug's loop does not see, at its very beginning or end, is no error of the command."""

    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("werkzeug.serving.run_simple", interrupted)
    serve("127.0.0.1", 0, Flask("quiet"))
