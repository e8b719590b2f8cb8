"""`flask serve` against gunicorn's threads with upstream Flask and uvicorn with FastAPI: the same app, over loopback.

Each side is started with as many processes as the machine has processors, two at least, quietly, with what it is
usually run with. The sides stand ready together and are asked in turns, in short runs of wrk. The processor time is
that of all processes of a server while it is asked, read from /proc, so this is for Linux. Then: how long it takes from
the start to the first answer, and whether wrk sees anything fail while workers are replaced (HUP) and when the service
ends (TERM).

    python -m bench serve [--rounds 3] [--turns 5] [--rows hello …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import statistics
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from bench import environments, machine, servers
from bench.model import Request
from bench.scenarios import answers

ROWS = {
    "hello": Request(body=b"Hello, World!"),
    "json": Request("/items/42", body=json.dumps(answers.item(42)).encode(), page="json"),
    "template": Request("/page"),
    "wait 10 ms": Request("/sleep", body=b"slept"),
}
WAITING = "wait 10 ms"
CONNECTIONS_WAITING = 64
WARM_UP = 1
THREADS = 8  # of gunicorn's workers: with more of them its requests cost more
BARRED, BAR = ("hello", "json"), 8
START_BAR = 1.0  # seconds
STARTS = 5


@dataclass(frozen=True)
class Side:
    """An app in an environment, on a server; `command` has {port} and {workers}."""

    environment: str
    command: str
    rows: tuple[str, ...] = tuple(ROWS)


OURS, OURS_ASYNC, UPSTREAM, FASTAPI = "flask serve", "flask serve, async", "gunicorn, upstream", "uvicorn, FastAPI"
_SERVE = "flask --app bench.serve_app:{app} serve --host 127.0.0.1 --port {{port}} --workers {{workers}}"
SIDES = {
    OURS: Side("ours-async", _SERVE.format(app="plain")),
    OURS_ASYNC: Side("ours-async", _SERVE.format(app="asynchronous")),
    UPSTREAM: Side(
        "upstream",
        "gunicorn --bind 127.0.0.1:{port} --workers {workers} --worker-class gthread "
        f"--threads {THREADS} --log-level warning bench.serve_app:plain",
    ),
    FASTAPI: Side(
        "fastapi",
        "uvicorn --host 127.0.0.1 --port {port} --workers {workers} --no-access-log --log-level warning "
        "bench.served_async:asgi",
        ("hello", "json", WAITING),
    ),
}
Found = dict[str, dict[str, list[servers.Figures]]]  # by row, side


def workers() -> int:
    """How many processes each server has."""
    return max(2, os.cpu_count() or 1)


def command(side: Side, interpreter: Path, port: int) -> list[str | Path]:
    """How a side is started on a port."""
    program, *words = side.command.format(port=port, workers=workers()).split()
    return [interpreter.with_name(program), *words]


@contextlib.contextmanager
def serving(name: str, interpreter: Path) -> t.Iterator[tuple[int, int]]:
    """A side's process and port, from its first right answers to all its rows until the block ends."""
    port, side = servers.free_port(), SIDES[name]

    def wrong() -> str:
        return next(filter(None, (servers.wrong_answer(port, ROWS[row], peer=True) for row in side.rows)), "")

    with servers.running(command(side, interpreter, port), {"BENCH_SIDE": "fastapi"}, wrong, name) as pid:
        yield pid, port


def once(pid: int, port: int, row: str, options: argparse.Namespace, seconds: int) -> servers.Figures:
    """What a short run of a row costs a server."""
    connections = CONNECTIONS_WAITING if row == WAITING else options.connections
    return servers.cost(pid, lambda: servers.wrk(port, ROWS[row].path, connections, seconds))


def measure(interpreters: t.Mapping[str, Path], options: argparse.Namespace, found: Found) -> None:
    """Start every side, and add the figures of all rows, row by row, the sides taking turns."""
    with contextlib.ExitStack() as stack:
        begun = {name: stack.enter_context(serving(name, interpreter)) for name, interpreter in interpreters.items()}
        for row in options.rows:
            asked = {name: place for name, place in begun.items() if row in SIDES[name].rows}
            for place in asked.values():
                once(*place, row, options, WARM_UP)
            runs = {
                name: functools.partial(once, *place, row, options, options.seconds) for name, place in asked.items()
            }
            for name, more in servers.taking_turns(runs, options.turns).items():
                found.setdefault(row, {}).setdefault(name, []).extend(more)
            machine.progress(f"  {row}")


