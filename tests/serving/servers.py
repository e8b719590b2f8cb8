"""Servers of an app in a folder, from before they serve, and how each is asked to end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests import servers

ON_LOOPS = ("uvicorn", "hypercorn", "daphne", "granian-asgi", "granian-rsgi")
ON_WSGI = (
    *("werkzeug", "werkzeug-reloading", "gunicorn-preloading", "gunicorn-threads", "gunicorn-gevent"),
    *("granian-wsgi", "waitress"),
)
ALL = ON_LOOPS + ON_WSGI


class Server(servers.Server):
    """One that serves the module `served` of a folder."""

    def __init__(self, name: str, folder: Path, *options: str, **environment: str) -> None:
        self.name = name
        super().__init__(servers.command_of(name, "served", *options), folder / "server.log", folder, **environment)

    def ask(self, path: str = "/") -> tuple[int, str]:
        """Status and text of one GET, as soon as it serves."""
        try:
            with urllib.request.urlopen(self.ready().url + path, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ask_to_end(self) -> None:
        """As it expects to be asked."""
        asked = signal.SIGINT if self.name in {"werkzeug", "werkzeug-reloading", "waitress"} else signal.SIGTERM
        if self.name == "werkzeug-reloading":
            os.killpg(self.process.pid, asked)  # as a terminal does
        else:
            self.process.send_signal(asked)

    def wait(self) -> int:
        """Its exit code, once it has ended and so have its workers."""
        code = super().wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            while True:
                os.killpg(self.process.pid, 0)
                time.sleep(0.02)
        return code
