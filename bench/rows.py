"""Measures the rows of the table: each row on each side in a process of its own, the sides taking turns."""

from __future__ import annotations

import contextlib
import json
import subprocess
import typing as t
from pathlib import Path

from bench import machine
from bench.ratios import Found

Measure = t.Callable[[str, str], dict[str, t.Any]]  # of a side, a scenario


def measure(interpreter: str | Path, scenario: str, side: str, seconds: float) -> dict[str, t.Any]:
    """One process's figures; none where the side has nothing of the kind."""
    return machine.inside(interpreter, "bench.worker", scenario, side, "--seconds", seconds)


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
