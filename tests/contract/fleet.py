"""The processes of the contract: each server serving one entry on a port of its own, started together, ended together.

A process is never shared with anything but these tests, and none outlives them.
"""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path
from urllib.parse import quote

from tests import servers
from tests.contract.servers import PREFIX, Server
from tests.contract.wire import PATIENCE, Answer, Connection, Headers

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


class Process(servers.Server):
    """One server's process, from its start to its end."""

    def __init__(self, server: Server, entry: str, below: bool, output: Path) -> None:
        self.server = server
        self.entry = entry
        environment = server.environment if below else None
        super().__init__(server.command(entry, below), output, **(environment or {}))

    @functools.cached_property
    def served(self) -> Served:
        """What it serves, as soon as it does."""
        return Served(self.server, self.ready().port)

    def faults(self) -> list[str]:
        """Wait for its end; what was wrong with it, and with what it wrote."""
        found = []
        try:
            self.wait()
        except AssertionError:
            found.append("it does not end when asked to")
        self.kill()
        log = self.log()
        found += [f"it wrote {line!r}" for line in log.splitlines() if any(said in line for said in COMPLAINTS)]
        return [f"{self.server.name} with {self.entry}: {fault}\n{log[-3000:]}" for fault in found]


class Fleet:
    """All processes that some tests want."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[tuple[str, str, bool], Process] = {}

    def start(self, server: Server, entry: str, below: bool = False) -> Process:
        """Start a server unless it runs; it may not be ready yet."""
        key = server.name, entry, below
        if key not in self._processes:
            output = self._folder / f"{server.name}-{entry}-{below}.log"
            self._processes[key] = Process(server, entry, below, output)
        return self._processes[key]

    def end(self) -> list[str]:
        """End them all; what was wrong with them."""
        processes = list(self._processes.values())
        self._processes.clear()
        for process in processes:
            process.ask_to_end()
        return [fault for process in processes for fault in process.faults()]
