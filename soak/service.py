"""`flask serve` as a process of its own, with the site in it, from its first answer until its block ends.

What its workers hold is read from outside of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import time
import typing as t
from pathlib import Path

from bench.servers import processor_time
from tests.contract.wire import Answer, Broken, Connection, request_head
from tests.servers import Server

WORKERS = 2
AT_ONCE = 16
START = 30.0  # seconds within which all workers have to answer
HAS_PROC = Path("/proc/self/fd").exists()


class Service(Server):
    """One `flask serve`; it never outlives its block."""

    def __init__(
        self,
        interface: str,
        folder: Path,
        *options: str,
        limits: tuple[str, ...] = (),
        site: str = "soak.site",
        **variables: str,
    ) -> None:
        self.interface = interface
        self.notes_file = folder / "notes"
        self.temporary = folder / "tmp"
        for made in (folder, self.temporary):
            made.mkdir(exist_ok=True)
        self.notes_file.write_bytes(b"")
        words = f"flask --app {site} serve --interface {interface} --workers {WORKERS} --port".split()
        super().__init__(
            [*(["soak.limited", *limits] if limits else []), *words, "{port}", *options],
            folder / "log",
            SOAK_NOTES=str(self.notes_file),
            SOAK_QUIET="1",
            TMPDIR=str(self.temporary),
            **t.cast("dict[str, t.Any]", variables),
        )

    def connect(self, patience: float = 20.0) -> Connection:
        """A new connection."""
        return Connection(self.port, patience)

    def ask(self, target: str, method: str = "GET", body: bytes = b"", patience: float = 20.0) -> Answer:
        """One request on a connection of its own."""
        with self.connect(patience) as connection:
            return connection.ask(target, method, [("Connection", "close")], body)

    def notes(self, what: str, token: str = "") -> list[dict[str, t.Any]]:
        """What views have noted under a word, and a token if one is given."""
        found = [json.loads(line) for line in self.notes_file.read_text(encoding="utf-8").splitlines()]
        return [one for one in found if one["what"] == what and (not token or one["token"] == token)]

    def told(self, seconds: float = START) -> dict[int, dict[str, t.Any]]:
        """What each worker says of itself, by its process; waits until all have been asked.

        Which worker has a connection, the system decides; so several are made at a time.
        """
        found: dict[int, dict[str, t.Any]] = {}
        until = time.monotonic() + seconds
        while len(found) < WORKERS and time.monotonic() < until:
            with contextlib.suppress(OSError, Broken), contextlib.ExitStack() as stack:
                connections = [stack.enter_context(self.connect()) for _ in range(AT_ONCE)]
                for connection in connections:
                    connection.send(request_head("/who"))
                for connection in connections:
                    said = connection.answer().json
                    found[said["process"]] = said
            found = {process: said for process, said in found.items() if is_alive(process)}
        return found

    def workers(self) -> set[int]:
        """The processes that answer."""
        return set(self.told())

    def started(self) -> t.Self:
        """Wait until every worker has answered."""
        self.ready()
        if len(self.told()) != WORKERS:
            raise RuntimeError(f"not every worker answers:\n{self.log()}")
        return self

    def processor_time(self) -> float:
        """The seconds of processor time that it has taken until now, with its workers."""
        return processor_time(self.process.pid)

    def tell(self, number: signal.Signals) -> None:
        """Send the process that was started a signal."""
        os.kill(self.process.pid, number)


def is_alive(process: int) -> bool:
    """Whether a process is there, and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident(process: int) -> int:
    """The kilobytes that a process holds now."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def open_files(process: int) -> int:
    """How many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))


@contextlib.contextmanager
def serving(interface: str, *options: str, limits: tuple[str, ...] = (), **variables: str) -> t.Iterator[Service]:
    """A service from when all its workers answer; it is killed in the end, if it has not been ended."""
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        Service(interface, Path(folder), *options, limits=limits, **variables) as service,
    ):
        yield service.started()
