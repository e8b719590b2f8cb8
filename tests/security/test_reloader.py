"""The reloader: one process runs the user's code, the other one watches, and each thing is said once.

The complaint is an old one. Since https://github.com/pallets/flask/issues/3431 upstream imports the application in the
process that watches as well, to show its errors at once; schedulers, subscriptions and listeners then exist twice
(https://github.com/CTFd/CTFd/issues/361, https://github.com/stlehmann/Flask-MQTT/issues/31).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import child_environment
from tests.cli.server import Server, serving

NOTE = """
import os
with open("log", "a") as log:
    print(os.getpid(), os.environ.get("WERKZEUG_RUN_MAIN"), __name__, file=log)
"""
APP = """
from flask import Flask
def create_app(word="one"):
    app = Flask(__name__)
    app.get("/")(lambda: f"version {word}")
    return app
app = create_app()
if __name__ == "__main__":
    app.run(debug=True, port=0)
"""
COMMAND = ("-m", "flask")
RUN = ("run", "--debug", "--port", "0")
# The arguments, the variables, and what stands in .flaskenv.
WAYS: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "app.py": ((*COMMAND, *RUN), {}, ""),
    "FLASK_APP": ((*COMMAND, *RUN), {"FLASK_APP": "app:create_app"}, ""),
    "--app": ((*COMMAND, "--app", "app:create_app('one')", *RUN), {}, ""),
    "--app with a path": ((*COMMAND, "--app", "./app.py", *RUN), {}, ""),
    "--reload": ((*COMMAND, "run", "--reload", "--port", "0"), {}, ""),
    "FLASK_DEBUG": ((*COMMAND, "run", "--port", "0"), {"FLASK_DEBUG": "1"}, ""),
    ".flaskenv": ((*COMMAND, "run"), {}, "FLASK_APP=app:create_app\nFLASK_DEBUG=1\nFLASK_RUN_PORT=0\n"),
    "a command of one's own": (("manage.py", *RUN), {}, ""),
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
pytestmark = [posix, pytest.mark.slow]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an app, and two installed plug-ins, one of which a command is asked of."""
    folder = tmp_path / "site"
    (folder / "plug-1.0.dist-info").mkdir(parents=True)
    (folder / "plug-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (folder / "plug-1.0.dist-info" / "entry_points.txt").write_text("[flask.commands]\nplugged = plug:hello\n")
    (folder / "plug.py").write_text(
        NOTE + "import click\nhello = click.Command('hello', callback=lambda: print('hi'))\n"
    )
    (folder / "app.py").write_text(NOTE + APP)
    (folder / "manage.py").write_text(
        "from flask.cli import FlaskGroup\ndef create_app():\n    import app\n    return app.app\n"
        "FlaskGroup(create_app=create_app)()\n"
    )
    return folder


def ran(folder: Path) -> list[tuple[int, str, str]]:
    """Which process ran a module of the user's, as what the reloader had started it, and the module's name."""
    log = folder / "log"
    rows = (line.split() for line in (log.read_text().splitlines() if log.exists() else ()))
    return [(int(pid), started, name) for pid, started, name in rows]


def reload(server: Server, path: Path, word: str, before: str) -> None:
    path.write_text(path.read_text().replace(before, word))
    server.wait_for(word)


@pytest.mark.parametrize("way", WAYS)
def test_user_code_is_imported_by_one_process_only(site: Path, way: str) -> None:
    """With `flask run`, the process that watches imports neither the app nor plug-ins; each that serves does once.

    On upstream both import the app, and call its factory.
    """
    args, variables, flaskenv = WAYS[way]
    if flaskenv:
        (site / ".flaskenv").write_text(flaskenv)
    with serving(site, *args, **variables) as server:
        server.wait_for("version one")
        (only,) = ran(site)
        assert only[0] != server.process.pid
        assert only[1:] == ("true", "app")
        if "'one'" not in " ".join(args):
            reload(server, site / "app.py", "version two", "version {word}")
            first, second = ran(site)
            assert first == only
            assert second[0] not in {first[0], server.process.pid}
        said = server.log()
    assert said.count("Serving Flask app") <= 1
    for once in ("Debug mode: ", "Running on ", "Press CTRL+C"):
        assert said.count(once) == 1


def test_user_code_that_is_a_script(site: Path) -> None:
    """`python app.py` runs the file in both processes, as far as `app.run()`, and the file can tell in which.

    It is the one exception: before that line nobody knows that there will be a reloader.
    """
    with serving(site, "app.py") as server:
        server.wait_for("version one")
        watching, at_work = ran(site)
        assert watching == (server.process.pid, "None", "__main__")
        assert at_work[0] != server.process.pid
        assert at_work[1:] == ("true", "__main__")
        reload(server, site / "app.py", "version two", "version {word}")
        assert len(ran(site)) == 3


def test_a_plug_in_is_imported_for_its_own_command(site: Path) -> None:
    """A plug-in is imported where its command is asked for, or all are listed; `flask routes` runs without it."""
    environment = child_environment(PYTHONPATH=os.pathsep.join([str(site), *filter(None, sys.path)]))

    def flask(*args: str) -> str:
        command = [sys.executable, *COMMAND, *args]
        return subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=True).stdout

    flask("routes")
    assert {name for _, _, name in ran(site)} == {"app"}
    assert flask("plugged") == "hi\n"
    assert {name for _, _, name in ran(site)} == {"app", "plug"}
    assert "plugged" in flask("--help")


def test_a_port_in_use_is_said_before_anything_runs(site: Path) -> None:
    """A port in use ends the command with status 1 before a line of the user's code ran."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, *COMMAND, "run", "--debug", "--port", port]
        done = subprocess.run(command, cwd=site, env=child_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert ran(site) == []


@pytest.mark.parametrize(
    ("app", "status", "said", "imports"),
    [
        ("nope", 2, "Could not import 'nope'.", 0),
        ("app:(", 2, "Failed to parse '('", 0),
        ("app:nope", 2, "Failed to find attribute 'nope' in 'app'.", 1),
        ("app:create_app(1, 2)", 2, "could not be called with the specified arguments", 1),
        ("leaves", 7, "the setting is missing", 1),
    ],
)
def test_errors_at_the_import_are_told_once(site: Path, app: str, status: int, said: str, imports: int) -> None:
    """What was typed wrong ends the command with its remedy and status 2; an app that leaves gives its own status."""
    leaves = "import sys\nprint('the setting is missing', file=sys.stderr)\nsys.exit(7)\n"
    (site / "leaves.py").write_text(NOTE + leaves)
    command = [sys.executable, *COMMAND, "--app", app, *RUN]
    done = subprocess.run(command, cwd=site, env=child_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert done.stderr.count(said) == 1
    assert "Traceback" not in done.stderr
    assert len(ran(site)) == imports


def test_a_name_that_a_save_breaks_is_waited_for(site: Path) -> None:
    """A save that takes the app away is told in the terminal and on the page, and the next one mends it."""
    text = (site / "app.py").read_text()
    with serving(site, *COMMAND, "--app", "app:app", *RUN) as server:
        server.wait_for("version one")
        (site / "app.py").write_text(text.replace("app = create_app()", ""))
        server.wait_for("Failed to find attribute")
        assert "Failed to find attribute 'app' in 'app'." in server.log()
        (site / "app.py").write_text(text)
        server.wait_for("version one")
