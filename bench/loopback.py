"""What a request costs a real server: wrk over loopback, requests per second, and the server's own processor time.

One process serves, with one thread for the application, so that threads that wait for one another are not what is
measured; connections are kept. Upstream, ours and a bare function stand side by side on free ports of 127.0.0.1 and are
asked in turns, in short runs. The processor time is that of all processes of a server while wrk asks it, read from
/proc, so this is for Linux.

    python -m bench loopback [--rounds 3] [--turns 5] [--only granian …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import statistics
import typing as t
from pathlib import Path

from bench import environments, machine, servers
from bench.scenarios import SCENARIOS

ROWS = ("hello", "json with an int")
SIDES = {"upstream": "flask", "ours": "flask", "bare": "bare"}
ABOVE_BARE_BAR, TIMES_LESS_BAR = 20, 4
APPLICATION = "bench.served:application"
WARM_UP = 1


def command(server: str, interpreter: Path, port: int, threads: int) -> list[str | Path]:
    """How a server is started, quietly, with its usual settings but for the number of processes and threads."""
    name = interpreter.with_name("waitress-serve" if server == "waitress" else server)
    options = {
        "granian": "--interface wsgi --host 127.0.0.1 --port {} --workers 1 --blocking-threads {} --no-access-log "
        "--log-level warning",
        "gunicorn": "--bind 127.0.0.1:{} --workers 1 --worker-class gthread --threads {} --log-level warning",
        "waitress": "--listen 127.0.0.1:{} --threads {}",
    }
    return [name, *options[server].format(port, threads).split(), APPLICATION]


SERVERS = ("granian", "gunicorn", "waitress")


@contextlib.contextmanager
def serving(server: str, interpreter: Path, side: str, row: str, threads: int) -> t.Iterator[tuple[int, int]]:
    """A server's process and port, from its first right answer until the block ends."""
    port = servers.free_port()
    with servers.running(
        command(server, interpreter, port, threads),
        {"BENCH_SIDE": SIDES[side], "BENCH_SCENARIO": row},
        lambda: answer_is_wrong(port, row),
        f"{server}, {side}, {row}",
    ) as pid:
        yield pid, port


def answer_is_wrong(port: int, row: str) -> str:
    """What is wrong with a server's answer to a row's request; empty if nothing."""
    return servers.wrong_answer(port, SCENARIOS[row].requests[0], peer=False)


def once(pid: int, port: int, row: str, connections: int, seconds: int) -> servers.Figures:
    """Requests per second, and microseconds of the server's processor time for each."""
    path = SCENARIOS[row].requests[0].path
    return servers.cost(pid, lambda: servers.wrk(port, path, connections, seconds))


def turns(
    server: str, interpreters: t.Mapping[str, Path], row: str, options: argparse.Namespace
) -> dict[str, list[servers.Figures]]:
    """The figures of some short runs of each side, whose servers stand side by side; those not asked do nothing."""
    with contextlib.ExitStack() as stack:
        begun = {
            side: stack.enter_context(serving(server, interpreters[side], side, row, options.threads)) for side in SIDES
        }
        for pid, port in begun.values():
            once(pid, port, row, options.connections, WARM_UP)
        return servers.taking_turns(
            {
                side: functools.partial(once, pid, port, row, options.connections, options.seconds)
                for side, (pid, port) in begun.items()
            },
            options.turns,
        )


Found = dict[str, dict[str, dict[str, list[dict[str, float]]]]]  # by server, row, side


def text(found: Found) -> str:
    """The table as text, with what it says of the bars."""
    lines = [f"{'server':<10}{'row':<20}{'side':<10}{'requests/s':>11}{'µs of CPU':>11}{'above bare':>12}"]
    for server, rows in found.items():
        for row, by_side in rows.items():
            us = {side: [run["µs"] for run in runs] for side, runs in by_side.items()}
            above = {side: [one - bare for one, bare in zip(us[side], us["bare"], strict=True)] for side in us}
            for side, runs in by_side.items():
                rate = statistics.median(run["requests/s"] for run in runs)
                more = f"{statistics.median(above[side]):.1f}" if side != "bare" else "-"
                lines.append(
                    f"{server:<10}{row:<20}{side:<10}{rate:>11,.0f}{statistics.median(us[side]):>11.1f}{more:>12}"
                )
            ours, theirs = statistics.median(above["ours"]), statistics.median(above["upstream"])
            less = theirs / max(ours, 0.1)  # where the noise is larger than ours is
            whole = machine.ratio(us["upstream"], us["ours"])
            lines.append(
                f"  ours: {less:.1f} times less above bare (bar {TIMES_LESS_BAR}: "
                f"{'met' if less >= TIMES_LESS_BAR else 'UNMET'}), {whole:.1f} times less with the server"
            )
            if (server, row) == ("granian", "hello"):
                met = "met" if ours <= ABOVE_BARE_BAR else "UNMET"
                lines.append(f"  ours: {ours:.1f} µs above bare (bar at most {ABOVE_BARE_BAR}: {met})")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench loopback", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often the servers are started")
    parser.add_argument("--turns", type=int, default=5, help="how often each is asked then")
    parser.add_argument("--seconds", type=int, default=1, help="of each run of wrk")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1, help="that run the application; more of them pay for turns")
    parser.add_argument("--only", nargs="*", default=list(SERVERS), choices=SERVERS, metavar="SERVER")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=ROWS, metavar="ROW")
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="also write loopback.md there, for the documentation"
    )
    options = parser.parse_args(arguments)
    servers.insist_on_linux_with_wrk()

    sides = {side: environments.make("ours" if side == "bare" else side) for side in SIDES}
    about = machine.setting(sides)
    found: Found = {}
    for number in range(options.rounds):
        for server in options.only:
            for row in options.rows:
                by_side = found.setdefault(server, {}).setdefault(row, {side: [] for side in SIDES})
                more = turns(server, sides, row, options)
                for side, runs in more.items():
                    by_side[side] += runs
        machine.progress(f"round {number + 1} of {options.rounds}")
    print(
        f"{machine.heading(about)}\none process, {options.threads} thread{'s' * (options.threads > 1)}, wrk with "
        f"{options.connections} connections for {options.seconds} s; medians of {options.rounds * options.turns} runs "
        "each, the sides taking turns, on "
        f"{options.rounds} starts of the servers\n"
    )
    print(text(found))
    machine.write_json(options.json, about, found)
    machine.publish(options.figures, "loopback", about, text(found))
