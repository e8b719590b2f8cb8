"""A fleet of two processes is moved from upstream to ours and back, one process at a time, while people use it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
import threading
import time
import typing as t
from collections import Counter
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests import oracle
from tests.servers import PATIENCE, Server
from tests.serving.fleet_app import VALUES, VERSION, described

PEOPLE = 6
ROUNDS = 4
"""How often each person does everything between two steps; more than once, so that every step crosses both ways."""
FOLDER = Path(__file__).parent


class Fleet:
    """The processes that serve now, and how many requests each is at; whoever is taken out ends what it has begun."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._serving: list[Server] = []
        self._busy: Counter[Server] = Counter()
        self._changed = threading.Condition()
        self._started = 0

    def start(self, interpreter: Path) -> Server:
        """One process more."""
        self._started += 1
        output = self._folder / f"{self._started}.log"
        command = ["flask", "--app", "fleet_app", "run", "--port", "{port}"]
        paths = (
            FOLDER
            if interpreter != Path(sys.executable)
            else os.pathsep.join(map(str, (FOLDER, FOLDER.parents[1] / "src")))
        )
        server = Server(command, output, FOLDER, interpreter, PYTHONPATH=str(paths)).ready()
        with self._changed:
            self._serving.append(server)
        return server

    def retire(self, server: Server) -> None:
        """One process less, as soon as it has answered what it was asked."""
        with self._changed:
            self._serving.remove(server)
            assert self._changed.wait_for(lambda: not self._busy[server], PATIENCE)
        server.kill()

    @contextlib.contextmanager
    def one(self, turn: int) -> t.Iterator[int]:
        """The port of the process whose turn it is."""
        with self._changed:
            server = self._serving[turn % len(self._serving)]
            self._busy[server] += 1
        try:
            yield server.port
        finally:
            with self._changed:
                self._busy[server] -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End all that is left."""
        for server in self._serving:
            server.kill()


class Person(threading.Thread):
    """Somebody who stays signed in by a cookie, and knows what there should be; asks the processes in turn."""

    def __init__(self, fleet: Fleet, name: str, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.fleet, self.stop = fleet, stop
        self.rounds = self.turn = 0
        self.cookie = ""
        self.trouble: Exception | None = None
        self.crossed: Counter[tuple[str, str]] = Counter()
        self._written_by = ""

    def run(self) -> None:
        """Sign in once; then all else, again and again."""
        try:
            assert self.ask("POST", "/login", user=self.name) == {"user": self.name}
            while not self.stop.is_set():
                self.go_round()
                self.rounds += 1
        except Exception as error:  # noqa: BLE001 - it is raised where the test looks
            self.trouble = error

    def go_round(self) -> None:
        """Use everything that a session is for. The number of requests is odd: next time the others answer."""
        me = {"user": self.name, "count": self.rounds, "permanent": True}
        assert self.ask("GET", "/who") == me
        assert self.ask("POST", "/flash", text=f"<{self.rounds}> ☃") == {"left": 2}
        plain, marked = f"'<{self.rounds}> ☃'", f"'<i>&lt;{self.rounds}&gt; ☃'"
        assert self.ask("GET", "/flashed") == [["message", f"str: {plain}"], ["kind", f"Markup: Markup({marked})"]]
        assert self.ask("POST", "/keep") == {"kept": len(VALUES)}
        assert self.ask("GET", "/kept") == {name: described(value) for name, value in VALUES.items()}
        assert self.ask("GET", "/flashed") == []
        assert self.ask("POST", "/count") == {"count": self.rounds + 1}

    def ask(self, method: str, path: str, **form: str) -> t.Any:
        """The JSON of an answer, which must be a 200."""
        self.turn += 1
        with self.fleet.one(self.turn) as port:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
                connection.request(method, path, urlencode(form) if form else None, headers)
                answer = connection.getresponse()
                body = answer.read().decode()
            finally:
                connection.close()
        by = answer.headers["X-Flask"]
        assert answer.status == 200, f"{self.name}, {path} by {by}, after {self._written_by}: {answer.status} {body}"
        self.crossed[self._written_by, by] += 1
        self._remember(answer.headers.get_all("Set-Cookie", []), by)
        return json.loads(body)

    def _remember(self, headers: list[str], by: str) -> None:
        for header in headers:
            morsel = SimpleCookie(header)["session"]
            assert morsel["expires"], "a permanent session has a date"
            assert morsel["samesite"] == "Lax"
            self.cookie, self._written_by = f"session={morsel.coded_value}", by


@pytest.mark.slow
def test_a_fleet_moves_to_ours_and_back_without_a_lost_login(tmp_path: Path) -> None:
    """Whoever is signed in stays so, with every value and flash, while processes of upstream and ours take turns."""
    upstream, ours = oracle.require(), Path(sys.executable)
    fleet, stop = Fleet(tmp_path), threading.Event()
    people = [Person(fleet, f"person {number}", stop) for number in range(PEOPLE)]

    def use() -> None:
        """Let everybody do everything some times."""
        goals = {person: person.rounds + ROUNDS for person in people}
        until = time.monotonic() + PATIENCE
        while any(person.rounds < goal and person.trouble is None for person, goal in goals.items()):
            assert time.monotonic() < until, "nobody is answered any more"
            time.sleep(0.02)
        troubles = [person.trouble for person in people if person.trouble]
        assert not troubles, troubles

    with contextlib.closing(fleet):
        serving = [fleet.start(upstream), fleet.start(upstream)]
        for person in people:
            person.start()
        try:
            use()
            for interpreter in (ours, ours, upstream, upstream):
                serving.append(fleet.start(interpreter))
                fleet.retire(serving.pop(0))
                use()
        finally:
            stop.set()
            for person in people:
                person.join(PATIENCE)
    for person in people:
        for way in ((oracle.UPSTREAM, VERSION), (VERSION, oracle.UPSTREAM), (VERSION, VERSION)):
            assert person.crossed[way], f"{person.name} never went from {way[0]} to {way[1]}"
