"""Requests of every kind in turn, for long: each answer is looked at, and what the workers hold must not grow.

Memory is read after each of 20 stretches, as `bench.memory` does, whose slope and bar these are.
"""

from __future__ import annotations

import threading
import time
import typing as t

from bench.memory import BAR, STRETCHES, WARM_UP, slope
from soak.kinds import Visit, asked, kinds_of
from soak.model import Record, Scenario, Size
from soak.service import HAS_PROC, Service, open_files, resident

ENOUGH = 100_000  # requests, before whose first quarter is over caches that have an end are full
LEEWAY = 24  # files that a worker may have more open at the end: connections that are kept


def mixed(service: Service, size: Size, record: Record) -> None:
    """Have every kind asked for by each visitor in turn."""
    kinds = kinds_of(service.interface)
    each = max(1, size.requests // STRETCHES // size.visitors)
    visits = [Visit(service.connect) for _ in range(size.visitors)]
    wrong: dict[str, str] = {}
    count_wrong = 0
    lock = threading.Lock()

    def visit(number: int, first: int) -> None:
        nonlocal count_wrong
        for n in range(first + number, first + each * size.visitors, size.visitors):
            kind = kinds[(n // size.visitors + number) % len(kinds)]
            if words := asked(visits[number], kind, n):
                with lock:
                    count_wrong += 1
                    wrong.setdefault(kind, words)

    workers = sorted(service.workers())
    files = {process: open_files(process) for process in workers} if HAS_PROC else {}
    samples: list[tuple[int, int]] = []
    began = time.monotonic()
    for stretch in range(STRETCHES):
        threads = [
            threading.Thread(target=visit, args=(number, stretch * each * size.visitors))
            for number in range(size.visitors)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if HAS_PROC:
            samples.append(((stretch + 1) * each * size.visitors, sum(resident(process) for process in workers)))
    seconds = time.monotonic() - began
    for one in visits:
        one.close()
    requests = STRETCHES * each * size.visitors
    record.tell(f"{requests:,} requests of {len(kinds)} kinds, {requests / seconds:,.0f}/s, {count_wrong} wrong")
    for kind, words in wrong.items():
        record.expect(False, f"{kind}: {words}")
    record.expect(service.workers() == set(workers), "a worker did not live through it")
    if HAS_PROC:
        _judge(samples, requests >= ENOUGH, record)
        for process in workers:
            record.expect(open_files(process) <= files[process] + LEEWAY, "files are left open")
    _judge_leftovers(service, record)


def _judge(samples: t.Sequence[tuple[int, int]], is_enough: bool, record: Record) -> None:
    if not is_enough:
        record.tell(f"memory not judged: that takes {ENOUGH:,} requests")
        return
    found = slope(samples, "system", WARM_UP)
    then, end = samples[WARM_UP - 1][1], samples[-1][1]
    record.tell(
        f"memory of all workers {then:,} kB, at the end {end:,} kB: {found.mean:+.2f} ± {found.uncertainty:.2f} bytes "
        "a request"
    )
    record.expect(found.is_flat, f"memory grows by more than {BAR:g} byte a request")


def _judge_leftovers(service: Service, record: Record) -> None:
    left = sorted(path.name for path in service.temporary.iterdir())
    record.expect(not left, f"temporary files are left: {left[:5]}")


SCENARIOS = (
    Scenario(
        "every feature",
        "Every kind of request is answered rightly, for as long as it takes, and what the workers hold does not grow.",
        mixed,
    ),
)
