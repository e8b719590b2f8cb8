"""All processes of the bakery on this machine, in the order of their start, and how a new version gets into them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import database, files
from .machine import as_user, free_port, program, user_for
from .process import PATIENCE, Failed, Process

NODES = ("node1", "node2")
WORKERS = ("worker1", "worker2")
THREADS = 10
"""For each worker of a node: as many as it has connections to the database (bakery/settings.py)."""


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False


def answer(port: int, path: str) -> tuple[int, str]:
    """The status and the version with which a node answers; 0 where it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.headers.get("X-Version", "")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


class Bakery:
    """PostgreSQL, Redis, two nodes, two workers, beat and nginx, below one folder."""

    def __init__(self, folder: Path, source: Path, port: int | None, changed: Mapping[str, str]) -> None:
        self.folder, self.source, self.changed = folder, source, changed
        self.logs = files.folder(folder / "logs", None)
        self.ports = {name: free_port() for name in ("postgres", "redis", *NODES)}
        self.ports["nginx"] = port or free_port()
        self.owners = {name: user_for(name, folder) for name in ("postgres", "redis", "nginx")}
        self.owners["app"] = user_for("app", folder, Path(sys.executable), *map(Path, filter(os.path.isdir, sys.path)))
        self.write_files()
        self.processes = {process.name: process for process in self._processes()}

    def write_files(self) -> None:
        """Everything that must be there before the first process starts."""
        passwords = files.write_secrets(self.folder / "secrets", self.owners["app"])
        database.make(self.folder / "postgres", self.owners["postgres"], passwords["database_password"])
        redis = self.folder / "redis", self.owners["redis"], self.ports["redis"]
        self.redis_configuration = files.write_redis(*redis, passwords["redis_password"])
        files.write_nginx(self.folder / "nginx", self.owners["nginx"], self.ports["nginx"])
        self.write_nodes()
        files.folder(self.folder / "beat", self.owners["app"])
        files.release(self.source, self.folder)

    def write_nodes(self, *out: str) -> None:
        files.write_nodes(self.folder / "nginx", {name: self.ports[name] for name in NODES}, out)

    def environment(self, name: str) -> dict[str, str]:
        """What the app of a process is told; the release is looked up at each start."""
        return {
            "BAKERY_NODE": name,
            "BAKERY_SECRETS": str(self.folder / "secrets"),
            "BAKERY_DATABASE": f"postgresql+psycopg://bakery@127.0.0.1:{self.ports['postgres']}/bakery",
            "BAKERY_REDIS": f"redis://127.0.0.1:{self.ports['redis']}",
            "BAKERY_TRUSTED_HOSTS": '["127.0.0.1", "localhost"]',
            "BAKERY_SESSION_COOKIE_SECURE": "false",  # there is no certificate for 127.0.0.1
            "PYTHONPATH": str((self.folder / "current").resolve()),
            **self.changed,
        }

    def _processes(self) -> Iterator[Process]:
        ports = self.ports
        yield self._service("postgres", database.command(self.folder / "postgres", ports["postgres"]), signal.SIGINT)
        yield self._service("redis", [program("redis-server"), str(self.redis_configuration)], signal.SIGTERM)
        for name in NODES:
            yield self._app(name, self._serve(ports[name]), ports[name])
        for name in WORKERS:
            options = ["--concurrency=1", f"--hostname={name}@%h", "--without-gossip", "--without-mingle"]
            yield self._app(name, self._celery("worker", *options))
        yield self._app("beat", self._celery("beat", f"--schedule={self.folder}/beat/schedule", "--pidfile="))
        place = ["-p", f"{self.folder}/nginx/", "-c", "nginx.conf", "-e", "error.log"]
        yield self._service("nginx", [program("nginx"), *place, "-g", "daemon off;"], signal.SIGQUIT)

    def _service(self, name: str, command: list[str], stop: signal.Signals) -> Process:
        port = self.ports[name]
        return Process(
            name=name,
            command=lambda: command,
            log=self.logs / f"{name}.log",
            user=self.owners[name],
            is_ready=lambda: listens(port),
            port=port,
            stop_signal=stop,
        )

    def _app(self, name: str, command: list[str], port: int | None = None) -> Process:
        return Process(
            name=name,
            command=lambda: command,
            log=self.logs / f"{name}.log",
            user=self.owners["app"],
            environment=lambda: self.environment(name),
            is_ready=(lambda: answer(port, "/health")[0] == 200) if port else (lambda: True),
            port=port,
        )

    def _serve(self, port: int) -> list[str]:
        app = f"{self.folder}/current/bakery:create_app"
        options = ["--port", str(port), "--workers", "2", "--threads", str(THREADS), "--interface", "wsgi"]
        watched = ["--health-path", "/health", "--access-log", "json", "--forwarded-allow-ips", "127.0.0.1", "--static"]
        return [sys.executable, "-m", "flask", "--app", app, "serve", *options, *watched]

    def _celery(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "celery", "--app", "bakery.worker", *words]

    @property
    def version(self) -> str:
        """The version that `current` holds."""
        return (self.folder / "current" / "bakery" / "VERSION").read_text(encoding="utf-8").strip()

    def start(self) -> None:
        """Start everything: what keeps data first, then what serves, nginx last."""
        for name in ("postgres", "redis"):
            self.processes[name].start()
        for name in ("postgres", "redis"):
            self.processes[name].wait_until_ready()
        self.prepare()
        serving = (*NODES, *WORKERS, "beat")
        for name in serving:
            self.processes[name].start()
        for name in serving:
            self.processes[name].wait_until_ready()
        self.processes["nginx"].start()
        self.processes["nginx"].wait_until_ready()
        self.write_state()

    def prepare(self) -> None:
        """What a version needs of the database, before any process of that version runs."""
        command = [*as_user(self.owners["app"]), sys.executable, "-m", "flask", "--app", "bakery", "prepare"]
        environment = {**os.environ, **self.environment("prepare")}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")

    def write_state(self) -> None:
        """Where everything is, for people and for tests: whole at each moment."""
        state = {
            "url": f"http://127.0.0.1:{self.ports['nginx']}",
            "version": self.version,
            "processes": {
                name: {"pid": process.running.pid if process.running else None, "port": process.port}
                for name, process in self.processes.items()
            },
        }
        following = self.folder / "state.json.following"
        following.write_text(json.dumps(state, indent=2), encoding="utf-8")
        following.replace(self.folder / "state.json")

    def look(self) -> None:
        """Start again what has died."""
        started = [process.name for process in self.processes.values() if process.look()]
        if started:
            print(f"started again: {', '.join(started)}", flush=True)
            self.write_state()

    def roll(self, *, by_new_processes: bool) -> None:
        """Bring the source's present state into every process, one after the other; one that fails ends the roll."""
        before = (self.folder / "current").resolve()
        files.release(self.source, self.folder)
        try:
            self.prepare()
            for name in NODES:
                (self._replace if by_new_processes else self._reload)(name)
                print(f"{name} has version {self.version}", flush=True)
        except Failed as failure:
            print(f"version {self.version} is not taken any further: {failure}", flush=True)
            files.point(self.folder, before)
            return
        for name in (*WORKERS, "beat"):
            self.processes[name].stop()  # a worker finishes the job that it is at
            self.processes[name].start()
        self.write_state()
        print(f"version {self.version} is in", flush=True)

    def _reload(self, name: str) -> None:
        """The server brings the new code in by itself, one worker after the other, behind one socket."""
        self.processes[name].send(signal.SIGHUP)
        self._await_version(name)

    def _replace(self, name: str) -> None:
        """A new process, as for a new Python or other settings: first nobody is sent there any more."""
        with self._out_of_nginx(name):
            process = self.processes[name]
            process.stop()
            process.start()
            process.wait_until_ready()
            self._await_version(name)

    @contextmanager
    def _out_of_nginx(self, name: str) -> Iterator[None]:
        self.write_nodes(name)
        self.processes["nginx"].send(signal.SIGHUP)
        time.sleep(0.5)  # nginx reads its files and starts new workers, without telling when it has
        yield
        self.write_nodes()
        self.processes["nginx"].send(signal.SIGHUP)

    def _await_version(self, name: str) -> None:
        """Wait until a node has answered with the new version for a while: each of its workers has to have it."""
        until, same = time.monotonic() + PATIENCE, 0
        while same < 10:
            same = same + 1 if answer(self.ports[name], "/version") == (200, self.version) else 0
            if time.monotonic() > until:
                raise Failed(f"{name} does not come to version {self.version}:\n{self.processes[name].tail()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End everything: nothing new comes in, what was accepted is finished, what keeps data ends last."""
        for together in (("nginx",), (*NODES, *WORKERS, "beat"), ("redis", "postgres")):
            for name in together:
                self.processes[name].ask_to_stop()
            for name in together:
                self.processes[name].wait_until_stopped()
