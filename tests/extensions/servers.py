"""The servers that the extensions are tried on: each is a row, and is started by its own command on 127.0.0.1."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = "tests.extensions.members"
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 20

_GRANIAN = "granian --host 127.0.0.1 --port {port} --workers 1 --log-level warning --interface"
COMMANDS = {
    "wsgi-werkzeug": "flask --app {module} run --port {port} --no-reload",
    "wsgi-gunicorn": "gunicorn --bind 127.0.0.1:{port} --worker-class gthread --threads 8 {module}:app",
    "wsgi-waitress": "waitress --listen 127.0.0.1:{port} --threads 8 {module}:app",
    "wsgi-granian": _GRANIAN + " wsgi --blocking-threads 8 {module}:app",
    "asgi-uvicorn": "uvicorn --host 127.0.0.1 --port {port} --log-level warning {module}:app.asgi_app",
    "asgi-hypercorn": "hypercorn --bind 127.0.0.1:{port} --log-level warning {module}:app.asgi_app",
    "asgi-granian": _GRANIAN + " asgi {module}:app.asgi_app",
    "rsgi-granian": _GRANIAN + " rsgi {module}:app",
}
"""After `python -m`. The first part of a name is the protocol."""


def is_installed(name: str) -> bool:
    """Whether this machine can run a server; gunicorn is not made for Windows."""
    package = COMMANDS[name].partition(" ")[0]
    if package == "gunicorn" and sys.platform == "win32":
        return False
    return importlib.util.find_spec(package) is not None


@contextlib.contextmanager
def serve(name: str, folder: Path, **environment: str) -> t.Iterator[str]:
    """Serve the application until the block ends; the base URL. What goes wrong in the server fails the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", *COMMANDS[name].format(port=port, module=MODULE).split()]
    log = folder / f"{name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, env=os.environ | environment
        )
    try:
        _await_answer(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} did not stop:\n{log.read_text()}") from None
    said = log.read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in said.replace(EXPECTED, ""), said


EXPECTED = "Exception on /notes/lost [POST]\nTraceback"


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
