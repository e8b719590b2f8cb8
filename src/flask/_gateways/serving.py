"""The time in which an event loop, or a WSGI process, serves an app: what runs once before it and once after it.

Told as synchronous code, as a request is: in a fiber where a server's loop serves, in a caller's thread under WSGI. No
request is served here.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import threading
import typing as t
import weakref

from ..globals import _nothing, _set
from . import bridge
from .fibers import run_in_thread
from .jobs import Jobs
from .served import serving_on
from .threads import Threads

Loop = asyncio.AbstractEventLoop

_SECONDS_TO_END = 2  # for WebSockets that are open at the end

# Whose startup the code belongs to: what that asks of the app itself does not wait for its end.
_own: contextvars.ContextVar[Serving | None] = contextvars.ContextVar("flask.serving", default=None)


class Serving:
    """One app on one event loop; None for the loop: under WSGI, on the process's own."""

    def __init__(self, app: t.Any, loop: Loop | None) -> None:
        self.app = app
        self.loop = loop
        self.jobs = Jobs(loop)
        self.is_begun = False
        self.within: weakref.WeakSet[t.Any] = weakref.WeakSet()  # apps that this one's middleware gives requests to
        self.lasting: weakref.WeakSet[t.Any] = weakref.WeakSet()  # WebSockets
        # All functions run in one context: what one sets, the later ones see; requests do not.
        self._variables = contextvars.copy_context()
        self._thread = Threads(1)  # not one of those for requests, all of which may wait for this
        self._lock = threading.Lock()
        self._task: asyncio.Task[None] | None = None
        self._kept: t.Any = None  # the app context of `while_serving`
        self._held: list[_Steps | _AsyncSteps] = []
        self._failures = 0
        self._tail: t.AsyncGenerator[None] | None = None

    # ---- under WSGI

    def begin(self) -> None:
        """Run what is to run before the first request, unless that was done; if another thread is at it, wait."""
        with self._lock:
            if self.is_begun:
                return
            self._variables = contextvars.copy_context()
            end_at_exit(self)
            self._variables.run(self._begin)
            self.is_begun = self.app._is_served = True

    def end(self, at_exit: bool = False) -> int:
        """Wait for the background tasks, run what is to run after the last request; how much of it failed."""
        with self._lock:
            if self.jobs.unfinished:
                bridge.run_on_loop(self.jobs.wind_up)(self.app)
            failures = 0
            if self.is_begun:
                self.is_begun = False
                self.app._is_served = at_exit  # what asks now, in the last moments, begins nothing anew
                failures = self._variables.run(self._end)
            _forget(self)
            return failures

    # ---- on a server's loop

    async def begin_on_loop(self) -> None:
        """The same as `begin`, for a task of the loop."""
        if self.is_begun or _own.get() is self:
            return
        if self._task is None:
            self._variables = contextvars.copy_context()
            # A task of its own, since a request that asked for it may be cancelled.
            self._task = asyncio.get_running_loop().create_task(self._begin_in_thread(), context=self._variables)
        await asyncio.shield(self._task)

    async def _begin_in_thread(self) -> None:
        try:
            if self.app._has_serving_functions():
                await run_in_thread(self._thread, self._begin)
            self.is_begun = True
        finally:
            self._task = None

    async def end_on_loop(self) -> int:
        """The same as `end`, for a task of the loop."""
        await self._end_lasting()
        if self.jobs.unfinished:
            await self.jobs.wind_up(self.app)
        failures = 0
        if self.is_begun:
            self.is_begun = False
            if self.app._has_serving_functions():
                ending = run_in_thread(self._thread, self._end)
                failures = await asyncio.get_running_loop().create_task(ending, context=self._variables)
        _forget(self)
        for app in [*self.within]:
            serving = serving_on(app, self.loop)
            if serving is not None:
                failures += await serving.end_on_loop()
        return failures

    async def _end_lasting(self) -> None:
        """End WebSockets that the server has left open, as Granian does: what they use ends now."""
        ends = [asyncio.ensure_future(socket.go_away()) for socket in [*self.lasting]]
        if ends:
            await asyncio.wait(ends, timeout=_SECONDS_TO_END)

    async def begin_for_request(self) -> None:
        """Begin where the server did not say when, which is at a request; end with the loop."""
        if self._tail is None:
            self._tail = self._until_the_loop_ends()
            await anext(self._tail)
            end_at_exit(self)  # should nobody end the loop itself
        await self.begin_on_loop()

    async def _until_the_loop_ends(self) -> t.AsyncGenerator[None]:
        # The last that `asyncio.run` and its like do with a loop is to close the generators that were begun on it.
        try:
            yield
        finally:
            await self.end_on_loop()

    # ---- both

    def _begin(self) -> None:
        app = self.app
        _set(_nothing)
        _own.set(self)
        try:
            if app.before_serving_funcs:
                with app.app_context():
                    for function in [*app.before_serving_funcs]:
                        app.ensure_sync(function)()
            if app.while_serving_gens:
                self._kept = app.app_context()
                self._kept.push()
                for function in [*app.while_serving_gens]:
                    steps = _steps_of(app, function)
                    steps.begin()
                    self._held.append(steps)
        except BaseException:
            self._let_go(complete=False)
            raise

    def _end(self) -> int:
        self._failures = 0
        if self.app.after_serving_funcs:
            self._attempt(self._run_after)
        self._let_go(complete=True)
        return self._failures

    def _run_after(self) -> None:
        app = self.app
        with app.app_context():
            for function in [*app.after_serving_funcs]:
                self._attempt(app.ensure_sync(function))

    def _let_go(self, complete: bool) -> None:
        """Leave what `while_serving` began, the last first."""
        while self._held:
            steps = self._held.pop()
            self._attempt(steps.end if complete else steps.close)
        if self._kept is not None:
            kept, self._kept = self._kept, None
            self._attempt(kept.pop, None)

    def _attempt(self, function: t.Callable[..., object], *args: t.Any) -> None:
        """Call a function that others come after: an error is logged and counted."""
        try:
            function(*args)
        except (Exception, asyncio.CancelledError):
            self._failures += 1
            self.app.logger.exception("Exception at the end of serving")


