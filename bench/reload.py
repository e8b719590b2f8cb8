"""How long a save takes under `flask run --debug`: seconds from writing a file to the first answer that shows it.

python -m bench reload [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench import environments, machine
from bench.servers import free_port

BAR = 1.0
PATIENCE = 30.0
SETTLED = 1.5  # seconds, so that the reloader has seen the files as they are, and their times differ
APP = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def index():
    return "{text}"
"""


def answered(url: str, text: str) -> float:
    """The moment when the server first answers with this text."""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                if answer.read().decode() == text:
                    return time.perf_counter()
        except (urllib.error.URLError, OSError):
            pass  # between two servers
        time.sleep(0.01)
    raise SystemExit(f"{text!r} was not served within {PATIENCE:.0f} s")


def measure(interpreter: Path, rounds: int) -> list[float]:
    """What each of some saves took."""
    found: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder, "app.py")
        module.write_text(APP.format(text="0"))
        port = free_port()
        command: list[str | Path] = [interpreter, "-m", "flask", "run", "--debug", "--port", str(port)]
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=machine.environment_of_a_child(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}/"
            answered(url, "0")
            for number in range(1, rounds + 1):
                time.sleep(SETTLED + number / rounds)  # at every moment of the second between two looks
                module.write_text(APP.format(text=number))
                begin = time.perf_counter()
                found.append(answered(url, str(number)) - begin)
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # the reloader and the server that it began
            server.wait()
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench reload", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    if not hasattr(os, "killpg"):
        raise SystemExit("a reloader and its server are ended together only on POSIX systems")
    sides = {
        "upstream": environments.make("upstream"),
        "ours": environments.make("ours"),
        "ours, with watchfiles": Path(sys.executable),
    }
    print(machine.heading(machine.setting(sides)))
    for side, interpreter in sides.items():
        seconds = measure(interpreter, options.rounds)
        middle = statistics.median(seconds)
        verdict = "" if side == "upstream" else f"  (bar {BAR}: {'met' if middle <= BAR else 'UNMET'})"
        print(f"{side:<24}{middle:6.2f} s{verdict}")
