"""A request's synchronous code on a server's event loop: where it has to wait it parks, and the request's task waits.

The code runs in a fiber, a greenlet whose context variables are the task's own. A coroutine that it waits for is driven
within the fiber; what that waits for in turn is handed to the task, and what comes of it goes back. So the lifecycle is
told once, as plain calls, for servers of every kind. Nothing here knows apps, requests or protocols, and nothing here
may block a loop's thread.
"""

from __future__ import annotations

import asyncio
import threading
import types
import typing as t
from asyncio import current_task
from collections import deque
from inspect import iscoroutine

from greenlet import getcurrent, greenlet

R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")


class Fiber(greenlet):
    """Where synchronous code runs that may wait for the task that serves it; its parent is what resumes it.

    PERF: a fiber runs one function after the other. A new greenlet's stack is fetched from the system and given back,
    which takes 9 µs; to switch takes half of one.
    """

    def __init__(self, on_loop: bool) -> None:
        super().__init__(self._work)
        self.on_loop = on_loop  # whether it runs on the thread of an event loop, which it must not block
        self.task: asyncio.Task[t.Any] | None = None  # that it is part of there
        self._result: t.Any = None
        self._error: BaseException | None = None

    def _work(self) -> None:
        """Run functions. What came of each stands here until the task takes it: an idle fiber holds nothing."""
        while True:
            func, args = self.parent.switch(None)  # type: ignore[union-attr]
            try:
                self._result = func(*args)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the task's
                self._error = error
            func = args = None

    def outcome(self) -> t.Any:
        """Return or raise what the function did, and have the fiber ready for the next."""
        result, error = self._result, self._error
        self._result = self._error = self.gr_context = self.task = None
        idle = _here.idle
        if len(idle) < _MOST_IDLE:
            idle.append(self)
        else:
            self.throw()  # else it would stay for good: its stack holds it, and no collector looks through stacks
        if error is None:
            return result
        try:
            raise error
        finally:
            del error  # no cycle of the exception, its traceback and this frame


class _OfThread(threading.local):
    """The fibers of a thread that have nothing to do."""

    def __init__(self) -> None:
        self.idle: list[Fiber] = []


_here = _OfThread()
_MOST_IDLE = 256


def _fiber(on_loop: bool) -> Fiber:
    """A fiber of this thread, whose parent is the caller, with the caller's context variables."""
    idle = _here.idle
    caller = getcurrent()
    if idle:
        fiber = idle.pop()
        fiber.parent = caller
        fiber.on_loop = on_loop
    else:
        fiber = Fiber(on_loop)
        fiber.switch()
    fiber.gr_context = caller.gr_context
    return fiber


def current_fiber() -> Fiber | None:
    """The fiber that the caller runs in, also if it has made greenlets of its own there.

    None in a task that was started from one eagerly, and so takes its first steps there: it cannot park, for its
    parent would be parked.
    """
    found: greenlet | None = getcurrent()
    while found is not None and not isinstance(found, Fiber):
        found = found.parent
    if found is not None and found.on_loop and found.task is not current_task():
        return None
    return found


def wait_for(awaitable: t.Awaitable[R]) -> R:
    """Park the fiber in which the caller runs until something was awaited on the event loop; the result.

    Raises `RuntimeError` outside of a fiber.
    """
    fiber = current_fiber()
    if fiber is None or fiber.parent is None:
        raise RuntimeError("This waits for an event loop's task, and was called by code that no such task serves.")
    park = fiber.parent.switch
    if not fiber.on_loop:
        result: R = park((getcurrent(), awaitable))
        return result
    steps: t.Any = awaitable if iscoroutine(awaitable) else _await(awaitable)
    try:
        wanted = steps.send(None)
        while True:
            try:
                got = park((getcurrent(), wanted))
            except BaseException as error:  # noqa: BLE001 - a cancellation too is the coroutine's to hear of
                wanted = steps.throw(error)
            else:
                wanted = steps.send(got)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


async def _await(awaitable: t.Awaitable[R]) -> R:
    return await awaitable


