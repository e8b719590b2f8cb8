"""Sessions of a person at a terminal: `flask run`, `app.run()` and `flask shell`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import typing as t
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Write, child_environment
from .server import PATIENCE, TRIES, fetch

pexpect = pytest.importorskip("pexpect") if sys.platform == "win32" else __import__("pexpect")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a terminal of the kind that POSIX has"),
]

Terminal = Callable[..., t.Any]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

APP = """
import os
import time
from flask import Flask, render_template
app = Flask(__name__)
@app.get("/")
def index():
    return "one " + os.environ.get("T_A", "dropped")
@app.get("/page")
def page():
    return render_template("page.html")
@app.get("/sleep")
def sleep():
    print("began /sleep", flush=True)
    time.sleep(3600)
@app.get("/stream")
def stream():
    print("began /stream", flush=True)
    def forever():
        while True:
            yield "x"
            time.sleep(0.05)
    return forever()
if __name__ == "__main__":
    app.run(debug=True, port=0)
"""
RUN = ("-m", "flask", "run", "--debug", "--port", "0")
SCRIPT = ("app.py",)
BOTH = pytest.mark.parametrize("name", ["watchfiles", "stat"])


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    """Start `python` with some arguments in a terminal; what is typed and shown goes through it."""
    started: list[t.Any] = []

    def terminal(*args: str, **env: str) -> t.Any:
        with warnings.catch_warnings():
            # Another test's thread may still be there; the child runs another program at once.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = pexpect.spawn(
                sys.executable,
                list(args),
                cwd=str(folder),
                env=child_environment(PYTHONUTF8="1", TERM="xterm", **env),
                encoding="utf-8",
                timeout=PATIENCE,
                dimensions=(50, 200),
            )
        started.append(child)
        return child

    yield terminal
    for child in started:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.close(force=True)


@pytest.fixture
def reloading(write: Write, terminal: Terminal) -> Terminal:
    """The same for a server that reloads: by which reloader, then the arguments. Without watchfiles it is "stat"."""
    write("hide/sitecustomize.py", "import sys\nsys.modules['watchfiles'] = None\n")

    def reloading(name: str, *args: str) -> t.Any:
        return terminal(*args, **({} if name == "watchfiles" else {"PYTHONPATH": "hide"}))

    return reloading


def url_of(child: t.Any) -> str:
    child.expect(r"Running on (http://127\.0\.0\.1:\d+)")
    return str(child.match[1])


def served(child: t.Any, url: str, text: str) -> str:
    """Wait until the server answers with some text; meanwhile its output is read, or it would come to a halt."""
    answer = ""
    for _ in range(TRIES):
        answer = fetch(url, {})
        if text in answer:
            return answer
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            child.read_nonblocking(100_000, timeout=0)
        time.sleep(0.05)
    raise AssertionError(f"{text!r} never came; last: {answer[-2000:]}")


def leave(child: t.Any) -> str:
    """Type Ctrl+C and wait for the end; gives what was shown meanwhile."""
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert not alive(child.pid)
    return ESCAPES.sub("", child.before)


def alive(group: int) -> bool:
    """Whether any process of a group still runs; one that ended may wait for its entry to be read."""
    for _ in range(TRIES):
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return False
        rows = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
        states = [state for pgid, state in map(str.split, rows.splitlines()) if pgid == str(group)]
        if all(state.startswith("Z") for state in states):
            return False
        time.sleep(0.05)
    return True


@BOTH
@pytest.mark.parametrize("how", [RUN, SCRIPT])
def test_a_save_is_served(write: Write, reloading: Terminal, how: tuple[str, ...], name: str) -> None:
    """A module, a template and .env restart the app when changed; what went from .env is gone; Ctrl+C ends it all."""
    app = write("app.py", APP)
    page = write("templates/page.html", "a template")
    env = write(".env", "T_A=first\n")
    child = reloading(name, *how)
    url = url_of(child)
    child.expect(f"Restarting with {name}")
    served(child, url, "one first")
    served(child, url + "/page", "a template")

    app.write_text(APP.replace("one", "two"))
    child.expect(r"Detected change in '.*app\.py', reloading")
    served(child, url, "two first")

    page.write_text("another template")
    child.expect(r"Detected change in '.*page\.html', reloading")
    served(child, url + "/page", "another template")

    write(".env", "T_B=1\n")
    child.expect(r"Detected change in '.*\.env', reloading")
    served(child, url, "two dropped")

    write(".flaskenv", "T_A=second\n")
    child.expect(r"Detected change in '.*\.flaskenv', reloading")
    served(child, url, "two second")
    env.unlink()
    child.expect(r"Detected change in '.*\.env', reloading")
    served(child, url, "two second")

    said = leave(child)
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert (child.exitstatus, child.signalstatus) == (0, None)


@BOTH
def test_a_syntax_error_and_its_mend(write: Write, reloading: Terminal, name: str) -> None:
    """A syntax error is shown in the terminal and on the page, and the next save is served."""
    app = write("app.py", APP)
    child = reloading(name, *RUN)
    url = url_of(child)
    served(child, url, "one dropped")

    app.write_text("def (\n")
    child.expect(r"app\.py\", line 1")
    child.expect("SyntaxError")
    assert "app.py" in served(child, url, "SyntaxError")

    app.write_text("import not_there_yet\n" + APP)
    served(child, url, "not_there_yet")
    write("not_there_yet.py", "")
    served(child, url, "one dropped")
    leave(child)
    assert child.exitstatus == 0


@BOTH
@pytest.mark.parametrize(
    ("mistake", "shown"),
    [
        ("def (\n", "SyntaxError"),
        ("import not_there_yet\n", "No module named 'not_there_yet'"),
        ("def create_app():\n    return undefined\n", "NameError"),
    ],
)
def test_a_mistake_at_the_start(write: Write, reloading: Terminal, name: str, mistake: str, shown: str) -> None:
    """An app that is broken from the first is shown in the terminal and on the page, and the next save is served."""
    app = write("app.py", mistake)
    child = reloading(name, *RUN)
    url = url_of(child)
    child.expect(shown)
    served(child, url, shown.partition(" ")[0])
    app.write_text(APP)
    served(child, url, "one dropped")
    leave(child)
    assert child.exitstatus == 0


@BOTH
def test_a_script_with_a_syntax_error(write: Write, reloading: Terminal, name: str) -> None:
    """A script that Python cannot even read is waited for, and served when it is mended."""
    app = write("app.py", APP)
    child = reloading(name, *SCRIPT)
    url = url_of(child)
    served(child, url, "one dropped")
    app.write_text("def (\n")
    child.expect("SyntaxError")
    child.expect("waiting for the next change")
    app.write_text(APP.replace("one", "two"))
    child.expect("Debugger is active")
    served(child, url, "two dropped")
    app.write_text("def (\n")
    child.expect("waiting for the next change")
    said = leave(child)
    assert "Traceback" not in said
    assert (child.exitstatus, child.signalstatus) == (0, None), said


@pytest.mark.parametrize("how", [("-m", "flask", "run"), ("-c", "import app; app.app.run(port=PORT)")])
def test_a_port_in_use(write: Write, terminal: Terminal, how: tuple[str, ...]) -> None:
    """A port in use is named, with who holds it, two remedies and an exit status that is not 0."""
    write("app.py", APP)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        args = [part.replace("PORT", port) for part in how]
        child = terminal(*args, *(("--port", port) if how[0] == "-m" else ()))
        child.expect(pexpect.EOF)
        child.wait()
    said = ESCAPES.sub("", child.before)
    assert f"Port {port} is in use" in said
    if sys.platform == "linux":
        assert f"Port {port} is held by process {os.getpid()} (" in said
    assert "Stop it, or choose another port: '" in said
    assert re.search(r"'flask run --port \d+'" if how[0] == "-m" else r"'app\.run\(port=\d+\)'", said)
    assert "Traceback" not in said
    assert child.exitstatus == 1


@pytest.mark.parametrize("args", [("--debug",), ()])
def test_ctrl_c_at_once(write: Write, terminal: Terminal, args: tuple[str, ...]) -> None:
    """Ctrl+C ends a server that has answered nothing yet, with the reloader and without."""
    write("app.py", APP)
    child = terminal("-m", "flask", "run", "--port", "0", *args)
    child.expect("CTRL.C")
    said = leave(child)
    assert "Traceback" not in said
    assert (child.exitstatus, child.signalstatus) == (0, None)


@pytest.mark.parametrize("args", [("--debug",), ()])
def test_ctrl_c_during_a_request(write: Write, terminal: Terminal, args: tuple[str, ...]) -> None:
    """Ctrl+C does not wait for a view that sleeps, nor for a stream."""
    write("app.py", APP)
    child = terminal("-m", "flask", "run", "--port", "0", *args)
    url = url_of(child)
    served(child, url, "one")
    host, _, port = url.removeprefix("http://").partition(":")
    with contextlib.ExitStack() as stack:
        for path in (b"/sleep", b"/stream"):
            asking = stack.enter_context(socket.create_connection((host, int(port))))
            asking.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            child.expect_exact("began " + path.decode())
        said = leave(child)
    assert "Traceback" not in said
    assert (child.exitstatus, child.signalstatus) == (0, None)


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGHUP])
def test_no_process_outlives_the_first(write: Write, terminal: Terminal, way: signal.Signals) -> None:
    """Told to end, or with its terminal gone, the reloader leaves no process behind that holds the port."""
    write("app.py", APP)
    child = terminal(*RUN)
    served(child, url_of(child), "one")
    if way is signal.SIGHUP:
        child.ptyproc.fileobj.close()
        for _ in range(TRIES):
            if not child.isalive():
                break
            time.sleep(0.05)
    else:
        os.kill(child.pid, way)
        child.expect(pexpect.EOF)
        child.wait()
    assert not alive(child.pid)


def test_run_is_ignored_when_the_command_imports_it(write: Write, folder: Path, terminal: Terminal) -> None:
    """A module that calls app.run() unguarded is served by the command all the same, and told so once."""
    write("app.py", "from flask import Flask\napp = Flask(__name__)\napp.get('/')(lambda: 'hi')\napp.run()\n")
    child = terminal(*RUN)
    url = url_of(child)
    child.expect(r"Ignoring a call to 'app\.run\(\)'")
    served(child, url, "hi")
    (folder / "app.py").touch()
    child.expect("reloading")
    child.expect("Debugger is active")
    assert "Ignoring" not in child.before
    assert "Ignoring" not in leave(child)


@BOTH
def test_user_code_runs_once_per_process(write: Write, folder: Path, reloading: Terminal, name: str) -> None:
    """The process that watches never imports the app, and each that serves once, whatever is reloaded."""
    note = "import os\nwith open('log', 'a') as log: print(os.getpid(), file=log)\n"
    app = write("app.py", note + APP)
    child = reloading(name, *RUN)
    url = url_of(child)
    served(child, url, "one")
    for number in ("two", "three"):
        app.write_text(note + APP.replace("one", number))
        served(child, url, number)
    leave(child)
    processes = (folder / "log").read_text().split()
    assert len(processes) == len(set(processes)) == 3
    assert str(child.pid) not in processes


SHELL_APP = """
from flask import Flask
app = Flask(__name__)
@app.shell_context_processor
def more():
    return {"answer": 42}
