"""The command: so much time for each target, by each engine; what is found is printed such that it can be done again.

    python -m fuzz                              a minute, all targets, by what is here of Hypothesis and Atheris
    python -m fuzz --seconds 3600 --seed 7      longer, and other inputs
    python -m fuzz --only cookies --engine hypothesis
    python -m fuzz --list                       the targets, each with its law

The status is 1 where something was found. A run by Hypothesis depends on nothing but seed and time.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import typing as t
import warnings
from pathlib import Path

from fuzz import by_atheris, by_hypothesis
from fuzz.model import Run, Target, seed_of
from fuzz.targets import NAMES
from tests.robustness.runner import silent_log

FOLDER = Path(__file__).resolve().parents[1] / ".build" / "fuzz"
ENGINES = ("hypothesis", "atheris")


def main(arguments: list[str]) -> int:
    """Run what is asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Random input against laws.")
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together (60)")
    parser.add_argument("--seed", type=int, default=1, help="what the run depends on (1)")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="TARGET", help="this one; may be repeated")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="by this one; may be repeated (all)")
    parser.add_argument("--list", action="store_true", help="say what there is")
    asked = parser.parse_args(arguments)
    names = asked.only or NAMES
    if asked.list:
        for name in names:
            print(f"{name:<12} {Target.named(name).sentence()}")
        return 0
    engines = asked.engine or [engine for engine in ENGINES if engine != "atheris" or by_atheris.is_here()]
    if "atheris" in engines and not by_atheris.is_here():
        parser.error("this Python has no Atheris; it is published for Linux on x86-64")
    seconds = asked.seconds / (len(names) * len(engines))
    with _quiet():
        runs = [_shown(_run(engine, name, seconds, asked.seed)) for name in names for engine in engines]
    found = [run for run in runs if run.finding is not None]
    examples, taken = sum(run.examples for run in runs), sum(run.seconds for run in runs)
    print(f"{examples} inputs to {len(names)} targets in {taken:.0f} s, seed {asked.seed}: {len(found)} findings")
    return 1 if found else 0


def _run(engine: str, name: str, seconds: float, seed: int) -> Run:
    target = Target.named(name)
    if engine == "atheris":
        return by_atheris.run(target, seconds, seed, FOLDER)
    return by_hypothesis.run(target, seconds, seed)


def _shown(run: Run) -> Run:
    """The same, told to whoever waits."""
    print(f"{run.target:<12} {run.engine:<10} {run.examples:>9} inputs in {run.seconds:6.1f} s", flush=True)
    if run.finding is not None:
        print(f"\n{run.finding.error.rstrip()}\n\nThis broke the law of {run.target!r} (seed {run.seed}).")
        if run.finding.value is not None:
            path = FOLDER / f"{run.target}-{seed_of(0, run.finding.value):08x}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(run.finding.line() + "\n", encoding="utf-8")
            print(f"Again, as it stands in {path}:\n\n    {run.finding.line()}")
        print(flush=True)
    return run


@contextlib.contextmanager
def _quiet() -> t.Iterator[None]:
    """Keep what apps log and warn of about bad input out of the way, and what Hypothesis says of a finding."""
    with silent_log(), warnings.catch_warnings(), contextlib.redirect_stderr(sys.stdout):
        warnings.simplefilter("ignore")
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
