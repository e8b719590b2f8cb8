"""Two hundred thousand mixed requests in one process: what it holds, and whether that grows from request to request.

The requests are of every kind in turn, each with names, values, hosts and paths of its own (`bench.memory_app`). After
each stretch garbage is collected and memory is read: what the system has given the process, the blocks that Python's
allocator has handed out, and, in a process of its own, the bytes that Python asked for (tracemalloc). The first quarter
warms up, since caches that have an end are to be full. The slope is the mean growth of a stretch after that, for one
request; its uncertainty is twice the standard error of that mean, so that about 19 of 20 such ranges hold the true one.

    python -m bench memory [--requests 200000] [--sides ours …] [--json FILE] [--figures FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
import typing as t
from itertools import pairwise
from pathlib import Path

from bench import environments, machine

STRETCHES = 20
WARM_UP = 5  # of these
BAR = 1.0  # bytes for a request: a leak of one object of Python's in fifty requests
# Each with the environment that it runs in, and whether it is asked what only ours speaks.
SIDES = {"upstream": ("upstream", "common"), "ours": ("ours", "common"), "ours, all": ("ours", "own")}
MEASURES = {"system": (1, 1024), "blocks": (2, 1), "traced": (3, 1)}  # the place in a sample, and bytes for one


class Slope(t.NamedTuple):
    """Growth for one request, and how far it may be from the true one."""

    mean: float
    uncertainty: float

    @property
    def is_flat(self) -> bool:
        """Whether no growth, or no more than the bar, lies in that range."""
        return self.mean - self.uncertainty <= BAR

    def __str__(self) -> str:
        return f"{self.mean:+8.3f} ± {self.uncertainty:.3f}"


def slope(samples: t.Sequence[t.Sequence[int]], measure: str, warm_up: int = WARM_UP) -> Slope:
    """The slope of a measure over all stretches after the first ones."""
    place, unit = MEASURES[measure]
    settled = samples[warm_up - 1 :]
    growth = [(later[place] - earlier[place]) * unit / (later[0] - earlier[0]) for earlier, later in pairwise(settled)]
    return Slope(statistics.mean(growth), 2 * statistics.stdev(growth) / len(growth) ** 0.5)


def measure(side: str, requests: int) -> dict[str, t.Any]:
    """The figures of a side: one process that is only watched, another one that is traced."""
    environment, kinds = SIDES[side]
    interpreter = environments.make(environment)
    figures: dict[str, t.Any] = {}
    for way in ("plain", "traced"):
        machine.progress(f"{side}, {way}: {requests} requests")
        figures[way] = machine.inside(interpreter, "bench.memory_worker", requests, STRETCHES, kinds, way)
    return figures


def slopes_of(figures: t.Mapping[str, t.Any]) -> dict[str, Slope]:
    """Every slope of a side."""
    plain, traced = figures["plain"]["samples"], figures["traced"]["samples"]
    return {name: slope(traced if name == "traced" else plain, name) for name in MEASURES}


def text_of(figures: t.Mapping[str, t.Mapping[str, t.Any]], requests: int) -> str:
    """All sides as a table, and what grew most on each."""
    heads = " ".join(f"{head:>17}" for head in ("bytes, system", "blocks", "bytes, traced"))
    percent = WARM_UP * 100 // STRETCHES
    lines = [
        f"{requests:,} requests of every kind in turn, each with its own names, in one process of each side.",
        f"Growth for one request after the first {percent} percent, ± twice its standard error; bar: {BAR:g} byte.",
        "",
        f"{'':<11} {'kinds':>5} {'kB then':>8} {'at the end':>11}  {heads}",
    ]
    for side, found in figures.items():
        samples = found["plain"]["samples"]
        slopes = slopes_of(found)
        flat = "flat" if slopes["traced"].is_flat and slopes["system"].is_flat else "GROWS"
        told = " ".join(f"{slopes[name]!s:>17}" for name in ("system", "blocks", "traced"))
        kinds, then, end = found["plain"]["kinds"], samples[WARM_UP - 1][1], samples[-1][1]
        lines.append(f"{side:<11} {kinds:>5} {then:>8,} {end:>11,}  {told}  {flat}")
    return "\n".join(lines)


def grown(figures: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """The lines of code whose allocations grew most in the second half, for whoever looks for a leak."""
    lines = []
    for side, found in figures.items():
        lines += ["", f"{side}: grown most in the second half"]
        lines += [f"  {size / 1024:8.1f} kB  {place}" for place, size in found["traced"]["grown"]] or ["  nothing"]
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench memory", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figures", type=Path)
    asked = parser.parse_args(arguments)
    about = machine.setting({name: environments.make(name) for name in dict.fromkeys(SIDES[s][0] for s in asked.sides)})
    figures = {side: measure(side, asked.requests) for side in asked.sides}
    text = text_of(figures, asked.requests)
    print(f"{machine.heading(about)}\n\n{text}\n{grown(figures)}")
    machine.write_json(asked.json, about, figures)
    machine.publish(asked.figures, "memory", about, text)