def start_of(name: str, interpreter: Path) -> float:
    """Seconds from the start of a side's process to its first answer."""
    port, answered = servers.free_port(), [0.0]
    row = SIDES[name].rows[0]

    def wrong() -> str:
        until = time.monotonic() + servers.START
        while time.monotonic() < until:
            if not servers.wrong_answer(port, ROWS[row], peer=True):
                answered[0] = time.monotonic()
                return ""
            time.sleep(0.005)
        return "no answer"

    began = time.monotonic()
    with servers.running(command(SIDES[name], interpreter, port), {"BENCH_SIDE": "fastapi"}, wrong, name):
        return answered[0] - began


def starts(interpreters: t.Mapping[str, Path]) -> dict[str, float]:
    """The median for each side, the sides taking turns."""
    taken: dict[str, list[float]] = {name: [] for name in interpreters}
    for _ in range(STARTS):
        for name, interpreter in interpreters.items():
            taken[name].append(start_of(name, interpreter))
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def under_signals() -> dict[str, tuple[list[str], list[str]]]:
    """What wrk says of HUP and TERM on each interface, and what of that is not as it has to be."""
    from soak.model import INTERFACES, Record, Size
    from soak.service import serving as served
    from soak.signals import under_wrk

    told = {}
    for interface in INTERFACES:
        record = Record()
        with served(interface) as service:
            under_wrk(service, Size(), record)
        told[interface] = record.figures, record.faults
    return told


def text(found: Found, started: t.Mapping[str, float], told: t.Mapping[str, tuple[list[str], list[str]]]) -> str:
    """The tables as text, with what they say of the bars."""
    lines = [f"{'row':<12}{'side':<20}{'requests/s':>11}{'µs of CPU':>11}{'times ours':>12}"]
    for row, by_side in found.items():
        us = {name: [run["µs"] for run in runs] for name, runs in by_side.items()}
        for name, runs in by_side.items():
            rate = statistics.median(run["requests/s"] for run in runs)
            times = f"{machine.ratio(us[name], us[OURS]):.2f}" if OURS in us and name != OURS else "-"
            lines.append(f"{row:<12}{name:<20}{rate:>11,.0f}{statistics.median(us[name]):>11.1f}{times:>12}")
        if row in BARRED and {OURS, UPSTREAM} <= us.keys():
            times_less = machine.ratio(us[UPSTREAM], us[OURS])
            met = "met" if times_less >= BAR else "UNMET"
            lines.append(f"  {times_less:.1f} times less than upstream on gunicorn (bar at least {BAR}: {met})")
    if started:
        lines += ["", "from the start to the first answer, medians"]
    for name, seconds in started.items():
        met = (
            f"  (bar less than {START_BAR:g} s: {'met' if seconds < START_BAR else 'UNMET'})" if "serve" in name else ""
        )
        lines.append(f"{name:<20}{seconds * 1e3:>8,.0f} ms{met}")
    if told:
        lines += ["", "wrk while workers are replaced and when the service ends: no request may fail"]
        lines += ["(errors of writing are attempts to connect after the end, which wrk never gives up)"]
    for interface, (figures, faults) in told.items():
        lines += [f"{interface:<6}{'UNMET' if faults else 'met'}", *(f"      {one}" for one in (*figures, *faults))]
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench serve", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often the servers are started")
    parser.add_argument("--turns", type=int, default=5, help="how often each is asked then")
    parser.add_argument("--seconds", type=int, default=2, help="of each run")
    parser.add_argument("--connections", type=int, default=32, help=f"of the rows but {WAITING!r}")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=ROWS, metavar="ROW")
    parser.add_argument("--sides", nargs="*", default=list(SIDES), choices=SIDES, metavar="SIDE")
    parser.add_argument("--only-requests", action="store_true", help="neither starts nor signals")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="also write serve.md there, for the documentation"
    )
    options = parser.parse_args(arguments)
    servers.insist_on_linux_with_wrk()

    sides = {name: environments.make(SIDES[name].environment) for name in options.sides}
    about = machine.setting(sides)
    found: Found = {}
    for number in range(options.rounds):
        measure(sides, options, found)
        machine.progress(f"round {number + 1} of {options.rounds}")
    started = {} if options.only_requests else starts(sides)
    told = {} if options.only_requests else under_signals()
    said = (
        f"{workers()} processes each, gunicorn's with {THREADS} threads, wrk with {options.connections} connections "
        f"({WAITING!r}: {CONNECTIONS_WAITING}) for {options.seconds} s;\nmedians of {options.rounds * options.turns} "
        f"runs each, the sides taking turns, on {options.rounds} starts of the servers\n\n{text(found, started, told)}"
    )
    print(f"{machine.heading(about)}\n{said}")
    machine.write_json(options.json, about, {"requests": found, "starts": started, "signals": told})
    machine.publish(options.figures, "serve", about, said)
