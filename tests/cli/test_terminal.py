"""Sessions of a person at a terminal: `flask run`, `app.run()` and `flask shell`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
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
from flask import Flask, render_template
app = Flask(__name__)
@app.get("/")
def index():
    return "one " + os.environ.get("T_A", "dropped")
@app.get("/page")
def page():
    return render_template("page.html")
if __name__ == "__main__":
    app.run(debug=True, port=0)
"""
RUN = ("-m", "flask", "run", "--debug", "--port", "0")
SCRIPT = ("app.py",)


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
    return ESCAPES.sub("", child.before)


@pytest.mark.parametrize("how", [RUN, SCRIPT])
def test_a_save_is_served(write: Write, terminal: Terminal, how: tuple[str, ...]) -> None:
    """A saved module, a template and a variable dropped from .env restart the app; Ctrl+C ends it without a word."""
    app = write("app.py", APP)
    page = write("templates/page.html", "a template")
    write(".env", "T_A=first\n")
    child = terminal(*how)
    url = url_of(child)
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

    said = leave(child)
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert (child.exitstatus, child.signalstatus) == (0, None)


def test_a_syntax_error_and_its_mend(write: Write, terminal: Terminal) -> None:
    """A syntax error is shown in the terminal and on the page, and the next save is served."""
    app = write("app.py", APP)
    child = terminal(*RUN)
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


def test_a_script_with_a_syntax_error(write: Write, terminal: Terminal) -> None:
    """A script that Python cannot even read is waited for, and served when it is mended."""
    app = write("app.py", APP)
    child = terminal(*SCRIPT)
    url = url_of(child)
    served(child, url, "one dropped")
    app.write_text("def (\n")
    child.expect("SyntaxError")
    child.expect("waiting for the next change")
    app.write_text(APP.replace("one", "two"))
    child.expect("Debugger PIN")
    served(child, url, "two dropped")
    app.write_text("def (\n")
    child.expect("waiting for the next change")
    said = leave(child)
    assert "Traceback" not in said
    assert child.exitstatus == 0


def test_without_watchfiles(write: Write, terminal: Terminal) -> None:
    """Where watchfiles is not installed Werkzeug's reloader does the same."""
    write("hide/sitecustomize.py", "import sys\nsys.modules['watchfiles'] = None\n")
    app = write("app.py", APP)
    write(".env", "T_A=first\n")
    child = terminal(*RUN, PYTHONPATH="hide")
    url = url_of(child)
    child.expect(r"Restarting with (stat|watchdog)")
    served(child, url, "one first")
    time.sleep(1)  # Werkzeug compares dates: a second save within the clock's step would not be seen
    app.write_text(APP.replace("one", "two"))
    served(child, url, "two first")
    write(".env", "\n")
    served(child, url, "two dropped")
    leave(child)
    assert child.exitstatus == 0


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


def test_run_is_ignored_when_the_command_imports_it(write: Write, terminal: Terminal) -> None:
    """A module that calls app.run() unguarded is served by the command all the same, and told so once."""
    write("app.py", "from flask import Flask\napp = Flask(__name__)\napp.get('/')(lambda: 'hi')\napp.run()\n")
    child = terminal(*RUN)
    child.expect(r"Ignoring a call to 'app\.run\(\)'")
    url = url_of(child)
    served(child, url, "hi")
    assert "Ignoring" not in leave(child)


def test_user_code_runs_once_per_process(write: Write, folder: Path, terminal: Terminal) -> None:
    """The process that watches imports the app once in all, and each that serves once, whatever is reloaded."""
    note = "import os\nwith open('log', 'a') as log: print(os.getpid(), file=log)\n"
    app = write("app.py", note + APP)
    child = terminal(*RUN)
    url = url_of(child)
    served(child, url, "one")
    for number in ("two", "three"):
        app.write_text(note + APP.replace("one", number))
        served(child, url, number)
    leave(child)
    processes = (folder / "log").read_text().split()
    assert len(processes) == len(set(processes)) == 4


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
