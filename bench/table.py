"""What a request costs, row by row, in process, the WSGI callable alone: ours, upstream, a bare function, the peers.

Every figure comes from a process of its own; the sides take turns within each round, so that a slow spell of the
machine meets them alike; ratios are taken within a round, and then their median. Read the ratios: microseconds are the
machine's.

    python -m bench [--quick] [--all] [--rounds 7] [--seconds 0.5] [--only hello …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import typing as t
from pathlib import Path

from bench import environments, machine, plots
from bench.scenarios import SCENARIOS
from tests import oracle

MEAN_BAR = 10
HELLO_CALLS = 45
Runs = list[dict[str, t.Any]]
Found = dict[str, dict[str, Runs]]  # by scenario, then by side


def measure(interpreter: str | Path, scenario: str, side: str, seconds: float) -> dict[str, t.Any]:
    """One process's figures; none where the side has nothing of the kind."""
    return machine.inside(interpreter, "bench.worker", scenario, side, "--seconds", seconds)


Measure = t.Callable[[str, str], dict[str, t.Any]]  # of a side, a scenario


def in_fresh_processes(sides: t.Mapping[str, str | Path], seconds: float) -> Measure:
    """Measures each scenario in a process that has just been started."""
    return lambda side, scenario: measure(sides[side], scenario, _kind(side), seconds)


