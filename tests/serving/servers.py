"""Servers as whoever deploys an app starts them: what each is told, and how it is asked to end."""

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
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60

GRANIAN = "granian --host 127.0.0.1 --port {port} --log-level warning --interface "

# Each by its command line after `python -m`, and what its worker processes are.
ON_LOOPS = {
    "uvicorn": "uvicorn --host 127.0.0.1 --port {port} --log-level warning served:app.asgi_app",
    "hypercorn": "hypercorn --bind 127.0.0.1:{port} --log-level warning served:app.asgi_app",
    "daphne": "daphne --bind 127.0.0.1 --port {port} --verbosity 0 served:app.asgi_app",
    "granian-asgi": GRANIAN + "asgi served:app.asgi_app",
    "granian-rsgi": GRANIAN + "rsgi served:app",
}
GUNICORN = "gunicorn --bind 127.0.0.1:{port} --log-level warning --graceful-timeout 5 "
ON_WSGI = {
    "werkzeug": "flask --app served run --port {port}",
    "werkzeug-reloading": "flask --app served run --port {port} --debug",
    "gunicorn-preloading": GUNICORN + "--preload --workers 1 served:app",
    "gunicorn-threads": GUNICORN + "--worker-class gthread --threads 4 served:app",
    "gunicorn-gevent": GUNICORN + "--worker-class gevent served:app",
    "granian-wsgi": GRANIAN + "wsgi --blocking-threads 4 served:app",
    "waitress": "waitress --listen 127.0.0.1:{port} served:app",
}
ALL = {**ON_LOOPS, **ON_WSGI}


def is_there(name: str) -> bool:
    """Whether a server can be started on this machine."""
    command = ALL[name].split()
    if command[0] == "gunicorn" and sys.platform == "win32":
        return False
    needed = [command[0], "gevent"] if name == "gunicorn-gevent" else command[:1]
    return all(importlib.util.find_spec(module) is not None for module in needed)


class Server:
    """One that serves the module `served` of a folder; its process group is its own."""

    def __init__(self, name: str, folder: Path, *options: str, **environment: str) -> None:
        self.name = name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._log = folder / "server.log"
        command, *rest = ALL[name].format(port=self.port).split()
        paths = os.pathsep.join([str(folder), str(ROOT / "src")])
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", command, *options, *rest],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", "PYTHONASYNCIODEBUG": ""} | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self) -> str:
        """What it has written."""
        return self._log.read_text(errors="replace")

    def ask(self, path: str = "/") -> tuple[int, str]:
        """Status and text of one GET, as soon as it serves."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
                    return response.status, response.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise AssertionError(f"{self.name} does not serve:\n{self.log()}") from None
                time.sleep(0.05)

    def end(self) -> None:
        """Ask it to end as it expects, and wait until it has."""
        asked = signal.SIGINT if self.name in {"werkzeug", "werkzeug-reloading", "waitress"} else signal.SIGTERM
        if self.name == "werkzeug-reloading":
            os.killpg(self.process.pid, asked)  # as a terminal does
        else:
            self.process.send_signal(asked)
        self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended and so have its workers."""
        code = self.process.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            while True:
                os.killpg(self.process.pid, 0)
                time.sleep(0.02)
        return code

    def kill(self) -> None:
        """End it, whatever it is at."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def served(name: str, folder: Path, *options: str, **environment: str) -> t.Iterator[Server]:
    """A server, and its end."""
    server = Server(name, folder, *options, **environment)
    try:
        yield server
    finally:
        server.kill()
