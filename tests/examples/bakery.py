"""Starts examples/scale-out as a person would, and customers who come to it, one by one and as a crowd."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
import uuid
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

from tests.examples.visitor import Answer, Visitor
from tests.servers import PATIENCE, ROOT

EXAMPLE = ROOT / "examples" / "scale-out"
NOT_INSTALLED = 69
"""The exit status of `start` where packages are missing and it may not install them."""
PASSWORD = "crusty and warm"
INSTALLING = 600


class NotInstalled(Exception):
    """This machine has not all that the example needs, and nobody here may install it."""


class Bakery:
    """A running example: where its parts are, and what can be done to them."""

    def __init__(self) -> None:
        # Below the system's own folder: what pytest gives is closed to the users that the services run as.
        self.folder = Path(tempfile.mkdtemp(prefix="dewar-bakery-"))
        self.folder.chmod(0o755)
        self.source = self.folder / "source" / "bakery"
        shutil.copytree(EXAMPLE / "bakery", self.source, ignore=shutil.ignore_patterns("__pycache__"))
        settings = {"BAKERY_REPORT_PATIENCE": "3", "BAKERY_REPORT_ROUND": "1"}
        told = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        ours = ("FLASK_", "BAKERY_", "PYTHON")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self._output = self.folder / "start.log"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [EXAMPLE / "start", "--folder", self.folder, "--source", self.source, *told],
                env=plain | {"PYTHON": sys.executable},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> t.Self:
        """Wait until it serves, installing included."""
        until = time.monotonic() + INSTALLING
        while not (self.folder / "state.json").exists():
            if self.process.poll() == NOT_INSTALLED:
                raise NotInstalled(self.log())
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the example does not start:\n{self.log()}")
            time.sleep(0.05)
        return self

    def log(self, name: str | None = None) -> str:
        """What `start` wrote, or one of its processes."""
        path = self.folder / "logs" / f"{name}.log" if name else self._output
        return path.read_text(encoding="utf-8", errors="replace")

    @property
    def state(self) -> t.Any:
        return json.loads((self.folder / "state.json").read_text(encoding="utf-8"))

    def port(self, name: str) -> int:
        return int(self.state["processes"][name]["port"])

    def pid(self, name: str) -> int:
        return int(self.state["processes"][name]["pid"])

    def kill(self, name: str) -> int:
        """End a process and all that it started, as when its machine dies; the number that it had."""
        pid = self.pid(name)
        os.killpg(pid, signal.SIGKILL)
        return pid

    def edit(self, before: str, after: str) -> None:
        """Change the module of models, as a new version would."""
        models = self.source / "models.py"
        models.write_text(models.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")

    def roll(self, number: signal.Signals) -> str:
        """Bring in what the source now is, and wait until every process has it; the version that it became."""
        before = self.state["version"]
        self.process.send_signal(number)
        wait_until(lambda: self.state["version"] != before, "a new version", self.log, 4 * PATIENCE)
        return str(self.state["version"])

    @contextlib.contextmanager
    def locked_orders(self) -> t.Iterator[t.Callable[[], int]]:
        """Let everybody wait who wants to read or write an order, until the block ends; gives how many do."""
        environment = os.environ | {"PGPASSWORD": (self.folder / "secrets" / "database_password").read_text()}
        command = ["psql", "-qAtX", "-h", "127.0.0.1", "-p", str(self.port("postgres")), "-U", "bakery", "bakery"]
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        ) as psql:
            assert psql.stdin is not None
            assert psql.stdout is not None
            psql.stdin.write("BEGIN; LOCK TABLE orders;\n\\echo locked\n")
            assert psql.stdout.readline() == "locked\n"
            said, heard = psql.stdin, psql.stdout

            def waiting() -> int:
                said.write("SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted;\n")
                return int(heard.readline())

            yield waiting
            psql.stdin.close()

    def end(self) -> int:
        """Ask it to end as Ctrl+C does; its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def remove(self) -> None:
        """End it whatever it is at; what it started is told by the system that it has gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_until(
    true: t.Callable[[], bool], what: str, log: t.Callable[[], str] = str, patience: float = 2 * PATIENCE
) -> None:
    """Wait for something that has to come about; `log` tells, where it does not, what happened instead."""
    until = time.monotonic() + patience
    while not true():
        assert time.monotonic() < until, f"{what} does not come about\n{log()}"
        time.sleep(0.05)


def found(pattern: str, text: str) -> str:
    """What a pattern's group finds in a text, which has to be there."""
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]


