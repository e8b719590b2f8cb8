"""Measures the rows of the table: each row on each side in a process of its own, all sides taking short turns.

The machine may be faster in one second than in the next. So the processes of a row stand ready together, and each gets
some hundredths of a second at a time: what is compared was measured side by side.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import tempfile
import typing as t
from pathlib import Path

from bench import machine
from bench.ratios import Found

TURN = 0.05  # seconds
Sides = t.Mapping[str, str | Path]


class Worker:
    """A process of `bench.worker`, which is told lines and answers each with one of JSON."""

    def __init__(self, interpreter: str | Path, scenario: str, side: str) -> None:
        #: The applications of a side, by the worker's name for them.
        kind = "flask" if side in {"upstream", "ours", "before"} else side
        self._words = f"{scenario} on {interpreter} ({kind})"
        self._complaints = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [interpreter, "-m", "bench.worker", scenario, kind],
            cwd=machine.ROOT,
            env=machine.environment_of_a_child(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )

    def tell(self, line: object) -> None:
        """Have it read a line."""
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)

    def hear(self) -> t.Any:
        """What it says next. Raises `SystemExit` if it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            raise SystemExit(f"{self._words} could not be measured\n{self._complaints.read()}")
        return json.loads(line)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.__exit__(None, None, None)  # its input closed, it ends
        self._complaints.close()


Begin = t.Callable[[str, str], t.ContextManager[tuple[Worker, t.Any]]]  # of a side, a scenario: with its counts


def in_fresh_processes(sides: Sides) -> Begin:
    """Has each scenario measured in a process that has just been started."""

    @contextlib.contextmanager
    def begin(side: str, scenario: str) -> t.Iterator[tuple[Worker, t.Any]]:
        with Worker(sides[side], scenario, side) as worker:
            yield worker, worker.hear()

    return begin


@contextlib.contextmanager
def in_forked_processes(sides: Sides) -> t.Iterator[Begin]:
    """Has each scenario measured in a child of one process a side: what all import is imported once."""
    with contextlib.ExitStack() as stack:
        workers = {side: stack.enter_context(Worker(interpreter, "-", side)) for side, interpreter in sides.items()}

        @contextlib.contextmanager
        def begin(side: str, scenario: str) -> t.Iterator[tuple[Worker, t.Any]]:
            worker = workers[side]
            worker.tell(scenario)
            counts = worker.hear()
            yield worker, counts
            if counts is not None:
                worker.tell("")
            worker.hear()  # that it has ended

        yield begin


def measure_all(sides: t.Iterable[str], scenarios: list[str], rounds: int, seconds: float, begin: Begin) -> Found:
    """The figures of every scenario on every side, a list over the rounds; the side that begins changes.

    `us` is the lower quartile of `turns`, the microseconds of each turn; `seconds` is what all turns of a process take.
    """
    found: Found = {}
    order = list(sides)
    for number in range(rounds):
        for scenario in scenarios:
            by_side = found.setdefault(scenario, {side: [] for side in order})
            having = [side for side in order if not number or by_side[side]]
            for side, run in _measured(having, scenario, seconds, begin).items():
                by_side[side].append(run)
        order = order[1:] + order[:1]
        machine.progress(f"round {number + 1} of {rounds}")
    return found


def _measured(sides: list[str], scenario: str, seconds: float, begin: Begin) -> dict[str, dict[str, t.Any]]:
    """One process's figures of each side that has the scenario."""
    runs: dict[str, dict[str, t.Any]] = {}
    workers: dict[str, Worker] = {}
    with contextlib.ExitStack() as stack:
        for side in sides:
            worker, counts = stack.enter_context(begin(side, scenario))
            if counts is not None:
                workers[side], runs[side] = worker, {**counts, "turns": []}
        for _ in range(max(2, round(seconds / TURN))):
            for side, worker in workers.items():
                worker.tell(min(seconds, TURN))
                runs[side]["turns"].append(worker.hear())
    for run in runs.values():
        run["us"] = statistics.quantiles(run["turns"], n=4, method="inclusive")[0]
    return runs
