"""The processes of the contract: each server serving one entry on a port of its own, started together, ended together.

A process is never shared with anything but these tests, and none outlives them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path
from urllib.parse import quote

from tests.contract.servers import PREFIX, Server
from tests.contract.wire import PATIENCE, Answer, Connection, Headers

ROOT = Path(__file__).resolve().parents[2]
START = 60.0
"""Seconds that a server may take to start, with all others starting beside it."""
END = 15.0
COMPLAINTS = (
    "never awaited",
    "never retrieved",
    "was destroyed but it is pending",
    "without completing response",
    "Fatal Python error",
    "Exception ignored",
    "panicked at",
)
"""What a server or Python writes when an application has not kept to the protocol, or left something behind."""


class Served(t.NamedTuple):
    """A server that serves, as a test sees it."""

    server: Server
    port: int
    patience: float = PATIENCE

    @property
    def prefix(self) -> str:
        """What a request's path begins with when the server was told a root path."""
        return "" if self.server.adds_prefix else PREFIX

    def connect(self) -> Connection:
        """A new connection."""
        return Connection(self.port, self.patience)

    def ask(self, target: str = "/", method: str = "GET", headers: Headers = (), body: bytes = b"") -> Answer:
        """One request on a connection of its own, and its answer."""
        with self.connect() as connection:
            return connection.ask(target, method, headers, body)

    def events(self, token: str, until: str | None = None) -> list[str]:
        """What happened under a token, after waiting for an event if one is named."""
        query = f"?until={quote(until)}&patience={self.patience * 0.75}" if until else ""
        told: list[str] = self.ask(f"/events/{token}{query}").json
        return told


class Process:
    """One server's process, from its start to its end."""

    def __init__(self, server: Server, entry: str, below: bool) -> None:
        self.server = server
        self.entry = entry
        self.below = below
        self._tries = 3
        self._ready: Served | None = None
        self._start()

    def _start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._tries -= 1
        self.output = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
        if self.below and self.server.environment:
            environment |= self.server.environment
        self.process = subprocess.Popen(
            self.server.command(self.entry, self.port, self.below),
            cwd=ROOT,
            env=environment | {"PYTHONASYNCIODEBUG": "", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def log(self) -> str:
        """What it has written so far."""
        self.output.seek(0)
        return self.output.read()

    def ready(self) -> Served:
        """Wait until it answers; started once more where it lost its port to somebody."""
        end = time.monotonic() + START
        while self._ready is None:
            if self.process.poll() is not None and self._tries:
                self._start()
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.server.name} does not serve {self.entry}:\n{self.log()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), PATIENCE):
                self._ready = Served(self.server, self.port)
                break
            time.sleep(0.02)
        return self._ready

    def ask_to_end(self) -> None:
        """As whoever supervises processes does it."""
        self.process.terminate()

    def faults(self) -> list[str]:
        """Wait for its end; what was wrong with it, and with what it wrote."""
        found = []
        try:
            self.process.wait(END)
        except subprocess.TimeoutExpired:
            found.append("it does not end when asked to")
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # its workers, if any are left
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        log = self.log()
        self.output.close()
        found += [f"it wrote {line!r}" for line in log.splitlines() if any(said in line for said in COMPLAINTS)]
        return [f"{self.server.name} with {self.entry}: {fault}\n{log[-3000:]}" for fault in found]


class Fleet:
    """All processes that some tests want."""

    def __init__(self) -> None:
        self._processes: dict[tuple[str, str, bool], Process] = {}

    def start(self, server: Server, entry: str, below: bool = False) -> Process:
        """Start a server unless it runs; it may not be ready yet."""
        key = server.name, entry, below
        if key not in self._processes:
            self._processes[key] = Process(server, entry, below)
        return self._processes[key]

    def end(self) -> list[str]:
        """End them all; what was wrong with them."""
        processes = list(self._processes.values())
        self._processes.clear()
        for process in processes:
            process.ask_to_end()
        return [fault for process in processes for fault in process.faults()]