class Customer(Visitor):
    """Somebody with a browser's memory for cookies, who may come to any port of the bakery's."""

    def __init__(self, port: int, name: str | None = None) -> None:
        super().__init__(port)
        self.name = name or f"c{uuid.uuid4().hex[:12]}"
        self._token = ""

    def at(self, port: int) -> t.Self:
        """The same person at another door."""
        self.port = port
        return self

    def token(self) -> str:
        if not self._token:
            self._token = found(r'name="csrf_token" value="([^"]+)"', self.page("/sign-in"))
        return self._token

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status == 200, (answer.status, answer.text)
        return answer.text

    def post(self, path: str, token: str | None = None, **form: str) -> Answer:
        body = urlencode({"csrf_token": self.token() if token is None else token, **form}).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def joined(self, name: str | None = None) -> t.Self:
        """The same person with an account of this name, signed in."""
        answer = self.post("/join", name=name or self.name, password=PASSWORD)
        assert answer.status == 303, answer.text
        self._token = ""  # a new session has a new one
        return self

    def sign_in(self, name: str | None = None, password: str = PASSWORD) -> Answer:
        return self.post("/sign-in", name=name or self.name, password=password)

    def order(self, what: str = "bread", pieces: int = 1, key: str | None = None) -> Answer:
        return self.post("/orders", what=what, pieces=str(pieces), key=str(uuid.uuid4()) if key is None else key)

    def orders(self) -> int:
        """How many orders the database has of this customer."""
        return int(found(r'id="count">(\d+)<', self.page("/")))

    def want_report(self) -> str:
        """Ask for a report; the path of its page."""
        answer = self.post("/reports", key=str(uuid.uuid4()))
        assert answer.status == 303, answer.text
        return answer.location

    def read_report(self, path: str) -> tuple[str, int]:
        """The text of a report once it is made, and how often it was begun."""
        wait_until(lambda: 'id="text"' in self.page(path), f"the report at {path}")
        page = self.page(path)
        return found(r'<pre id="text">([^<]*)</pre>', page), int(found(r'id="begun">(\d+)<', page))


class Crowd:
    """Customers who order and look at their orders without a pause, each in a thread, while something happens."""

    def __init__(self, port: int, size: int = 4) -> None:
        self.customers = [Customer(port).joined() for _ in range(size)]
        self.accepted: Counter[Customer] = Counter()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.seen: Counter[tuple[str, str]] = Counter()
        self.failures: list[str] = []
        self.longest = 0.0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._shop, args=(customer,)) for customer in self.customers]

    def _shop(self, customer: Customer) -> None:
        while not self._over.wait(0.1):
            try:
                for kind in ("order", "look"):
                    began = time.monotonic()
                    answer = customer.order() if kind == "order" else customer.get("/")
                    with self._lock:
                        self.longest = max(self.longest, time.monotonic() - began)
                        self._note(customer, kind, answer)
            except Exception as error:  # noqa: BLE001  whatever it is, the test has to see it
                with self._lock:
                    self.failures.append(repr(error))

    def _note(self, customer: Customer, kind: str, answer: Answer) -> None:
        self.answers[kind, answer.status] += 1
        self.seen[answer.headers["X-Node"] or "nginx", answer.headers["X-Version"] or ""] += 1
        if kind == "order" and answer.status == 303 and answer.location == "/":
            self.accepted[customer] += 1
        elif kind == "order" or answer.status != 200 or customer.name not in answer.text:
            self.failures.append(f"{kind}: {answer.status} {answer.location} {answer.text[:200]}")

    def wait_for(self, more: int) -> None:
        """Wait until so many more requests were answered."""
        goal = self.answers.total() + more
        wait_until(lambda: self.answers.total() >= goal, f"{goal} answers")

    def __enter__(self) -> t.Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        by_node = ", ".join(f"{count} by {node} at version {version}" for (node, version), count in self.seen.items())
        print(f"{self.answers.total()} requests, {len(self.failures)} failed, {self.accepted.total()} orders accepted")
        print(f"the longest took {self.longest:.2f} s; {by_node}")  # for `pytest -rP`