class _Steps:
    """A generator of `while_serving`, which ends where it was begun: in the startup's own context."""

    def __init__(self, generator: t.Any) -> None:
        self._generator = generator

    def begin(self) -> None:
        try:
            next(self._generator)
        except StopIteration:
            raise RuntimeError(_NEVER.format(self._generator)) from None

    def end(self) -> None:
        try:
            next(self._generator)
        except StopIteration:
            return
        self._generator.close()
        raise RuntimeError(_TWICE.format(self._generator))

    def close(self) -> None:
        self._generator.close()


class _AsyncSteps:
    """An asynchronous one, in one task from begin to end, as libraries demand whose blocks are around its `yield`."""

    _ending: asyncio.Future[bool]

    def __init__(self, app: t.Any, generator: t.Any) -> None:
        self._generator = generator
        self._task: asyncio.Task[None] | None = None
        self.begin = app.ensure_sync(self._begin)
        self._finish = app.ensure_sync(self._finish_task)

    def end(self) -> None:
        self._finish(True)

    def close(self) -> None:
        self._finish(False)

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[None] = loop.create_future()
        self._ending = loop.create_future()
        self._task = loop.create_task(self._hold(begun))
        try:
            await begun
        except asyncio.CancelledError:
            self._task.cancel()
            raise

    async def _hold(self, begun: asyncio.Future[None]) -> None:
        try:
            await anext(self._generator)
        except BaseException as error:  # noqa: BLE001 - it is the startup's
            if isinstance(error, StopAsyncIteration):
                error = RuntimeError(_NEVER.format(self._generator))
            if not begun.done():
                begun.set_exception(error)
            return
        begun.set_result(None)
        try:
            complete = await self._ending
        except asyncio.CancelledError:
            complete = True  # a server that ends its loop without a word
        if not complete:
            await self._generator.aclose()
            return
        try:
            await anext(self._generator)
        except StopAsyncIteration:
            return
        await self._generator.aclose()
        raise RuntimeError(_TWICE.format(self._generator))

    async def _finish_task(self, complete: bool) -> None:
        if not self._ending.done():
            self._ending.set_result(complete)
        assert self._task is not None
        await self._task


_NEVER = "A function for 'while_serving' is to yield once, and did not: {!r}."
_TWICE = "A function for 'while_serving' is to yield once, and did so again: {!r}."


def _steps_of(app: t.Any, function: t.Callable[[], t.Any]) -> _Steps | _AsyncSteps:
    generator = function()
    if hasattr(generator, "__anext__"):
        return _AsyncSteps(app, generator)
    if hasattr(generator, "__next__"):
        return _Steps(generator)
    close = getattr(generator, "close", None)
    if close is not None:
        close()  # a coroutine, which nobody awaits
    raise TypeError(f"A function for 'while_serving' is to have a 'yield': {function!r} has none.")


# ---- which are there

_lock = threading.Lock()
_apps: weakref.WeakSet[t.Any] = weakref.WeakSet()  # that have been served in this process
_to_end: list[Serving] = []


def serving_of(app: t.Any, loop: Loop | None) -> Serving:
    """The one of an app on a loop."""
    with _lock:
        _apps.add(app)
        servings: dict[Loop | None, Serving] = app.__dict__.setdefault("_servings", {})
        found = servings.get(loop)
        if found is None:
            found = servings[loop] = Serving(app, loop)
        return found


def servings_of(app: t.Any) -> list[Serving]:
    """All of an app in this process."""
    return [*app.__dict__.get("_servings", {}).values()]


def _forget(serving: Serving) -> None:
    with _lock:
        serving.app._servings.pop(serving.loop, None)
        if serving in _to_end:
            _to_end.remove(serving)


def end_at_exit(serving: Serving) -> None:
    """End it when the process exits, before the process's event loop does."""
    if serving.loop is None:
        bridge.start()  # what is registered later runs earlier
    with _lock:
        if not _to_end:
            atexit.unregister(_end_all)
            atexit.register(_end_all)
        if serving not in _to_end:
            _to_end.append(serving)


def _end_all() -> None:
    for serving in reversed([*_to_end]):
        loop = serving.loop
        if loop is None:
            serving.end(at_exit=True)
        elif not loop.is_closed() and not loop.is_running():
            loop.run_until_complete(serving.end_on_loop())


def _begin_anew() -> None:
    """In a forked child nothing is served yet, and what the parent has begun is the parent's to end."""
    global _lock
    _lock = threading.Lock()
    _to_end.clear()
    for app in [*_apps]:
        app.__dict__.pop("_servings", None)
        app._is_served = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


# ---- what the gateways call


def begin(app: t.Any) -> None:
    """Under WSGI, before a request of an app that is not known to be served."""
    own = _own.get()
    if own is not None and own.app is app:
        return  # a request that its own startup makes
    if not any(serving.is_begun for serving in servings_of(app)):  # an event loop may serve it already
        serving_of(app, None).begin()


async def begin_at_request(app: t.Any) -> None:
    """On a server's loop that did not say that it begins to serve this app."""
    loop = asyncio.get_running_loop()
    if not bridge.is_own(loop):
        await serving_of(app, loop).begin_for_request()
    elif not app._is_served:  # a test's WebSocket on the process's loop, which serves as under WSGI
        await run_in_thread(Threads(1), begin, app)
