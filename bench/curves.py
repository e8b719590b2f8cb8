"""How cost grows: with the routes, hooks, headers and query arguments of an application, and with the size of a body.

Upstream and ours take turns point by point, each point in a process of its own; the medians over the rounds are given.

    python -m bench curves [--rounds 5] [--only routes hooks …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
import typing as t
from pathlib import Path

from bench import environments, machine, plots
from tests import oracle

SIZES = {
    "routes": (10, 30, 100, 300, 1_000, 3_000, 10_000),
    "hooks": (0, 1, 2, 5, 10, 20, 50),
    "headers": (1, 3, 10, 30, 100),
    "query": (1, 3, 10, 30, 100, 300, 1_000),
    "body": (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000),
}
OF = {
    "routes": "rules",
    "hooks": "functions before, after and at teardown, each",
    "headers": "headers",
    "query": "query arguments",
    "body": "bytes",
}
REGISTERING_BAR = 3
STREAMING_BAR = 1_024  # kilobytes: a buffer or two, whatever the body's size
# by curve, then what is measured, then size, then side: a figure for each round
Found = dict[str, dict[str, dict[int, dict[str, list[float]]]]]


def measure(sides: t.Mapping[str, str | Path], curves: list[str], rounds: int) -> Found:
    """The figures of every point on every side; the side that begins changes."""
    found: Found = {}
    for number in range(rounds):
        turn = list(sides) if number % 2 else list(sides)[::-1]
        for curve in curves:
            for size in SIZES[curve]:
                for side in turn:
                    figures = machine.inside(sides[side], "bench.curves_worker", curve, size)
                    for what, value in figures.items():
                        points = found.setdefault(curve, {}).setdefault(what, {})
                        points.setdefault(size, {}).setdefault(side, []).append(value)
        machine.progress(f"round {number + 1} of {rounds}")
    return found


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def text(found: Found) -> str:
    """The points of every curve, one below the other."""
    lines = []
    for curve, measured in found.items():
        for what, points in measured.items():
            lines.append(f"\n{curve}: {what}\n{OF[curve]:>46}{'upstream':>12}{'ours':>12}{'times less':>12}")
            for size, by_side in points.items():
                theirs, ours = (by_side[side] for side in ("upstream", "ours"))
                less = f"{machine.ratio(theirs, ours):.1f}" if all(ours) and "memory" not in what else "-"
                medians = [_figure(statistics.median(values)) for values in (theirs, ours)]
                lines.append(f"{size:>46,}{medians[0]:>12}{medians[1]:>12}{less:>12}")
    return "\n".join([*lines, "", *verdicts(found)])


def verdicts(found: Found) -> list[str]:
    """What the curves have to show."""
    said = []
    if "routes" in found:
        size, what = SIZES["routes"][-1], "registering and first request, ms"
        by_side = found["routes"][what][size]
        times = machine.ratio(by_side["upstream"], by_side["ours"])
        said.append(
            f"registering {size:,} rules and the first request: {times:.1f} times faster than upstream "
            f"(bar {REGISTERING_BAR}: {'met' if times >= REGISTERING_BAR else 'UNMET'})"
        )
    if "body" in found:
        size = SIZES["body"][-1]
        for way in ("read", "sent", "uploaded"):
            held = statistics.median(found["body"][f"{way}, more memory, kB"][size]["ours"])
            met = "met" if held <= STREAMING_BAR else "UNMET"
            said.append(f"{size:,} bytes {way}: {held:,.0f} kB of memory more (bar {STREAMING_BAR:,}: {met})")
        by_side = found["body"]["uploaded, ms"][size]
        times = machine.ratio(by_side["upstream"], by_side["ours"])
        said.append(
            f"{size:,} bytes uploaded to disk: {times:.2f} times faster than upstream "
            f"(bar 1: {'met' if times >= 1 else 'UNMET'})"
        )
    return said


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench curves", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(SIZES), choices=SIZES, metavar="CURVE")
    parser.add_argument("--installed", action="store_true", help=environments.INSTALLED)
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="FOLDER",
        help="also write curves.md and curves.svg there, for the documentation",
    )
    options = parser.parse_args(arguments)

    sides: dict[str, str | Path] = {"upstream": oracle.require(), "ours": environments.ours(options.installed)}
    about = machine.setting(sides)
    found = measure(sides, options.only, options.rounds)
    print(f"{machine.heading(about)}\nmedians of {options.rounds} processes a point, the sides taking turns")
    print(text(found))
    machine.write_json(options.json, about, found)
    machine.publish(options.figures, "curves", about, text(found))
    if options.figures:
        plots.draw("curves", about, found, options.figures)
