"""What an asynchronous request costs a real server: ours beside Quart, FastAPI, Starlette and Litestar, over loopback.

Each side is one application with all rows, in its own environment and server process; those of a server stand ready
together and are asked in turns, in short runs: answers by wrk, echoes by a client of our own. The processor time is
that of all processes of a server while it is asked, read from /proc, so this is for Linux. A bare ASGI function says
what is the server's own.

    python -m bench async [--rounds 3] [--turns 5] [--only uvicorn …] [--rows hello …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import statistics
import sys
import typing as t
from pathlib import Path

from bench import environments, machine, servers
from bench.model import Request
from bench.scenarios import answers

SERVED = "bench.served_async"
ECHO = "websocket echo"
HELLO = Request(body=b"Hello, World!")
ROWS = {
    "hello": HELLO,
    "json": Request("/items/42", body=json.dumps(answers.item(42)).encode(), page="json"),
    "plain function": Request("/plain", body=b"plain"),
    "sleep 10 ms": Request("/sleep", body=b"slept"),
    ECHO: Request("/ws"),  # opened as a WebSocket
}
SLEEPING = 256  # connections, so that many wait at once
BARE = "bare"
SIDES = {"ours": "ours-async", **{peer: peer for peer in environments.ASYNC_PEERS}, BARE: "ours-async"}
RSGI = "ours, rsgi"  # a further side on Granian
SERVERS = ("uvicorn", "hypercorn", "granian")
WARM_UP = 1

# At least so many times ours has to be what a side takes, on the same server and row.
QUART_BAR, FASTAPI_BAR = 3, 1
# At most so many times what Starlette adds to the bare function ours may add: routing and request, on uvicorn.
STARLETTE_BAR, STARLETTE_ROWS = 1.5, ("hello", "json")
TELLING = 5  # percent of the bare function's time, below which nothing can be told from what is above it
Found = dict[str, dict[str, dict[str, list[servers.Figures]]]]  # by server, row, side


def command(server: str, interpreter: Path, port: int, target: str, interface: str = "asgi") -> list[str | Path]:
    """How a server is started with one process, quietly, with its usual settings."""
    options = {
        "uvicorn": f"--host 127.0.0.1 --port {port} --no-access-log --log-level warning",
        "hypercorn": f"--bind 127.0.0.1:{port} --workers 1 --log-level warning",
        "granian": f"--interface {interface} --host 127.0.0.1 --port {port} --workers 1 --no-access-log "
        "--log-level warning",
    }
    return [interpreter.with_name(server), *options[server].split(), target]


def sides_on(server: str, sides: t.Sequence[str]) -> list[str]:
    """Who is measured on a server."""
    return [*sides, *([RSGI] if server == "granian" and "ours" in sides else [])]


@contextlib.contextmanager
def serving(server: str, interpreter: Path, side: str) -> t.Iterator[tuple[int, int]]:
    """A server's process and port, from its first right answers to all rows of HTTP until the block ends."""
    port, interface = servers.free_port(), "rsgi" if side == RSGI else "asgi"
    asked = [request for row, request in ROWS.items() if row != ECHO]

    def wrong() -> str:
        return next(filter(None, (servers.wrong_answer(port, request, peer=True) for request in asked)), "")

    started = command(server, interpreter, port, f"{SERVED}:{interface}", interface)
    with servers.running(started, {"BENCH_SIDE": side.partition(",")[0]}, wrong, f"{server}, {side}") as pid:
        yield pid, port


def echoes(port: int, path: str, connections: int, seconds: float) -> tuple[int, float]:
    """Messages that came back as they went, and the seconds it took; one that did not ends the measurement."""
    told = machine.inside(sys.executable, "bench.websocket_client", port, path, connections, seconds)
    return told["count"], told["seconds"]


def once(pid: int, port: int, row: str, options: argparse.Namespace, seconds: int) -> servers.Figures:
    """What a short run of a row costs a server."""
    ask = echoes if row == ECHO else servers.wrk
    connections = SLEEPING if row == "sleep 10 ms" else options.connections
    return servers.cost(pid, lambda: ask(port, ROWS[row].path, connections, seconds))


def measure(server: str, interpreters: t.Mapping[str, Path], options: argparse.Namespace, found: Found) -> None:
    """Start a server for each side, and add the figures of all rows, row by row."""
    with contextlib.ExitStack() as stack:
        begun = {}
        for side in sides_on(server, list(interpreters)):
            interpreter = interpreters["ours" if side == RSGI else side]
            begun[side] = stack.enter_context(serving(server, interpreter, side))
        for row in options.rows:
            for pid, port in begun.values():
                once(pid, port, row, options, WARM_UP)
            runs = {
                side: functools.partial(once, pid, port, row, options, options.seconds)
                for side, (pid, port) in begun.items()
            }
            by_side = found.setdefault(server, {}).setdefault(row, {})
            for side, more in servers.taking_turns(runs, options.turns).items():
                by_side.setdefault(side, []).extend(more)
            machine.progress(f"  {server}: {row}")


