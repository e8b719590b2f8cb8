"""What it costs to reach the request, the session, `g` and the application through their proxies, per access.

python -m bench proxies [--rounds 7] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
import typing as t
from pathlib import Path

from bench import environments, machine
from tests import oracle

BAR = 0.5


def text(found: t.Mapping[str, t.Mapping[str, list[float]]]) -> str:
    """The table as text."""
    lines = [f"{'ns per access':<22}{'upstream':>10}{'ours':>10}{'ratio':>8}  (bar {BAR})"]
    for access, by_side in found.items():
        share = machine.ratio(by_side["ours"], by_side["upstream"])
        theirs, ours = (statistics.median(by_side[side]) for side in ("upstream", "ours"))
        lines.append(f"{access:<22}{theirs:>10.0f}{ours:>10.0f}{share:>8.2f}  {'met' if share <= BAR else 'UNMET'}")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench proxies", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--installed", action="store_true", help=environments.INSTALLED)
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument(
        "--figures", type=Path, metavar="FOLDER", help="also write proxies.md there, for the documentation"
    )
    options = parser.parse_args(arguments)

    sides: dict[str, str | Path] = {"upstream": oracle.require(), "ours": environments.ours(options.installed)}
    about = machine.setting(sides)
    found: dict[str, dict[str, list[float]]] = {}
    for number in range(options.rounds):
        for side in list(sides) if number % 2 else list(reversed(sides)):
            for access, figure in machine.inside(sides[side], "bench.proxies_worker").items():
                found.setdefault(access, {}).setdefault(side, []).append(figure)
    print(f"{machine.heading(about)}\nmedians of {options.rounds} processes each, the sides taking turns\n")
    print(text(found))
    machine.write_json(options.json, about, found)
    machine.publish(options.figures, "proxies", about, text(found))
