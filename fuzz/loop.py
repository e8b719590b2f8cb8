"""One event loop for everything asynchronous that a run tries, with an end to waiting."""

from __future__ import annotations

import asyncio
import atexit
import functools
import typing as t

R = t.TypeVar("R")

PATIENCE = 20  # seconds; whatever waits here waits for nothing but this process


@functools.cache
def _runner() -> asyncio.Runner:
    runner = asyncio.Runner()
    atexit.register(runner.close)
    return runner


def run(steps: t.Coroutine[t.Any, t.Any, R]) -> R:
    """What a coroutine returns. Raises `TimeoutError` where it would wait without end."""
    return _runner().run(asyncio.wait_for(steps, PATIENCE))
