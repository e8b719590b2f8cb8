"""Runs the command as a process that serves, and asks what it serves. It never outlives its test."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from .conftest import child_environment

RUNNING = re.compile(r"Running on (https?)://\S*?:(\d+)\s")
PATIENCE = 30  # seconds, for a machine that does much else
PAUSE = 0.05
TRIES = int(PATIENCE / PAUSE)


class Server:
    """A process of its own group; its output goes to a file."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self.output = output

    def log(self) -> str:
        """What it has written so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_for_log(self, text: str) -> str:
        """Wait until it has written some text."""
        return until(self.log, text)

    @property
    def url(self) -> str:
        """Where it serves, as soon as it says so."""
        self.wait_for_log("Running on ")
        found = RUNNING.search(until(self.log, "quit"))
        assert found, self.log()
        return f"{found[1]}://127.0.0.1:{found[2]}"

    def get(self, path: str = "/", **headers: str) -> str:
        """What it answers, or why it does not."""
        return fetch(self.url + path, headers)

    def wait_for(self, text: str, path: str = "/") -> str:
        """Ask until the answer holds some text."""
        return until(lambda: self.get(path), text)


def until(ask: object, text: str) -> str:
    """Ask until the answer holds some text."""
    assert callable(ask)
    said = ""
    for _ in range(TRIES):
        said = str(ask())
        if text in said:
            return said
        time.sleep(PAUSE)
    raise AssertionError(f"{text!r} never came; last: {said[-3000:]}")


def fetch(url: str, headers: Mapping[str, str]) -> str:
    """The text of a page, also of an error's; or why there is none."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    request = urllib.request.Request(url, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=10, context=trusting) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        with error, contextlib.suppress(OSError, http.client.HTTPException):
            return f"{error.code} {error.read().decode()}"
        return "the answer broke off"
    except (OSError, http.client.HTTPException) as error:  # also when the process ends while it answers
        return f"no answer: {error}"


@contextlib.contextmanager
def serving(folder: Path, *args: str, **env: str) -> Iterator[Server]:
    """`python` with these arguments in a folder, until the block ends."""
    output = folder.parent / f"{folder.name}.output"
    environment = child_environment(PYTHONUNBUFFERED="1", PYTHONUTF8="1", NO_COLOR="1", **env)
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *args],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(process, output)
    finally:
        # All of the group: the reloader's process outlives the one that started it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
