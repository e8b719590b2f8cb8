"""Async functions from synchronous code: one event loop per process, run by its callers or by a thread of its own.

Never a loop per request: a connection pool that one request opened serves the next. Nothing here knows apps or
requests; context variables go with the call to the loop and, changed, come back.

A caller who waits runs the loop itself, in its own thread, as long as nothing is on the loop but the coroutines of
callers: two switches of threads are most of what a short coroutine would cost. As soon as a coroutine leaves anything
behind (a timer, a connection, a callback), or a thread gives the loop something while nobody runs it, the loop gets a
thread for good, and callers hand their coroutines over; so it does where greenlets are about (SQLAlchemy's are, in
asynchronous code), which go on only in the thread that they began in. What is on the loop never waits for a request.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import sys
import threading
import typing as t
from asyncio import Handle, Task, _get_running_loop, _set_running_loop
from contextlib import suppress

from .._contracts import stock

P = t.ParamSpec("P")
R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")

_SECONDS_TO_WIND_UP = 5
_OF_ONE_THREAD = "greenlet"  # the module, without which there are none


class _LentLoop(asyncio.SelectorEventLoop):
    """An event loop that nobody need run while it is idle; `woken` is called after a thread gave it something to do.

    The private names of asyncio that are read here: `_ready`, `_scheduled`, `_timer_cancelled_count`, `_selector`,
    `_signal_handlers`, and those that running a loop consists of: `_thread_id`, `_stopping`, `_debug`, `_closed`,
    `_task_factory`, `_asyncgen_firstiter_hook`, `_asyncgen_finalizer_hook` and `_cancelled` and `_run` of a handle.
    """

    def __init__(self, woken: t.Callable[[], object]) -> None:
        super().__init__()
        self._woken = woken
        own: t.Any = self
        files = own._selector.get_map()
        self._files: t.Sized = getattr(own._selector, "_fd_to_key", files)  # PERF: its length takes no call
        self._own_files = len(files)

    def is_idle(self) -> bool:
        """Whether nothing can happen here unless a thread calls: no callback, timer, file or signal is waited for."""
        own: t.Any = self
        return not (
            own._ready
            or len(own._scheduled) > own._timer_cancelled_count
            or len(self._files) > self._own_files
            or own._signal_handlers
        )

    def begin(self, call: _Call[t.Any], context: contextvars.Context, runner: int) -> None:
        """Make the task of a call and take its first steps, as running the loop would, but that no file is looked at.

        PERF: `run_forever` asks the system for files twice and makes twenty calls for a coroutine that waits once.
        """
        own: t.Any = self
        if own._debug or own._closed or own._task_factory is not None:
            call.task = self.create_task(call.run(), context=context)
            return
        hooks = sys.get_asyncgen_hooks()
        try:
            own._thread_id = runner
            sys.set_asyncgen_hooks(own._asyncgen_firstiter_hook, own._asyncgen_finalizer_hook)
            _set_running_loop(self)
            if _CAN_BEGIN_AT_ONCE:
                call.task = _task(call.run(), loop=self, context=context, eager_start=True)
            else:
                call.task = self.create_task(call.run(), context=context)
            ready = own._ready
            steps = 0
            while ready and not call.ended and steps < _FIRST_STEPS:
                steps += 1
                handle = ready.popleft()
                if not handle._cancelled:
                    handle._run()
        finally:
            own._stopping = False
            own._thread_id = None
            _set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)

    def call_soon(
        self,
        callback: t.Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> Handle:
        own: t.Any = self
        if own._debug or own._closed:
            return super().call_soon(callback, *args, context=context)
        handle = Handle(callback, args, self, context)  # PERF: what that comes to, without two calls of its own
        own._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self,
        callback: t.Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        self._woken()
        return handle

    def __del__(self) -> None:
        """Nothing: a forked child has a copy, and to close that would take the files from the parent's selector."""


_task: t.Any = Task  # which before 3.12 knows no `eager_start`
_CAN_BEGIN_AT_ONCE = sys.version_info >= (3, 12)
_FIRST_STEPS = 8  # then files and timers have their turn


