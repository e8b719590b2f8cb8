"""Async functions from synchronous code: one event loop per process, run by its callers or by a thread of its own.

Never a loop per request: a connection pool that one request opened serves the next. Nothing here knows apps or
requests; context variables go with the call to the loop and, changed, come back.

A caller who waits runs the loop itself, in its own thread, as long as nothing is on the loop but the coroutines of
callers: two switches of threads are most of what a short coroutine would cost. As soon as a coroutine leaves anything
behind (a timer, a connection, a callback), or a thread gives the loop something while nobody runs it, the loop gets a
thread for good, and callers hand their coroutines over. What is on the loop never waits for a request to come.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import threading
import typing as t
from asyncio import _get_running_loop
from contextlib import suppress

P = t.ParamSpec("P")
R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")

_SECONDS_TO_WIND_UP = 5


class _LentLoop(asyncio.SelectorEventLoop):
    """An event loop that nobody need run while it is idle; `woken` is called after a thread gave it something to do.

    The private names of asyncio that are read here: `_ready`, `_scheduled`, `_timer_cancelled_count`, `_selector` and
    `_signal_handlers`.
    """

    def __init__(self, woken: t.Callable[[], object]) -> None:
        super().__init__()
        self._woken = woken
        self._own_files: int = len(t.cast(t.Any, self)._selector.get_map())

    def is_idle(self) -> bool:
        """Whether nothing can happen here unless a thread calls: no callback, timer, file or signal is waited for."""
        own: t.Any = self
        return not (
            own._ready
            or len(own._scheduled) > own._timer_cancelled_count
            or len(own._selector.get_map()) > self._own_files
            or own._signal_handlers
        )

    def call_soon_threadsafe(
        self,
        callback: t.Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        self._woken()
        return handle

    def __del__(self) -> None:
        """Nothing: a forked child has a copy, and to close that would take the files from the parent's selector."""


