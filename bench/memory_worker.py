"""Mixed requests in one process, and what it holds after each stretch of them; prints JSON. It judges nothing.

python -m bench.memory_worker REQUESTS STRETCHES own|common plain|traced
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
import typing as t

from bench import machine
from bench.memory_app import Mixed

GROWN = 6  # lines of code that are told


def measure(requests: int, stretches: int, own: bool, traced: bool) -> dict[str, t.Any]:
    """What was held after each stretch: kilobytes, Python's blocks, and, if traced, the bytes that Python asked for."""
    mixed = Mixed(own)
    try:
        each = requests // stretches
        samples: list[tuple[int, int, int, int]] = []
        half: tracemalloc.Snapshot | None = None
        if traced:
            tracemalloc.start()
        for stretch in range(stretches):
            mixed.run(stretch * each, each)
            gc.collect()
            held = tracemalloc.get_traced_memory()[0] if traced else 0
            samples.append(((stretch + 1) * each, machine.resident(), sys.getallocatedblocks(), held))
            if traced and stretch + 1 == (stretches + 1) // 2:
                half = tracemalloc.take_snapshot()
        grown = _grown(half) if half is not None else []
        tracemalloc.stop()
        return {"samples": samples, "statuses": mixed.statuses, "kinds": mixed.kinds, "grown": grown}
    finally:
        mixed.close()


def _grown(before: tracemalloc.Snapshot) -> list[tuple[str, int]]:
    """The lines whose allocations have grown most, in bytes, without those of this measurement."""
    now = tracemalloc.take_snapshot()
    hidden = [tracemalloc.Filter(False, pattern) for pattern in (tracemalloc.__file__, __file__, "<unknown>")]
    differences = now.filter_traces(hidden).compare_to(before.filter_traces(hidden), "lineno")
    found = [(str(difference.traceback[0]), difference.size_diff) for difference in differences[:GROWN]]
    return [(place, size) for place, size in found if size > 0]


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "own", sys.argv[4] == "traced")))
