"""What it costs to begin: importing, the command, the first answer, and the memory that is then held.

Each side is a plain install of its own with compiled modules; every figure is of a whole process, nothing subtracted.

    python -m bench start [--rounds 30] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

from bench import environments, machine

BAR = 0.7
ROUTES = 5_000

APP = """
from flask import Flask
app = Flask("started")
app.secret_key = "a key that only this measurement uses"
def view(number=0):
    return "Hello, World!"
for number in range({routes} // 2):
    app.add_url_rule(f"/section{{number}}", f"section{{number}}", view)
    app.add_url_rule(f"/section{{number}}/<int:number>", f"item{{number}}", view)
answer = []
environ = {{"REQUEST_METHOD": "GET", "PATH_INFO": "/section3/42", "SCRIPT_NAME": "", "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
    "wsgi.input": None, "wsgi.errors": None, "wsgi.version": (1, 0)}}
assert b"".join(app(environ, lambda *given: answer.append(given[0]))) == b"Hello, World!" and answer == ["200 OK"]
"""
# The memory that a process holds now, where the system tells it; else the most that it ever held.
RESIDENT = """
def resident():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    except OSError:
        import resource, sys
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
"""
MEMORY = {
    "python -c pass": "",
    "after import flask": "import flask",
    "after the first answer": APP.format(routes=20),
    "with 5,000 routes, after the first answer": APP.format(routes=ROUTES),
}


class Cost(t.NamedTuple):
    """What a whole process took, in milliseconds."""

    processor: float
    wall: float


def run(command: list[str | Path], folder: str) -> Cost:
    """Run a process to its end, which has to be a good one."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=machine.environment_of_a_child(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}: {said.decode(errors='replace')}")
    return Cost((used.ru_utime + used.ru_stime) * 1e3, wall * 1e3)


LINES = ("python -c pass", "import flask", "flask --version", "first answer, 20 routes")
BARRED = ("import flask", "flask --version")


def command_of(line: str, interpreter: Path) -> list[str | Path]:
    """What is started for a line."""
    if line == "flask --version":
        return [interpreter.with_name("flask"), "--version"]
    code = {"python -c pass": "pass", "import flask": "import flask", "first answer, 20 routes": APP.format(routes=20)}
    return [interpreter, "-c", code[line]]


def kilobytes(interpreter: Path, code: str, folder: str) -> int:
    """The memory that a process holds once it has run some code."""
    done = subprocess.run(
        [interpreter, "-c", f"{code}\n{RESIDENT}\nprint(resident())"],
        cwd=folder,
        env=machine.environment_of_a_child(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return int(done.stdout)


def measure(sides: dict[str, Path], rounds: int) -> dict[str, t.Any]:
    """Every line's figures, round by round, the sides taking turns, the first one changing."""
    costs: dict[str, dict[str, list[Cost]]] = {}
    memory: dict[str, dict[str, list[int]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(-1, rounds):
            turn = list(sides) if number % 2 else list(reversed(sides))
            for line in LINES:
                for side in turn:
                    cost = run(command_of(line, sides[side]), folder)
                    if number >= 0:  # the first round only brings the files into the system's memory
                        costs.setdefault(line, {}).setdefault(side, []).append(cost)
            if number >= 0 and number < 5:
                for line, code in MEMORY.items():
                    for side in turn:
                        memory.setdefault(line, {}).setdefault(side, []).append(kilobytes(sides[side], code, folder))
    return {"milliseconds": costs, "kilobytes": memory}


def table(figures: dict[str, t.Any]) -> str:
    """The figures as text."""
    lines = [f"{'ms, median':<34} {'upstream':>9} {'ours':>8} {'ratio':>8}  (bar {BAR})"]
    for line, by_side in figures["milliseconds"].items():
        for index, kind in enumerate(("processor", "wall")):
            theirs, ours = ([cost[index] for cost in by_side[side]] for side in ("upstream", "ours"))
            share = machine.ratio(ours, theirs)
            verdict = ("  met" if share <= BAR else "  UNMET") if line in BARRED else ""
            lines.append(
                f"{line + ', ' + kind:<34} {statistics.median(theirs):>9.1f} {statistics.median(ours):>8.1f}"
                f" {share:>8.2f}{verdict}"
            )
    lines.append(f"\n{'memory, MB':<42} {'upstream':>9} {'ours':>8}")
    medians = {
        line: {side: statistics.median(found) / 1024 for side, found in by_side.items()}
        for line, by_side in figures["kilobytes"].items()
    }
    lines += [f"{line:<42} {found['upstream']:>9.1f} {found['ours']:>8.1f}" for line, found in medians.items()]
    few, many = list(medians.values())[-2:]
    each = {side: (many[side] - few[side]) / (ROUTES - 20) * 1000 for side in few}
    lines.append(f"{'each 1,000 routes':<42} {each['upstream']:>9.2f} {each['ours']:>8.2f}")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench start", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="also write start.md there, for the documentation"
    )
    options = parser.parse_args(arguments)
    if not hasattr(os, "wait4"):
        raise SystemExit("the processor time of another process is only told by POSIX systems")

    sides = {side: environments.make(side) for side in ("upstream", "ours")}
    about = machine.setting(sides)
    figures = measure(sides, options.rounds)
    print(f"{machine.heading(about)}\nwhole processes, medians of {options.rounds} rounds, the sides taking turns\n")
    print(table(figures))
    machine.write_json(options.json, about, figures)
    machine.publish(options.figures, "start", about, table(figures))