"""


def test_the_shell(write: Write, folder: Path, terminal: Terminal) -> None:
    """At a terminal the shell has the app's names, completes them, and remembers what was typed the time before."""
    write("app.py", SHELL_APP)
    # Each release of Python reads and writes the history of its interactive mode there.
    env = {"HOME": str(folder), "PYTHON_HISTORY": str(folder / ".python_history"), "PYTHON_BASIC_REPL": "1"}
    child = terminal("-m", "flask", "shell", **env)
    child.expect("App: app")
    child.expect("Instance: /")
    child.expect(">>> ")
    child.sendline("print(app.name, answer * 1000, g)")
    child.expect(r"app 42000 <flask\.g of 'app'>")
    child.expect(">>> ")
    child.sendline("import flask; flask.current_app.name * 3")
    child.expect("'appappapp'")
    child.expect(">>> ")
    child.send("answ\t.nume\t")
    child.expect(r"answer\.numerator")
    child.sendline("")
    child.expect("42")
    child.expect(">>> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0

    child = terminal("-m", "flask", "shell", **env)
    child.expect(">>> ")
    child.send("\x1b[A\x1b[A")  # twice up, to what was typed before
    child.expect("flask.current_app.name")
    child.sendline("")
    child.expect("'appappapp'")
    child.sendeof()
    child.expect(pexpect.EOF)


def test_an_error_in_the_shell(write: Write, terminal: Terminal) -> None:
    """An error, and Ctrl+C, leave the shell as it was."""
    write("app.py", SHELL_APP)
    child = terminal("-m", "flask", "shell", PYTHON_BASIC_REPL="1", PYTHONSTARTUP="")
    child.expect(">>> ")
    child.sendline("1 / 0")
    child.expect("ZeroDivisionError")
    child.expect(">>> ")
    child.send("half a li")
    child.expect("half a li")  # shown, so it is Python that reads by now
    child.sendintr()
    child.expect("KeyboardInterrupt")
    child.expect(">>> ")
    child.sendline("answer")
    child.expect("42")
    child.sendline("exit()")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
