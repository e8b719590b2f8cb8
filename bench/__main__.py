"""What a request costs: ours beside upstream Flask and a bare WSGI function, in process, the WSGI callable alone.

Every figure comes from a process of its own; the sides take turns within each round, so that a slow spell of the
machine meets them alike; the table gives medians over the rounds. Read the ratios: microseconds are the machine's.

    python -m bench [--quick] [--rounds 7] [--seconds 0.5] [--only hello …] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from bench.scenarios import SCENARIOS
from tests import oracle

ROOT = Path(__file__).resolve().parents[1]


def measure(python: str, scenario: str, side: str, seconds: float) -> dict[str, float]:
    """One process's figures."""
    done = subprocess.run(
        [python, "-m", "bench.worker", scenario, side, "--seconds", str(seconds)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "", "PYTHONHASHSEED": "0"},
    )
    if done.returncode:
        raise SystemExit(f"{scenario} on {python} ({side}): {done.stdout}{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="per process")
    parser.add_argument("--only", nargs="*", default=list(SCENARIOS), choices=SCENARIOS)
    parser.add_argument("--json", type=Path, help="also write all figures here")
    parser.add_argument("--quick", action="store_true", help="few short rounds, for the inner loop")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 3, 0.2

    sides = {
        "upstream": (str(oracle.require()), "flask"),
        "ours": (sys.executable, "flask"),
        "bare": (sys.executable, "bare"),
    }
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    for number in range(options.rounds):
        for scenario in options.only:
            for name, (python, side) in sides.items():
                figures = measure(python, scenario, side, options.seconds)
                found.setdefault(scenario, {}).setdefault(name, []).append(figures)
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)

    print(
        f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores;"
    )
    print(f"µs per request, medians of {options.rounds} interleaved processes each; × = upstream / ours\n")
    print(
        f"{'scenario':<22} {'upstream':>9} {'ours':>8} {'bare':>8} {'×':>6} {'bar':>5}        "
        "Python calls: upstream, ours; bytecodes"
    )
    ratios = []
    unmet = 0
    for scenario, by_side in found.items():
        median = {name: statistics.median(one["us"] for one in runs) for name, runs in by_side.items() if runs[0]}
        ratio = statistics.median(
            theirs["us"] / ours["us"] for theirs, ours in zip(by_side["upstream"], by_side["ours"], strict=True)
        )
        ratios.append(ratio)
        calls = [by_side[name][0][what] for what in ("calls", "bytecodes") for name in ("upstream", "ours")]
        bar = SCENARIOS[scenario].bar
        unmet += ratio < bar
        bare = f"{median['bare']:>8.2f}" if "bare" in median else f"{'-':>8}"
        print(
            f"{scenario:<22} {median['upstream']:>9.1f} {median['ours']:>8.2f} {bare} {ratio:>6.1f} {bar:>5}"
            f" {'met' if ratio >= bar else 'UNMET':<6} {calls[0]:>5} {calls[1]:>5} {calls[2]:>6} {calls[3]:>6}"
        )
    print(f"\ngeometric mean {statistics.geometric_mean(ratios):.1f}; {unmet} of {len(ratios)} rows below their bar")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
