"""Starts servers as whoever deploys an app does, each a process on a port of its own. None outlives its block."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60
"""Seconds for a start or an end, on a machine that does much else."""

_FLASK = "flask --app {module} run --port {port}"
_GUNICORN = "gunicorn --bind 127.0.0.1:{port} --log-level warning --graceful-timeout 5 "
_GRANIAN = "granian --host 127.0.0.1 --port {port} --workers 1 --log-level warning --interface "
_UVICORN = "uvicorn --host 127.0.0.1 --port {port} --log-level warning "
COMMANDS = {
    "werkzeug": _FLASK,
    "werkzeug-reloading": _FLASK + " --debug",
    "gunicorn-preloading": _GUNICORN + "--preload --workers 1 {module}:app",
    "gunicorn-threads": _GUNICORN + "--worker-class gthread --threads 8 {module}:app",
    "gunicorn-gevent": _GUNICORN + "--worker-class gevent {module}:app",
    "waitress": "waitress --listen 127.0.0.1:{port} --threads 8 {module}:app",
    "granian-wsgi": _GRANIAN + "wsgi --blocking-threads 8 {module}:app",
    "uvicorn": _UVICORN + "--ws websockets {module}:app.asgi_app",
    "uvicorn-wsproto": _UVICORN + "--ws wsproto {module}:app.asgi_app",
    "hypercorn": "hypercorn --bind 127.0.0.1:{port} --log-level warning {module}:app.asgi_app",
    "daphne": "daphne --bind 127.0.0.1 --port {port} --verbosity 0 {module}:app.asgi_app",
    "granian-asgi": _GRANIAN + "asgi {module}:app.asgi_app",
    "granian-rsgi": _GRANIAN + "rsgi {module}:app",
}
"""What follows `python -m` to serve the `app` of a module."""


def command_of(name: str, module: str, *options: str) -> list[str]:
    """The command of a server by its name; options stand before its own."""
    program, *rest = COMMANDS[name].replace("{module}", module).split()
    return [program, *options, *rest]


def is_installed(name: str) -> bool:
    """Whether this machine has what a server of this name needs."""
    words = COMMANDS[name].split()
    return have(words[0], *{"gevent", "websockets", "wsproto"}.intersection(words))


def have(*modules: str) -> bool:
    """Whether these can be imported, and run; gunicorn, for one, is not made for Windows."""
    if "gunicorn" in modules and sys.platform == "win32":
        return False
    return all(importlib.util.find_spec(module) is not None for module in modules)


class Server:
    """One process, the head of a group of its own; what it writes goes to a file."""

    port: int
    process: subprocess.Popen[bytes]

    def __init__(
        self,
        command: t.Sequence[str],
        output: Path,
        folder: Path = ROOT,
        interpreter: str | Path = sys.executable,
        **environment: str,
    ) -> None:
        """Start `python -m` with a command in a folder, {port} in it being a free port."""
        self._command, self._output, self._folder, self._interpreter = command, output, folder, interpreter
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}
        paths = {"PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT, ROOT / "src")))}
        plain = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONASYNCIODEBUG": "", "NO_COLOR": "1"}
        self._environment = inherited | paths | plain | environment
        self._tries = 3
        self._start()

    def _start(self) -> None:
        self._tries -= 1
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [word.replace("{port}", str(self.port)) for word in self._command]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [self._interpreter, "-m", *command],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """What it has written so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def ready(self) -> t.Self:
        """Wait until it listens; started again where it ended, since somebody else may have taken its port."""
        until = time.monotonic() + PATIENCE
        while True:
            if self.process.poll() is not None and self._tries:
                self._start()
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"{' '.join(self._command)} does not serve:\n{self.log()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                self._tries = 0
                return self
            time.sleep(0.02)

    def ask_to_end(self) -> None:
        """As whoever supervises processes does it."""
        self.process.terminate()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{' '.join(self._command)} does not end:\n{self.log()}") from None

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        self.ask_to_end()
        self.wait()

    def kill(self) -> None:
        """End it and its workers, whatever they are at."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()


@contextlib.contextmanager
def serving(command: t.Sequence[str], output: Path, folder: Path = ROOT, **environment: str) -> t.Iterator[Server]:
    """A server from when it listens; it has to end when it is asked to."""
    with Server(command, output, folder, **environment) as server:
        yield server.ready()
        server.end()
