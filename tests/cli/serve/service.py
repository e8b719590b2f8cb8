"""`flask serve` as it runs: its processes, its log, and clients that notice every request that is lost."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.cli.conftest import child_environment
from tests.cli.server import PATIENCE, until

_ADDRESS = re.compile(r"Listening at (?:https?://\S*?:(\d+)|unix:(\S+)) \(process (\d+)\)")
_SERVES = re.compile(r"Worker (\d+) serves \(process (\d+)\)")

APP = """
import os, time
from flask import Flask
app = Flask(__name__)

@app.get("/")
def index():
    return "first"

@app.get("/pid")
def pid():
    return str(os.getpid())

@app.get("/slow/<float:seconds>")
def slow(seconds):
    time.sleep(seconds)
    return "slow"
"""


class Service:
    """A running command, and what its log says."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output

    def log(self) -> str:
        """What it has written so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str) -> str:
        """Wait until the log has some text."""
        return until(self.log, text)

    def wait_for_workers(self, count: int) -> list[int]:
        """Wait until so many workers in all have begun to serve; gives the processes of all of them, in order."""
        until(lambda: "enough" if len(self.begun()) >= count else self.log(), "enough")
        return self.begun()

    def begun(self) -> list[int]:
        """The processes of all workers that have ever begun to serve, in order."""
        return [int(pid) for _, pid in _SERVES.findall(self.log())]

    @property
    def port(self) -> int:
        """Where it listens."""
        found = _ADDRESS.search(self.wait_for("Listening at "))
        assert found, self.log()
        return int(found[1])

    def send(self, name: str) -> None:
        """Send a signal to the process that supervises, and to it alone."""
        self.process.send_signal(getattr(signal, name))

    def end(self, name: str = "SIGTERM") -> int:
        """End it; gives its exit status."""
        self.send(name)
        return self.status()

    def status(self) -> int:
        """Its exit status, once it has ended."""
        return self.process.wait(PATIENCE)

    def get(self, path: str = "/") -> str:
        """The body of an answer, by a connection of its own."""
        return get(self.connect(), path)

    def connect(self) -> socket.socket:
        """A connection, made as soon as it is."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


@contextlib.contextmanager
def running(folder: Path, *args: str, app: str = APP, **env: str) -> Iterator[Service]:
    """`flask serve` with these arguments on a file `app.py` in a folder, until the block ends."""
    (folder / "app.py").write_text(textwrap.dedent(app), encoding="utf-8")
    output = folder.parent / f"{folder.name}.output"
    where = () if "--uds" in args else ("--port", "0")
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "serve", *where, *args],
            cwd=folder,
            env=child_environment(PYTHONUNBUFFERED="1", PYTHONUTF8="1", **env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    service = Service(process, output)
    try:
        yield service
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def ask(connection: socket.socket, path: str = "/") -> None:
    """Send a request."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def answer(connection: socket.socket) -> http.client.HTTPResponse:
    """The head of the response; `ConnectionError` if there is none."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response


def get(connection: socket.socket, path: str = "/") -> str:
    """The body of an answer; the connection is closed."""
    with connection:
        ask(connection, path)
        return answer(connection).read().decode()


class Crowd:
    """Clients on kept connections, each asking as fast as it is answered, until there is no server any more.

    `lost` has what became of requests that were sent and not answered; `answered` counts the others. Where a response
    says that its connection closes, the client makes another one.
    """

    def __init__(self, service: Service, clients: int = 6, path: str = "/") -> None:
        self.lost: list[str] = []
        self.answered = 0
        self._service = service
        self._path = path
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(clients)]

    def __enter__(self) -> Crowd:
        self._port = self._service.port
        for thread in self._threads:
            thread.start()
        until(lambda: "enough" if self.answered > 20 or self.lost else "", "enough")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self) -> None:
        while not self._stop.is_set():
            try:
                connection = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
            except OSError:  # nobody listens: nothing was accepted
                return
            with connection:
                self._visit(connection)

    def _visit(self, connection: socket.socket) -> None:
        closes = False
        while not closes and not self._stop.is_set():
            try:
                ask(connection, self._path)
                response = answer(connection)
                closes = response.will_close
                assert response.status == 200, response.status
                response.read()
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.lost.append(repr(error))
                return
            self.answered += 1


def is_alive(pid: int) -> bool:
    """Whether a process is there, and has not ended."""
    if Path("/proc/self").exists():
        return _state(Path(f"/proc/{pid}")) not in {"", "Z"}
    return _answers(pid)


def _state(process: Path) -> str:
    """The letter of proc(5) for a process or a thread; empty if there is none."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def wait_for_end(pid: int) -> None:
    """Wait until a process has ended."""
    until(lambda: "there" if is_alive(pid) else "ended", "ended")


def stop(pid: int) -> None:
    """Halt a process, and wait until each of its threads is: a signal says nothing of when."""
    os.kill(pid, signal.SIGSTOP)
    threads = Path(f"/proc/{pid}/task")
    if threads.exists():
        until(lambda: {_state(thread) for thread in threads.iterdir()}, "{'T'}")
    else:  # not Linux
        pause(1)


def pause(seconds: float) -> None:
    """Let the service come to rest where nothing tells that it has."""
    time.sleep(seconds)
