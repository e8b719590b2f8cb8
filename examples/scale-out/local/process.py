"""One program under supervision: started, looked at, ended with all that it started. Knows nothing of what it is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .machine import as_user

PATIENCE = 120.0
PAUSE = 0.5
"""Seconds before what died is started again."""


class Failed(Exception):
    """Something does not start, or does not become what it should; the text says what it wrote."""


@dataclass(kw_only=True)
class Process:
    """A command in a process group of its own, which dies when whoever supervises it dies.

    `command` is asked for at each start, so that a start after a roll finds the new version.
    """

    name: str
    command: Callable[[], list[str]]
    log: Path
    user: str | None = None
    environment: Callable[[], Mapping[str, str]] = dict
    is_ready: Callable[[], bool] = lambda: True
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    running: subprocess.Popen[bytes] | None = None
    died_at: float | None = field(default=None, init=False)

    def start(self) -> None:
        parent = ["setpriv", f"--pdeathsig={self.stop_signal.name.removeprefix('SIG')}"]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [*as_user(self.user), *parent, "--", *self.command()],
                cwd=self.log.parent,
                env={**os.environ, **self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.died_at = None

    def wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self.is_ready():
            if self.running is None or self.running.poll() is not None or time.monotonic() > until:
                raise Failed(f"{self.name} does not start:\n{self.tail()}")
            time.sleep(0.05)

    def tail(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])

    def send(self, number: signal.Signals) -> None:
        if self.running is not None and self.running.poll() is None:
            self.running.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, wait, and take whatever is left of its group."""
        self.ask_to_stop()
        self.wait_until_stopped()

    def ask_to_stop(self) -> None:
        self.send(self.stop_signal)

    def wait_until_stopped(self) -> None:
        if self.running is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.running.wait(PATIENCE)
        self.clear_away()

    def clear_away(self) -> None:
        """End what is left of its group, as systemd does with what a dead main process leaves behind."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()
            self.running = None

    def look(self) -> bool:
        """Start it again where it has died, after a pause; whether it was started now."""
        if self.running is not None and self.running.poll() is None:
            return False
        if self.died_at is None:
            self.died_at = time.monotonic()
            self.clear_away()
        if time.monotonic() < self.died_at + PAUSE:
            return False
        self.start()
        return True