@contextlib.contextmanager
def in_forked_processes(sides: t.Mapping[str, str | Path], seconds: float) -> t.Iterator[Measure]:
    """Measures each scenario in a child of one process a side: what all import is imported once."""
    with contextlib.ExitStack() as stack:
        processes = {
            side: stack.enter_context(
                subprocess.Popen(
                    [interpreter, "-m", "bench.worker", "-", _kind(side), "--seconds", str(seconds)],
                    cwd=machine.ROOT,
                    env=machine.environment_of_a_child(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for side, interpreter in sides.items()
        }

        def measure_in_a_child(side: str, scenario: str) -> dict[str, t.Any]:
            asked, told = processes[side].stdin, processes[side].stdout
            assert asked is not None
            assert told is not None
            print(scenario, file=asked, flush=True)
            line = told.readline()
            if not line:
                raise SystemExit(f"{scenario} on {sides[side]} ({side}) could not be measured")
            figures: dict[str, t.Any] = json.loads(line)
            return figures

        yield measure_in_a_child


def _kind(side: str) -> str:
    """The applications of a side, by the worker's name for them."""
    return "flask" if side in {"upstream", "ours"} else side


def measure_all(sides: t.Iterable[str], scenarios: list[str], rounds: int, measured: Measure) -> Found:
    """The figures of every scenario on every side, a list over the rounds; the side that begins changes."""
    found: Found = {}
    order = list(sides)
    for number in range(rounds):
        for scenario in scenarios:
            by_side = found.setdefault(scenario, {side: [] for side in order})
            for side in order:
                if number and not by_side[side]:
                    continue  # it has no such row
                if figures := measured(side, scenario):
                    by_side[side].append(figures)
        order = order[1:] + order[:1]
        machine.progress(f"round {number + 1} of {rounds}")
    return found


def times_faster(by_side: t.Mapping[str, Runs], side: str) -> float | None:
    """How many times faster than upstream a side is; None where it has no such row."""
    if not by_side.get(side):
        return None
    return machine.ratio([run["us"] for run in by_side["upstream"]], [run["us"] for run in by_side[side]])


def mean_over(found: Found, side: str) -> float | None:
    """The geometric mean of a side's ratios over the rows that it has."""
    ratios = [ratio for by_side in found.values() if (ratio := times_faster(by_side, side)) is not None]
    return statistics.geometric_mean(ratios) if ratios else None


def _cell(value: float | None, width: int = 8) -> str:
    if value is None:
        return f"{'-':>{width}}"
    return f"{value:>{width},.{0 if value >= 1000 else 1}f}"


def text(found: Found) -> str:
    """The table as text, with what it says of the bars."""
    others = [side for side in next(iter(found.values())) if side not in {"upstream", "ours"}]
    lines = [
        "µs: processor time per request. ×: how many times faster than upstream.",
        f"{'scenario':<22}{'upstream µs':>12}{'ours µs':>9}{'ours ×':>8}{'bar':>5} {'':<6}"
        + "".join(f"{side + ' ×':>11}" for side in others)
        + f"{'Python calls':>16}{'bytecodes':>15}",
    ]
    for scenario, by_side in found.items():
        bar, ratio = SCENARIOS[scenario].bar, times_faster(by_side, "ours")
        assert ratio is not None
        us = {side: statistics.median(run["us"] for run in by_side[side]) for side in ("upstream", "ours")}
        counts = {
            what: " ".join(f"{by_side[side][0][what] or '-':>6}" for side in ("upstream", "ours"))
            for what in ("calls", "bytecodes")
        }
        lines.append(
            f"{scenario:<22}{_cell(us['upstream'], 12)}{_cell(us['ours'], 9)}{_cell(ratio)}{bar:>5} "
            f"{'met' if ratio >= bar else 'UNMET':<6}"
            + "".join(_cell(times_faster(by_side, side), 11) for side in others)
            + f"   {counts['calls']}  {counts['bytecodes']}"
        )
    return "\n".join([*lines, "", *verdicts(found)])


def verdicts(found: Found) -> list[str]:
    """What decides: the mean over the rows, the rows below their bars, the calls of hello, where Falcon stands."""
    ratios = {scenario: times_faster(by_side, "ours") or 0.0 for scenario, by_side in found.items()}
    unmet = [scenario for scenario, ratio in ratios.items() if ratio < SCENARIOS[scenario].bar]
    mean = statistics.geometric_mean(ratios.values())
    rows = "all rows" if len(found) == len(SCENARIOS) else f"these {len(found)} of {len(SCENARIOS)} rows"
    verdict = "met" if mean >= MEAN_BAR else "UNMET"
    said = [
        f"ours, geometric mean over {rows}: {mean:.2f} times faster than upstream (bar {MEAN_BAR}: {verdict})",
        f"rows below their bar: {len(unmet)} of {len(found)}" + (f" ({'; '.join(unmet)})" if unmet else ""),
    ]
    if "hello" in found:
        calls = found["hello"]["ours"][0]["calls"]
        met = "met" if calls <= HELLO_CALLS else "UNMET"
        said.append(f"Python calls for hello: {calls} (bar at most {HELLO_CALLS}: {met})")
    for side in next(iter(found.values())):
        if side in {"upstream", "ours"} or (theirs := mean_over(found, side)) is None:
            continue
        shared = {scenario: by_side for scenario, by_side in found.items() if by_side[side]}
        ahead = [scenario for scenario in shared if ratios[scenario] >= (times_faster(shared[scenario], side) or 0)]
        said.append(
            f"{side}: {theirs:.2f} over the {len(shared)} rows that it has, ours {mean_over(shared, 'ours'):.2f} over "
            f"the same, faster in {len(ahead)}" + (f" ({'; '.join(ahead)})" if ahead and side == "falcon" else "")
        )
    return said


def sides_asked(everyone: bool, bare: bool, ours: Path) -> dict[str, str | Path]:
    """The interpreter of each side that is to be measured."""
    sides: dict[str, str | Path] = {"upstream": oracle.require(), "ours": ours}
    if everyone:
        sides |= {peer: environments.make(peer) for peer in environments.PEERS}
    if bare:
        sides["bare"] = ours
    return sides


def main(arguments: list[str]) -> None:
    from bench import page  # which draws on what stands above

    parser = argparse.ArgumentParser(prog="python -m bench", description=str(__doc__).splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="few short rounds of upstream and ours, for the inner loop"
    )
    parser.add_argument("--all", action="store_true", help="also Falcon, Bottle, Pyramid and Django")
    parser.add_argument("--rounds", type=int, help="how often every side gets its turn (7; quick: 3)")
    parser.add_argument("--seconds", type=float, help="of processor time, per process (0.5; quick: 0.1)")
    parser.add_argument("--only", nargs="*", default=list(SCENARIOS), choices=SCENARIOS, metavar="ROW")
    parser.add_argument("--installed", action="store_true", help=environments.INSTALLED)
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--figures", type=Path, metavar="FOLDER", help="also write table.md and table.svg there")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="also put the figures between that file's marks")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (3 if options.quick else 7)
    seconds = options.seconds or (0.1 if options.quick else 0.5)

    sides = sides_asked(options.all, not options.quick, environments.ours(options.installed))
    about = machine.setting(sides)
    with contextlib.ExitStack() as stack:
        if options.quick and hasattr(os, "fork"):
            measured = stack.enter_context(in_forked_processes(sides, seconds))
        else:
            measured = in_fresh_processes(sides, seconds)
        found = measure_all(sides, options.only, rounds, measured)
    print(f"{machine.heading(about)}\nmedians of {rounds} processes of {seconds} s each, the sides taking turns\n")
    print(text(found))
    machine.write_json(options.json, about, found)
    if options.figures:
        page.write_page(options.figures, about, found)
        plots.draw("table", about, found, options.figures)
    if options.readme:
        page.write_readme(options.readme, about, found, rounds)
