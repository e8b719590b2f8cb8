"""Runs ``python -m flask --app … run`` as a person would, on a port of its own; it never outlives its test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ADDRESS = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20


@dataclass
class Server:
    """A server that answers at ``127.0.0.1:port``."""

    port: int
    output: Path
    """Where its standard output and its log go."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """What it has written so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")


@contextmanager
def serve(app: str, output: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Serve an app, named as for ``flask --app``, until the block ends; settings are added to the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}
    environment |= {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "NO_COLOR": "1", **(settings or {})}
    # Port 0: the system chooses a free one and keeps it, which finding one beforehand cannot promise.
    command = [sys.executable, "-m", "flask", "--app", app, "run", "--port", "0"]
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=output.parent)
    try:
        yield Server(port_of(process, output), output)
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def port_of(process: subprocess.Popen[bytes], output: Path) -> int:
    """The port that the server says it listens on, as soon as it says so."""
    for _ in range(SECONDS_TO_START * 20):
        said = output.read_text(encoding="utf-8", errors="replace")
        if found := ADDRESS.search(said):
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start; it said:\n{said}")