class _SharedLoop:
    """The event loop of the process, and who runs it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread: threading.Thread | None = None
        self.runner: int | None = None  # the thread or greenlet that runs the loop
        self.running = threading.Lock()  # held by whoever runs the loop
        self._stopping = False
        self._lock = threading.Lock()  # of what follows, and of `thread`
        self._is_settled = False  # whether the loop's own thread runs it
        self._awaiting: list[tuple[t.Callable[..., object], tuple[t.Any, ...]]] = []
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
        if self.thread is not None:
            return
        with self._lock:
            is_free = self.thread is None  # asked again: another thread may have been here
            if is_free and not self._stopping and self.running.acquire(blocking=False):
                try:
                    self._start_thread(self._run)
                except BaseException:
                    self.running.release()
                    raise

    def soon(self, func: t.Callable[[*Ts], object], *args: *Ts) -> None:
        """Call a function in the loop's own thread, which the loop gets for good: for what must not change threads."""
        with self._lock:
            if not self._is_settled:
                self._awaiting.append((func, args))
                if self.thread is None:
                    self._start_thread(self._take)
                return
        self.loop.call_soon_threadsafe(func, *args)

    def _start_thread(self, target: t.Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name="flask-loop", daemon=True)
        thread.start()
        self.thread = thread

    def _take(self) -> None:
        """Take the loop over from whoever runs it, when he is done."""
        self.running.acquire()
        self._run()

    def _run(self) -> None:
        self.runner = threading.get_ident()
        asyncio.set_event_loop(self.loop)
        self._settle()
        while True:
            # An exit of a task stays with it, for whoever awaits it: the loop is everybody's.
            with suppress(KeyboardInterrupt, SystemExit):
                self.loop.run_forever()
            if self._stopping:
                return

    def _settle(self) -> None:
        with self._lock:
            self._is_settled = True
            for func, args in self._awaiting:
                self.loop.call_soon(func, *args)
            self._awaiting.clear()

    def lead(self, call: _Call[t.Any], context: contextvars.Context) -> None:
        """Run the loop until a coroutine has ended. `running` was acquired, and is released here."""
        loop: t.Any = self.loop
        try:
            self.runner = runner = threading.get_ident()
            loop.begin(call, context, runner)
            if not call.ended:
                call.tell = loop.stop
                while not call.ended:  # others may stop the loop too
                    loop.run_forever()
            if not self._is_idle():
                # What the end itself leaves behind, as a connection that was closed, takes one round more.
                loop.stop()
                loop.run_forever()
        finally:
            if not call.ended:  # the caller was interrupted
                call.give_up()
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
        call.tell = waiting.release

        def begin() -> None:
            call.task = loop.create_task(call.run(), context=context)

        if _OF_ONE_THREAD in sys.modules:
            call.parking = _parking
            self.soon(begin)
        else:
            loop.call_soon_threadsafe(begin, context=context)
        try:
            waiting.acquire()
        except BaseException:  # the caller was interrupted
            loop.call_soon_threadsafe(call.give_up)
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
        trial: _Call[None] = _Call(asyncio.sleep, (0,), {})
        lent.begin(trial, contextvars.copy_context(), threading.get_ident())
        if trial.task is not None and not trial.ended:  # asyncio's debug mode
            lent.run_until_complete(trial.task)
        if trial.ended and trial.error is None and lent.is_idle():
            return lent
    except AttributeError:
        pass
    if lent is not None:
        lent.close()
    return None


class _Call(t.Generic[R]):
    """One call of a coroutine function and what came of it."""

    # PERF: no slots; an object with nothing but inline values is made in two thirds of the time.

    def __init__(
        self, func: t.Callable[..., t.Coroutine[t.Any, t.Any, R]], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
    ) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.result: t.Any = None
        self.error: BaseException | None = None
        self.ended = False
        self.tell: t.Callable[[], object] | None = None
        self.parking: _Parking | None = None
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """The coroutine of the task; never fails."""
        try:
            steps = self.func(*self.args, **self.kwargs)
            self.result = await (steps if self.parking is None else self.parking(steps))
        except BaseException as e:  # noqa: BLE001 - whatever it is, the caller gets it; here it would end the loop
            self.error = e
        finally:
            self.ended = True
            if self.tell is not None:
                self.tell()

    def give_up(self) -> None:
        """Cancel the task. Nobody waits for it any more, and the loop itself has only weak references."""
        if self.task is not None and self.task.cancel():
            _tasks.add(self.task)
            self.task.add_done_callback(_tasks.discard)


_tasks: set[asyncio.Task[None]] = set()

_FindWaiter = t.Callable[[], t.Any]
_Parking = t.Callable[[t.Any], t.Coroutine[t.Any, t.Any, t.Any]]
_find_waiter: _FindWaiter | None = None
_parking: _Parking | None = None


def give_way(find_waiter: _FindWaiter, parking: _Parking) -> None:
    """From now on ask first who waits for a coroutine, by `wait`: the task that serves the caller, or one of ours.

    Ours await by `parking`, where they stay in one thread, so that there is one for plain code that a coroutine calls.
    """
    global _find_waiter, _parking
    _find_waiter, _parking = find_waiter, parking


_lock = threading.Lock()
_running: _SharedLoop | None = None


def _shared_loop() -> _SharedLoop:
    global _running
    with _lock:
        if _running is None:
            # In a context of its own: what a loop waits with for ever must not keep the first request alive.
            _running = contextvars.Context().run(_SharedLoop)
            atexit.register(_running.stop)
        return _running


def start() -> asyncio.AbstractEventLoop:
    """The process's loop, made if it is not there yet. What is registered with `atexit` now, runs before its end."""
    return (_running or _shared_loop()).loop


def soon(func: t.Callable[[*Ts], object], *args: *Ts) -> None:
    """Call a function on the process's loop, in the thread that runs it from now on until the process exits."""
    (_running or _shared_loop()).soon(func, *args)


def settle() -> None:
    """Have the process's loop run by one thread from now on, and wait until it is so."""
    settled = threading.Event()
    soon(settled.set)
    settled.wait()


def is_own(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a loop is the process's, rather than a server's."""
    return _running is not None and _running.loop is loop


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
        waiter = None if _find_waiter is None else _find_waiter()
        if waiter is not None:
            return waiter.wait(func(*args, **kwargs))  # type: ignore[no-any-return]
        if _get_running_loop() is not None and _would_block():
            raise RuntimeError(
                f"{_name_of(func)!r} is async and was called from synchronous code inside a running event loop, which"
                " waiting for it would block. Await it there, or run the synchronous code in a thread."
            )
        context = contextvars.copy_context()
        shared = _running or _shared_loop()
        made: t.Any = _Call(func, args, kwargs)
        try:
            # PERF: by its name it takes twice as long
            if shared.thread is None and _OF_ONE_THREAD not in sys.modules and shared.running.acquire(False):
                shared.lead(made, context)
            else:
                shared.hand_over(made, context)
        finally:
            _take_over(context)
        if made.error is not None:
            error, made.error = made.error, None
            try:
                raise error
            finally:
                del error  # no cycle of the exception, its traceback and these frames
        return made.result  # type: ignore[no-any-return]

    return call


def _is_here() -> bool:
    """Whether the caller runs on the process's loop."""
    return _running is not None and _get_running_loop() is _running.loop


stock.calls_are_tasks = _is_here


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
