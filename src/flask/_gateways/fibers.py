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

from greenlet import getcurrent, greenlet

from .threads import Stage, Threads

R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")


class Fiber(greenlet):
    """Where synchronous code runs that may wait for the task that serves it; its parent is what resumes it.

    PERF: a fiber runs one function after the other. A new greenlet's stack is fetched from the system and given back,
    which takes 9 µs; to switch takes half of one. Slots, since a greenlet's dictionary is looked into the slow way.
    """

    __slots__ = ("_error", "_home", "_result", "asked", "on_loop", "task")

    def __init__(self, on_loop: bool, home: list[Fiber]) -> None:
        super().__init__(self._work)
        self._home = home  # where the idle fibers of its thread are
        self.on_loop = on_loop  # whether it runs on the thread of an event loop, which it must not block
        self.task: asyncio.Task[t.Any] | None = None  # that it is part of there
        self.asked: t.Any = None  # what it waits for, and who waits there; None when it is done
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

    def wait(self, awaitable: t.Awaitable[t.Any]) -> t.Any:
        """What `wait_for` does, for code that runs in this fiber."""
        if not self.on_loop:
            return self.parent.switch((getcurrent(), awaitable))  # type: ignore[union-attr]
        steps: t.Any = awaitable if type(awaitable) is types.CoroutineType else _await(awaitable)
        try:
            wanted = steps.send(None)
            while True:
                try:
                    got = self.parent.switch((getcurrent(), wanted))  # type: ignore[union-attr]
                except BaseException as error:  # noqa: BLE001 - a cancellation too is the coroutine's to hear of
                    wanted = steps.throw(error)
                else:
                    wanted = steps.send(got)
        except StopIteration as end:
            return end.value

    def outcome(self) -> t.Any:
        """Return or raise what the function did, and have the fiber ready for the next."""
        result, error = self._result, self._error
        self._result = self._error = self.gr_context = self.task = None
        home = self._home
        if len(home) < _MOST_IDLE:
            home.append(self)
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
        fiber = Fiber(on_loop, idle)
        fiber.switch()
    fiber.gr_context = caller.gr_context
    return fiber


def current_fiber() -> Fiber | None:
    """The fiber that the caller runs in, also if it has made greenlets of its own there.

    None in a task that was started from one eagerly, and so takes its first steps there: it cannot park, for its
    parent would be parked.
    """
    found: greenlet | None = getcurrent()
    while type(found) is not Fiber:
        if found is None:
            return None
        found = found.parent
    return None if found.on_loop and found.task is not current_task() else found


def wait_for(awaitable: t.Awaitable[R]) -> R:
    """Park the fiber in which the caller runs until something was awaited on the event loop; the result.

    Raises `RuntimeError` outside of a fiber.
    """
    fiber = current_fiber()
    if fiber is None:
        raise RuntimeError("This waits for an event loop's task, and was called by code that no such task serves.")
    result: R = fiber.wait(awaitable)
    return result


async def _await(awaitable: t.Awaitable[R]) -> R:
    return await awaitable


def in_thread(threads: Threads | Stage, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
    """Call a function that may block: where it may not, in a thread, and meanwhile the fiber is parked."""
    fiber = current_fiber()
    if fiber is None or not fiber.on_loop:
        return func(*args)
    return wait_for(run_in_thread(threads, func, *args))


def start(func: t.Callable[..., t.Any], *args: t.Any) -> Fiber:
    """Run synchronous code that does not block in a fiber on this very loop, until it waits or is done.

    Where it has `asked` for something, the task that serves it is to await `go_on`, else to take its `outcome`.
    """
    fiber = _fiber(True)
    fiber.task = current_task()
    fiber.asked = fiber.switch(func, args)
    return fiber


@types.coroutine
def go_on(fiber: Fiber) -> t.Generator[t.Any, t.Any, t.Any]:
    """Await, in the task that serves a fiber, whatever its code waits for; what the code returns in the end."""
    while fiber.asked is not None:
        waiter, wanted = fiber.asked
        fiber.asked = None
        try:
            got = yield wanted
        except BaseException as error:  # noqa: BLE001 - see Fiber.wait
            fiber.asked = waiter.throw(type(error), error, error.__traceback__)
        else:
            fiber.asked = waiter.switch(got)
    return fiber.outcome()


async def run_on_loop(func: t.Callable[[*Ts], R], *args: *Ts) -> R:
    """Run synchronous code that does not block in a fiber on this very loop."""
    result: R = await go_on(start(func, *args))
    return result


async def parking(awaitable: t.Awaitable[R]) -> R:
    """Await something in a fiber, so that code which it calls may wait as well."""
    return await (awaitable if current_fiber() else run_on_loop(wait_for, awaitable))


async def run_in_thread(threads: Threads | Stage, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
    """Run synchronous code in a thread of the pool, in this task's own context, and await for it what it waits for.

    What still waits for a thread when it is cancelled is not run. A thread cannot be interrupted: a cancellation is
    told to the code where it waits next, else raised when it is done.
    """
    errand = _Errand(asyncio.get_running_loop(), func, args)
    threads.put(errand)
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            awaitable = await errand.heard()
        except asyncio.CancelledError as told:
            if threads.give_up(errand):
                raise
            cancelled = told
            continue
        if errand.ended:
            break
        try:
            if cancelled is not None:
                close = getattr(awaitable, "close", None)
                if close is not None:
                    close()  # a coroutine, which nobody will await
                raise cancelled
            errand.result = await parking(awaitable)
        except BaseException as raised:  # noqa: BLE001 - see Fiber.wait
            errand.error, cancelled = raised, None
        errand.go_on()
    result, error = errand.result, errand.error or cancelled
    try:
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]
    finally:
        # No cycle of the exception, its traceback and the frames there: one is the errand's own, another this.
        errand.error = error = cancelled = None


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