def _microseconds(by_side: t.Mapping[str, list[servers.Figures]]) -> dict[str, list[float]]:
    return {side: [run["µs"] for run in runs] for side, runs in by_side.items()}


def above_bare(us: t.Mapping[str, list[float]], side: str) -> float:
    """What a side adds to the bare function, in microseconds: turn by turn, then the median."""
    return statistics.median(one - bare for one, bare in zip(us[side], us[BARE], strict=True))


def _times_above(us: t.Mapping[str, list[float]], side: str, than: str) -> float | None:
    """How many times as much as another a side adds to the bare function; None where neither adds what can be told."""
    least = statistics.median(us[BARE]) * TELLING / 100
    one, other = above_bare(us, side), above_bare(us, than)
    return None if one < least and other < least else max(one, least) / max(other, least)


def _less_than(us: t.Mapping[str, list[float]], side: str, bar: float) -> str:
    """What a bar says of how many times ours a side takes: with the server, unless not even the bare function could."""
    times, asked = machine.ratio(us[side], us["ours"]), f"bar {'more than' if bar == 1 else 'at least'} {bar}"
    said = f"{side} takes {times:.2f} times ours with the server"
    if BARE in us:
        above = _times_above(us, side, "ours")
        if above is None:
            return f"{said}, both within {TELLING} % of the bare function: too little to tell"
        said += f", {above:.2f} times above bare"
        if (reach := machine.ratio(us[side], us[BARE])) <= bar:
            asked, times = f"{asked} above bare, as the bare function has but {reach:.2f} with the server", above
    met = times > bar if bar == 1 else times >= bar
    return f"{said} ({asked}: {'met' if met else 'UNMET'})"


def verdicts(server: str, row: str, us: t.Mapping[str, list[float]]) -> list[str]:
    """What the bars say of a row on a server."""
    said = [_less_than(us, side, bar) for side, bar in (("quart", QUART_BAR), ("fastapi", FASTAPI_BAR)) if side in us]
    judged = server == "uvicorn" and row in STARLETTE_ROWS and {"starlette", BARE} <= us.keys()
    if judged and (times := _times_above(us, "ours", "starlette")) is not None:
        said.append(
            f"ours takes {times:.2f} times starlette's above bare (bar at most {STARLETTE_BAR}: "
            f"{'met' if times <= STARLETTE_BAR else 'UNMET'}), {machine.ratio(us['ours'], us['starlette']):.2f} times "
            "with the server"
        )
    return said


def text(found: Found) -> str:
    """The table as text, with what it says of the bars."""
    lines = [
        f"{'server':<11}{'row':<16}{'side':<12}{'requests/s':>11}{'µs of CPU':>11}{'above bare':>12}{'times ours':>12}"
    ]
    for server, rows in found.items():
        for row, by_side in rows.items():
            us = _microseconds(by_side)
            for side, runs in by_side.items():
                rate = statistics.median(run["requests/s"] for run in runs)
                more = f"{above_bare(us, side):.1f}" if BARE in us and side != BARE else "-"
                times = f"{machine.ratio(us[side], us['ours']):.2f}" if "ours" in us and side != "ours" else "-"
                lines.append(
                    f"{server:<11}{row:<16}{side:<12}{rate:>11,.0f}{statistics.median(us[side]):>11.1f}"
                    f"{more:>12}{times:>12}"
                )
            if "ours" in us:
                lines += [f"  {line}" for line in verdicts(server, row, us)]
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench async", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often the servers are started")
    parser.add_argument("--turns", type=int, default=5, help="how often each is asked then")
    parser.add_argument("--seconds", type=int, default=1, help="of each run")
    parser.add_argument(
        "--connections", type=int, default=32, help=f"of the rows but 'sleep 10 ms', which has {SLEEPING}"
    )
    parser.add_argument("--only", nargs="*", default=list(SERVERS), choices=SERVERS, metavar="SERVER")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=ROWS, metavar="ROW")
    parser.add_argument("--sides", nargs="*", default=list(SIDES), choices=SIDES, metavar="SIDE")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="also write async.md there, for the documentation"
    )
    options = parser.parse_args(arguments)
    servers.insist_on_linux_with_wrk()

    sides = {side: environments.make(SIDES[side]) for side in options.sides}
    about = machine.setting(sides)
    found: Found = {}
    for number in range(options.rounds):
        for server in options.only:
            measure(server, sides, options, found)
        machine.progress(f"round {number + 1} of {options.rounds}")
    print(
        f"{machine.heading(about)}\none process each, {options.connections} connections ('sleep 10 ms': {SLEEPING}) "
        f"for {options.seconds} s; medians of {options.rounds * options.turns} runs each, the sides taking turns, on "
        f"{options.rounds} starts of the servers; a request of the echo is a message\n"
    )
    print(text(found))
    machine.write_json(options.json, about, found)
    machine.publish(options.figures, "async", about, text(found))
