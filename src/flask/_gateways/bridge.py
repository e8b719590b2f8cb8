"""Async functions from synchronous code: one event loop per process in a thread of its own, made when first needed.

Never a loop per request: a connection pool that one request opened serves the next. Nothing here knows apps or
requests; context variables go with the call to the loop and, changed, come back.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextvars
import os
import threading
import typing as t
from contextlib import suppress

P = t.ParamSpec("P")
R = t.TypeVar("R")

# One list holds one thing: what the coroutine returned, or what it raised.
Outcome: t.TypeAlias = "concurrent.futures.Future[tuple[list[R], list[BaseException]]]"


class _LoopThread:
    """An event loop that runs in a daemon thread until the process exits."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.loop.call_soon(started.set)
        self.thread = threading.Thread(target=self._run, name="flask-loop", daemon=True)
        self.thread.start()
        started.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

    def stop(self) -> None:
        """Cancel what still runs, let asynchronous generators end, stop the loop and wait for its thread, up to 5 s."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.loop.create_task, self._wind_up())
            self.thread.join(5)

    async def _wind_up(self) -> None:
        try:
            own = asyncio.current_task()
            others = [task for task in asyncio.all_tasks() if task is not own]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self.loop.shutdown_asyncgens()
        finally:
            self.loop.stop()


_lock = threading.Lock()
_running: _LoopThread | None = None


def _loop_thread() -> _LoopThread:
    global _running
    if _running is None:
        with _lock:
            if _running is None:
                _running = _LoopThread()
                atexit.register(_running.stop)
    return _running


def _forget() -> None:
    """In a forked child the thread is gone and the selector is shared with the parent: begin anew when needed."""
    global _running, _lock
    if _running is not None:
        atexit.unregister(_running.stop)
    _running = None
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def run_on_loop(func: t.Callable[P, t.Coroutine[t.Any, t.Any, R]]) -> t.Callable[P, R]:
    """Wrap a coroutine function as a plain one that runs it on the process's loop and waits for its result.

    The coroutine sees the caller's context variables, and the caller those that it set. Raises `RuntimeError` when
    called on a thread whose own event loop is running, which waiting would block.
    """

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if _would_block():
            raise RuntimeError(
                f"{_name_of(func)!r} is async and was called from synchronous code inside a running event loop, which"
                " waiting for it would block. Await it there, or run the synchronous code in a thread."
            )
        context = contextvars.copy_context()
        done: Outcome[R] = concurrent.futures.Future()
        loop = _loop_thread().loop
        try:
            loop.call_soon_threadsafe(_start, loop, func, args, kwargs, context, done, context=context)
            results, errors = done.result()
        except BaseException:  # the caller was interrupted
            done.cancel()
            raise
        finally:
            _take_over(context)
        if errors:
            raise errors.pop()  # taken out: no cycle of the exception, its traceback and these frames
        return results.pop()

    return call


def _would_block() -> bool:
    """Whether an event loop runs on the calling thread."""
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return False
    # gevent's threads are greenlets of one system thread, and asyncio calls our loop the running one in all of them.
    ours = _running
    return ours is None or running is not ours.loop or threading.get_ident() == ours.thread.ident


def _start(
    loop: asyncio.AbstractEventLoop,
    func: t.Callable[..., t.Coroutine[t.Any, t.Any, R]],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
    context: contextvars.Context,
    done: Outcome[R],
) -> None:
    """On the loop: run the coroutine as a task in the caller's context; its outcome goes to `done`."""

    async def outcome() -> None:
        results: list[R] = []
        errors: list[BaseException] = []
        try:
            results.append(await func(*args, **kwargs))
        except BaseException as e:  # noqa: BLE001 - whatever it is, the caller gets it; here it would end the loop
            errors.append(e)
        with suppress(concurrent.futures.InvalidStateError):  # a caller who was interrupted no longer asks
            done.set_result((results, errors))

    task = loop.create_task(outcome(), context=context)
    _tasks.add(task)  # the loop itself keeps only weak references
    task.add_done_callback(_tasks.discard)
    done.add_done_callback(lambda future: future.cancelled() and loop.call_soon_threadsafe(task.cancel))


_tasks: set[asyncio.Task[None]] = set()


def _take_over(context: contextvars.Context) -> None:
    """Set in the caller's context what the coroutine set in its copy."""
    for variable, value in context.items():
        if variable.get(_unset) is not value:
            variable.set(value)


_unset: t.Any = object()


def _name_of(func: t.Callable[..., t.Any]) -> str:
    return getattr(func, "__qualname__", repr(func))
