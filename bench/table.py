"""What a request costs, row by row, in process, the WSGI callable alone: ours, upstream, a bare function, the peers.

Every figure comes from a process of its own; the processes of a row take turns of some hundredths of a second, so that
a slow spell of the machine meets them alike; ratios are taken turn by turn, then their median in each round, then the
median over the rounds. Read the ratios: microseconds are the machine's.

    python -m bench [--quick] [--all] [--rounds 7] [--seconds 0.5] [--only hello …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path

from bench import environments, machine, page, plots, ratios, rows
from bench.scenarios import SCENARIOS
from tests import oracle


def sides_asked(everyone: bool, bare: bool, ours: Path) -> dict[str, str | Path]:
    """The interpreter of each side that is to be measured."""
    sides: dict[str, str | Path] = {"upstream": oracle.require(), "ours": ours}
    if everyone:
        sides |= {peer: environments.make(peer) for peer in environments.PEERS}
    if bare:
        sides["bare"] = ours
    return sides


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=str(__doc__).splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="few short rounds of upstream and ours, for the inner loop"
    )
    parser.add_argument("--all", action="store_true", help="also Falcon, Bottle, Pyramid and Django")
    parser.add_argument("--rounds", type=int, help="how often every side gets its turn (7; quick: 3)")
    parser.add_argument("--seconds", type=float, help="of processor time, per process (0.5; quick: 0.1)")
    parser.add_argument("--only", nargs="*", default=list(SCENARIOS), choices=SCENARIOS, metavar="ROW")
    parser.add_argument("--installed", action="store_true", help=environments.INSTALLED)
    parser.add_argument(
        "--before", metavar="COMMIT", help="also ours as of this commit: with --installed, what changed"
    )
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--figures", type=Path, metavar="FOLDER", help="also write table.md and table.svg there")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="also put the figures between that file's marks")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (3 if options.quick else 7)
    seconds = options.seconds or (0.1 if options.quick else 0.5)

    sides = sides_asked(options.all, not options.quick, environments.ours(options.installed))
    if options.before:
        sides["before"] = environments.before(options.before)
    about = machine.setting(sides)
    with contextlib.ExitStack() as stack:
        if options.quick and hasattr(os, "fork"):
            begin = stack.enter_context(rows.in_forked_processes(sides))
        else:
            begin = rows.in_fresh_processes(sides)
        found = rows.measure_all(sides, options.only, rounds, seconds, begin)
    print(f"{machine.heading(about)}\nmedians of {rounds} processes of {seconds} s each, the sides taking turns\n")
    print(ratios.text(found))
    machine.write_json(options.json, about, found)
    if options.figures:
        page.write_page(options.figures, about, found)
        plots.draw("table", about, found, options.figures)
    if options.readme:
        page.write_readme(options.readme, about, found, rounds)
