"""When background tasks begin: after the response of the request that asked for them, or at once outside of one.

And how to wait until they are done. Nothing of them is run here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
import typing as t

from ..globals import _now
from . import bridge
from .fibers import current_fiber, wait_for
from .jobs import Job
from .serving import end_at_exit, serving_of, servings_of


def add(app: t.Any, func: t.Callable[..., object], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> None:
    """Have a function called after the response of the current request, or at once where there is none to wait for."""
    job = Job(app, func, args, kwargs)
    context = _now()._top_request_ctx
    holder = None if context is None else context._exchange or context
    if holder is None or holder._is_answered:
        begin_all([job], _loop_of_caller(app))
        return
    if holder._jobs is None:
        holder._jobs = []
        holder._is_followed = True
    holder._jobs.append(job)
    if holder._is_answered:  # by now, in another thread
        begin_all(holder._jobs, _loop_of_caller(app))


def begin_all(jobs: list[Job], loop: asyncio.AbstractEventLoop | None) -> None:
    """Have jobs done on a server's loop, or on the process's, and take them from the list."""
    while jobs:
        job = jobs.pop(0)
        serving = serving_of(job.app, loop)
        if loop is None:
            end_at_exit(serving)
        serving.jobs.begin(job)


def _loop_of_caller(app: t.Any) -> asyncio.AbstractEventLoop | None:
    """The loop that serves the caller; else the one that serves the app, if it is one; None for the process's."""
    if current_fiber() is not None:
        return _unless_shared(wait_for(_running()))
    try:
        return _unless_shared(asyncio.get_running_loop())
    except RuntimeError:
        loops = [serving.loop for serving in servings_of(app) if serving.loop is not None and serving.is_begun]
        return loops[0] if len(loops) == 1 else None


def _unless_shared(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop | None:
    return None if bridge.is_own(loop) else loop


async def _running() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def finish(app: t.Any, timeout: float | None) -> None:
    """From a thread: wait until all is done. Raises `TimeoutError`."""
    until = None if timeout is None else time.monotonic() + timeout
    while waiting := unfinished(app):
        left = None if until is None else max(until - time.monotonic(), 0)
        _, late = concurrent.futures.wait([job.done for job in waiting], left)
        if late:
            raise TimeoutError(_late(waiting))


async def finish_on_loop(app: t.Any, timeout: float | None) -> None:
    """The same for a task of an event loop."""
    async with asyncio.timeout(timeout):
        while waiting := unfinished(app):
            await asyncio.wait([asyncio.wrap_future(job.done) for job in waiting])


def unfinished(app: t.Any) -> list[Job]:
    """What was begun for an app, on whichever loop, and is not done."""
    return [job for serving in servings_of(app) for job in [*serving.jobs.unfinished]]


def _late(jobs: t.Iterable[Job]) -> str:
    names = sorted(str(job) for job in jobs if not job.done.done())
    return f"Background tasks are not done in time: {', '.join(names)}."