class _SharedLoop:
    """The event loop of the process, and who runs it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread: threading.Thread | None = None
        self.runner: int | None = None  # the thread or greenlet that runs the loop
        self.running = threading.Lock()  # held by whoever runs the loop
        self._stopping = False
        self._is_idle: t.Callable[[], bool]
        lent = _lent_instead_of(self.loop, self.keep_running)
        if lent is None:
            self._is_idle = lambda: False
            self.keep_running()
        else:
            self.loop.close()
            self.loop = lent
            self._is_idle = lent.is_idle

    def keep_running(self) -> None:
        """Give the loop a daemon thread of its own, until the process exits, unless it is being run."""
        if not self._stopping and self.running.acquire(blocking=False):
            try:
                self.thread = threading.Thread(target=self._run, name="flask-loop", daemon=True)
                self.thread.start()
            except BaseException:
                self.running.release()
                raise

    def _run(self) -> None:
        self.runner = threading.get_ident()
        asyncio.set_event_loop(self.loop)
        while not self._stopping:
            # An exit of a task stays with it, for whoever awaits it: the loop is everybody's.
            with suppress(KeyboardInterrupt, SystemExit):
                self.loop.run_forever()

    def lead(self, call: _Call[t.Any], context: contextvars.Context) -> None:
        """Run the loop until a coroutine has ended. `running` was acquired, and is released here."""
        loop = self.loop
        task = None
        try:
            self.runner = threading.get_ident()
            task = loop.create_task(call.run(loop.stop), context=context)
            while not call.ended:  # others may stop the loop too
                loop.run_forever()
            if not self._is_idle():
                # What the end itself leaves behind, as a connection that was closed, takes one round more.
                loop.stop()
                loop.run_forever()
        finally:
            if task is not None and not call.ended:  # the caller was interrupted
                task.cancel()
            self.runner = None
            self.running.release()
            # Only now: what came before the release is seen here, what comes after it finds that nobody runs the loop.
            if not self._is_idle():
                self.keep_running()

    def hand_over(self, call: _Call[t.Any], context: contextvars.Context) -> None:
        """Wait for a coroutine on the loop, which is run by another thread."""
        loop = self.loop
        waiting = threading.Lock()
        waiting.acquire()
        tasks: list[asyncio.Task[None]] = []
        loop.call_soon_threadsafe(
            lambda: tasks.append(loop.create_task(call.run(waiting.release), context=context)), context=context
        )
        try:
            waiting.acquire()
        except BaseException:  # the caller was interrupted
            loop.call_soon_threadsafe(lambda: tasks[0].cancel())
            raise

    def stop(self) -> None:
        """Cancel what still runs, let asynchronous generators end, and close the loop: all within some seconds."""
        if self.loop.is_closed():
            return
        self._stopping = True
        if self.thread is not None:
            self.loop.call_soon_threadsafe(self.loop.create_task, self._wind_up())
            self.thread.join(_SECONDS_TO_WIND_UP)
            if not self.thread.is_alive():
                self.loop.close()  # here: only the main thread may give signals back
            return
        if not self.running.acquire(blocking=False):
            self.loop.call_soon_threadsafe(self._cancel_all)  # then the caller who runs it is done soon
            if not self.running.acquire(timeout=_SECONDS_TO_WIND_UP):
                return
        self.loop.run_until_complete(self._wind_up())
        self.loop.close()

    def _cancel_all(self) -> list[asyncio.Task[t.Any]]:
        """Cancel every task but the one that asks."""
        own = asyncio.current_task(self.loop)
        others = [task for task in asyncio.all_tasks(self.loop) if task is not own]
        for task in others:
            task.cancel()
        return others

    async def _wind_up(self) -> None:
        try:
            others = self._cancel_all()
            await asyncio.wait([asyncio.gather(*others, return_exceptions=True)], timeout=_SECONDS_TO_WIND_UP)
            await self.loop.shutdown_asyncgens()
        finally:
            self.loop.stop()


def _lent_instead_of(loop: asyncio.AbstractEventLoop, woken: t.Callable[[], object]) -> _LentLoop | None:
    """A loop that callers may run; None where the program asked for one of another kind, or asyncio has changed."""
    if type(loop) is not asyncio.SelectorEventLoop:
        return None
    lent = None
    try:
        lent = _LentLoop(woken)
        if lent.is_idle():
            return lent
    except AttributeError:
        pass
    if lent is not None:
        lent.close()
    return None


class _Call(t.Generic[R]):
    """One call of a coroutine function and what came of it."""

    # One list holds one thing: what the coroutine returned, or what it raised.
    __slots__ = ("args", "ended", "errors", "func", "kwargs", "results")

    def __init__(
        self, func: t.Callable[..., t.Coroutine[t.Any, t.Any, R]], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
    ) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.results: list[R] = []
        self.errors: list[BaseException] = []
        self.ended = False

    async def run(self, tell: t.Callable[[], object]) -> None:
        """The coroutine of the task; never fails."""
        task = asyncio.current_task()
        _tasks.add(task)  # the loop itself keeps only weak references
        try:
            self.results.append(await self.func(*self.args, **self.kwargs))
        except BaseException as e:  # noqa: BLE001 - whatever it is, the caller gets it; here it would end the loop
            self.errors.append(e)
        finally:
            self.ended = True
            _tasks.discard(task)
            tell()


_tasks: set[t.Any] = set()

_lock = threading.Lock()
_running: _SharedLoop | None = None


def _shared_loop() -> _SharedLoop:
    global _running
    with _lock:
        if _running is None:
            _running = _SharedLoop()
            atexit.register(_running.stop)
        return _running


def _forget() -> None:
    """In a forked child the thread is gone and the selector is shared with the parent: begin anew when needed."""
    global _running, _lock
    if _running is not None:
        atexit.unregister(_running.stop)
        # What waits on the copy is the parent's to end.
        _running.loop.set_exception_handler(lambda loop, context: None)
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
        shared = _running or _shared_loop()
        made: _Call[R] = _Call(func, args, kwargs)
        try:
            if shared.running.acquire(blocking=False):
                shared.lead(made, context)
            else:
                shared.hand_over(made, context)
        finally:
            _take_over(context)
        if made.errors:
            raise made.errors.pop()  # taken out: no cycle of the exception, its traceback and these frames
        return made.results.pop()

    return call


def _would_block() -> bool:
    """Whether an event loop runs on the calling thread."""
    running = _get_running_loop()
    if running is None:
        return False
    # gevent's threads are greenlets of one system thread, and asyncio calls our loop the running one in all of them.
    ours = _running
    return ours is None or running is not ours.loop or threading.get_ident() == ours.runner


def _take_over(context: contextvars.Context) -> None:
    """Set in the caller's context what the coroutine set in its copy."""
    for variable, value in context.items():
        if variable.get(_unset) is not value:
            variable.set(value)


_unset: t.Any = object()


def _name_of(func: t.Callable[..., t.Any]) -> str:
    return getattr(func, "__qualname__", repr(func))