def in_thread(threads: Threads | Stage, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
    """Call a function that may block: where it may not, in a thread, and meanwhile the fiber is parked."""
    fiber = current_fiber()
    if fiber is None or not fiber.on_loop:
        return func(*args)
    return wait_for(run_in_thread(threads, func, *args))


@types.coroutine
def run_on_loop(func: t.Callable[[*Ts], R], *args: *Ts) -> t.Generator[t.Any, t.Any, R]:
    """Run synchronous code that does not block in a fiber on this very loop; for the task that serves it to await."""
    fiber = _fiber(True)
    fiber.task = current_task()
    asked = fiber.switch(func, args)
    while asked is not None:
        waiter, wanted = asked
        try:
            got = yield wanted
        except BaseException as error:  # noqa: BLE001 - see wait_for
            asked = waiter.throw(type(error), error, error.__traceback__)
        else:
            asked = waiter.switch(got)
    return fiber.outcome()  # type: ignore[no-any-return]


async def run_in_thread(threads: Threads | Stage, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
    """Run synchronous code in a thread of the pool, in this task's own context, and await for it what it waits for.

    A thread cannot be interrupted: a cancellation is told to the code where it waits next, else raised when it is done.
    """
    errand = _Errand(asyncio.get_running_loop(), func, args)
    threads.put(errand)
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            awaitable = await errand.heard()
        except asyncio.CancelledError as error:
            cancelled = error
            continue
        if errand.ended:
            break
        try:
            if cancelled is not None:
                close = getattr(awaitable, "close", None)
                if close is not None:
                    close()  # a coroutine, which nobody will await
                raise cancelled
            # In a fiber, so that code which the coroutine calls may wait as well.
            errand.result = await (awaitable if current_fiber() else run_on_loop(wait_for, awaitable))
        except BaseException as error:  # noqa: BLE001 - see wait_for
            errand.error, cancelled = error, None
        errand.go_on()
    try:
        if errand.error is not None:
            raise errand.error
        if cancelled is not None:
            raise cancelled
        return errand.result  # type: ignore[no-any-return]
    finally:
        del errand, cancelled  # no cycles of the exception, its traceback and this frame


class _Errand:
    """Code on its way through a thread. Either the thread works and the loop waits to hear of it, or the reverse."""

    __slots__ = (
        "_awaitable",
        "_heard",
        "_loop",
        "_may_go_on",
        "args",
        "context",
        "ended",
        "error",
        "func",
        "is_here",
        "result",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, func: t.Callable[..., t.Any], args: tuple[t.Any, ...]) -> None:
        self._loop = loop
        self.func = func
        self.args = args
        self.context = getcurrent().gr_context
        self._may_go_on = threading.Lock()
        self._may_go_on.acquire()
        self._heard: asyncio.Future[None] = loop.create_future()
        self._awaitable: t.Any = None
        self.result: t.Any = None
        self.error: BaseException | None = None
        self.ended = False
        self.is_here = False

    async def heard(self) -> t.Any:
        """On the loop: what the thread wants to be awaited, unless it has ended."""
        # What counts is what it has said: `_hear` may come after that was found here, by who was cancelled meanwhile.
        while self._awaitable is None and not self.ended:
            self._heard = self._loop.create_future()
            await self._heard
        awaitable, self._awaitable = self._awaitable, None
        return awaitable

    def go_on(self) -> None:
        """On the loop: let the thread have the result or the error."""
        self._may_go_on.release()

    def _hear(self) -> None:
        if not self._heard.done():
            self._heard.set_result(None)

    def tell(self) -> None:
        """In the thread: have the loop look at what it wants, or at its end."""
        try:
            self._loop.call_soon_threadsafe(self._hear)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
            # The server has ended without waiting for this request: nobody is there to hear.
            close = getattr(self._awaitable, "close", None)
            if close is not None:
                close()
            self.error = self.error or asyncio.CancelledError("The event loop was closed.")
            self._may_go_on.release()

    def run(self) -> None:
        """In the thread: all of it, but for telling its end."""
        try:
            fiber = _fiber(False)
            fiber.gr_context = self.context
            asked = fiber.switch(self.func, self.args)
            while asked is not None:
                waiter, self._awaitable = asked
                if self.is_here:
                    self.error = RuntimeError("No thread can be started any more, and the event loop's cannot wait.")
                else:
                    self.tell()
                    self._may_go_on.acquire()
                error, self.error = self.error, None
                result, self.result = self.result, None
                asked = (
                    waiter.switch(result) if error is None else waiter.throw(type(error), error, error.__traceback__)
                )
            self.result = fiber.outcome()
        except BaseException as error:  # noqa: BLE001 - it is the task's
            self.error = error
        self.ended = True

    def run_here(self) -> None:
        """On the loop, which it holds up: all of it."""
        self.is_here = True
        self.run()


class Threads:
    """Threads that do errands, as many as are needed at a time up to a number; they end with the process.

    What has begun goes before what has not, and finds some threads more: all others may wait for what it holds, as for
    a connection of a pool.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        #: Where to put errands of what begins, of what has begun, and of what only has to let go.
        self.stages = tuple(Stage(self, most + number * _RESERVED) for number in range(3))
        self._lock = threading.Lock()
        self._count = 0
        self._busy = 0
        self._idle: list[_Worker] = []

    def put(self, errand: _Errand) -> None:
        """Have an errand done of what begins."""
        self.stages[0].put(errand)

    def _start(self, errand: _Errand, stage: Stage) -> None:
        """Have it done by the thread that was idle last, or a new one, or the first that will be."""
        with self._lock:
            if self._busy >= stage.most:
                stage.waiting.append(errand)
                return
            self._busy += 1
            if self._idle:
                worker: _Worker | None = self._idle.pop()
            else:
                try:
                    worker = _Worker(self, f"flask-{self._count + 1}")
                except RuntimeError:  # CPython 3.12 starts none while the process ends
                    self._busy -= 1
                    worker = None
                else:
                    self._count += 1
        if worker is None:
            errand.run_here()
            return
        worker.errand = errand
        worker.may_work.release()

    def next_for(self, worker: _Worker) -> _Errand | None:
        """What waits, of the last stage first and the longest; None where the worker is idle from now on."""
        with self._lock:
            for stage in reversed(self.stages):
                if stage.waiting and self._busy <= stage.most:
                    return stage.waiting.popleft()
            self._busy -= 1
            self._idle.append(worker)
            return None


class Stage:
    """Errands of one kind, and how many of all may be under way for one of these to start."""

    def __init__(self, threads: Threads, most: int) -> None:
        self.most = most
        self.waiting: deque[_Errand] = deque()
        self._threads = threads

    def put(self, errand: _Errand) -> None:
        """Have it done."""
        self._threads._start(errand, self)


_RESERVED = 4


class _Worker:
    """One thread."""

    def __init__(self, threads: Threads, name: str) -> None:
        self.errand: _Errand | None = None
        self.may_work = threading.Lock()
        self.may_work.acquire()
        threading.Thread(target=self._work, args=(threads,), name=name, daemon=True).start()

    def _work(self, threads: Threads) -> None:
        while True:
            self.may_work.acquire()
            errand, self.errand = self.errand, None
            while errand is not None:
                errand.run()
                # First, so that whoever hears of the end and has more to do finds the thread idle.
                following = threads.next_for(self)
                errand.tell()
                errand = following
