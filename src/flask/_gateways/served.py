"""What a task on an event loop serves, a request or a WebSocket: where each part of its code runs.

The app is called as a WSGI application (PEP 3333), so whatever is wrapped around `wsgi_app` or `__call__` acts here as
well. What the code does is not decided here, nor how anything comes or goes.
"""

from __future__ import annotations

import asyncio
import typing as t

from .._dispatch.lifecycle import run
from ..globals import _now
from . import places
from .bridge import give_way
from .fibers import Fiber, current_fiber, in_thread, parking, wait_for
from .threads import BEGINS, HAS_BEGUN, LETS_GO, Threads
from .wsgi import ended_by

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")
# What pushes a context, or is left of that for the lifecycle; None: all, False: nothing.
Push = t.Callable[[], object] | t.Literal[False] | None


class Served:
    """What a task on an event loop serves, as the app sees it."""

    _stage = BEGINS  # of what it has threads do
    _task: asyncio.Task[t.Any] | None = None
    _jobs: list[t.Any] | None = None  # background tasks, which wait until the response has gone
    _is_followed = False  # whether there are such
    _is_answered = True  # whether they need not wait

    def __init__(self, app: t.Any, environ: WSGIEnvironment) -> None:
        self.app = app
        self.environ = environ

    @property
    def threads(self) -> Threads:
        """Those of the app."""
        return threads_of(self.app)

    def _context(self, app: t.Any, environ: WSGIEnvironment) -> t.Any:
        return app.request_context(environ)

    #: Whether what is left, once the rule is known, has a reason to be on the loop.
    _stays: t.Callable[[t.Any, t.Any], bool] = staticmethod(places.stays_on_loop)

    def _run(
        self, app: t.Any, context: t.Any, environ: WSGIEnvironment, start_response: StartResponse, push: Push
    ) -> t.Iterable[bytes]:
        response, body = run(app, context, environ, start_response, None, push)
        return body if response is None else ended_by(response, body)

    @property
    def is_on_loop(self) -> bool:
        """Whether the caller runs on the event loop, which must not be blocked."""
        fiber = current_fiber()
        return fiber is not None and fiber.on_loop

    def in_thread(self, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
        """Call a function that may block."""
        stage, self._stage = self._stage, HAS_BEGUN
        return in_thread(self.threads.stages[stage], func, *args)

    def let_go_in_thread(self, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
        """Call a function that gives back what others may wait for."""
        return in_thread(self.threads.stages[LETS_GO], func, *args)

    def handle(self, app: t.Any, environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        """The WSGI application itself: whole where this runs, or from the routing on in a thread."""
        if app is not self.app:
            self._is_within(app)
        if app._may_have_serving_functions:
            self._begin_serving(app)
        context = self._context(app, environ)
        context._exchange = self
        fiber = current_fiber()
        if fiber is None or not fiber.on_loop:
            return self._run(app, context, environ, start_response, None)
        if places.routing_blocks(app):
            push, body = self.in_thread(self._push_and_run, app, context, environ, start_response)
            if body is not None:
                return body
        else:
            push = _pushed(context)
            if not self._stays(app, context):
                return self._go_on_in_thread(app, context, environ, start_response, push)
        return self._run(app, context, environ, start_response, push)

    def _go_on_in_thread(
        self, app: t.Any, context: t.Any, environ: WSGIEnvironment, start_response: StartResponse, push: Push
    ) -> t.Iterable[bytes]:
        """Go on in a thread with a context that was pushed here."""
        try:
            return self.in_thread(self._run, app, context, environ, start_response, push)
        except asyncio.CancelledError as error:
            if context._pushes:  # it waited for a thread in vain
                context.pop(error)
            raise

    def _push_and_run(
        self, app: t.Any, context: t.Any, environ: WSGIEnvironment, start_response: StartResponse
    ) -> tuple[Push, t.Iterable[bytes] | None]:
        """In a thread: push, and go on where the rest has no reason to be on the loop."""
        push = _pushed(context)
        if not push and self._stays(app, context):
            return push, None
        return push, self._run(app, context, environ, start_response, push)

    def _begin_serving(self, app: t.Any) -> None:
        """Run what is to run before the first request, where the server has not told this app to."""
        if not app._has_serving_functions():
            return
        assert self._task is not None
        serving = serving_on(app, self._task.get_loop())
        if serving is None or not serving.is_begun:
            wait_for(app._begin_serving_on_loop())

    def _is_within(self, app: t.Any) -> None:
        """Note an app that middleware gave the request to: no server tells it of the end, so the outer one's is its."""
        assert self._task is not None
        outer = serving_on(self.app, self._task.get_loop())
        if outer is not None:
            outer.within.add(app)

    def must_leave(self, functions: t.Collection[t.Any]) -> bool:
        """Whether the caller is on the loop, and among the functions that are called next is one that may block."""
        return bool(functions) and places.any_blocks(functions) and self.is_on_loop


def _pushed(context: t.Any) -> Push:
    """Push a context; what is left of that for the lifecycle to do, which is to raise what it raised."""
    try:
        context.push()
    except Exception as error:  # noqa: BLE001 - it is raised again
        return _Raising(error)
    return False


class _Raising:
    """Raises an error, once, and keeps it no longer."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]

    def __call__(self) -> None:
        raise self._errors.pop()


def threads_of(app: t.Any) -> Threads:
    """The threads of an app, `WORKER_THREADS` at most."""
    threads: Threads | None = app.__dict__.get("_threads")
    if threads is None:
        threads = app._threads = Threads(app.config["WORKER_THREADS"])
    return threads


def serving_on(app: t.Any, loop: asyncio.AbstractEventLoop | None) -> t.Any:
    """The time of serving an app on a loop (`serving.Serving`), if it has been asked for; else None."""
    return app.__dict__.get("_servings", {}).get(loop)


class _Elsewhere:
    """A loop that serves the request, for a thread that the application has started, with the request's context."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def wait(self, coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
        """What the coroutine gives there."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


def _find_waiter() -> Fiber | _Elsewhere | None:
    fiber = current_fiber()
    if fiber is not None:
        return fiber
    context = _now()._top_request_ctx
    if context is None or asyncio._get_running_loop() is not None:
        return None
    exchange = context._environ_of_request.get("flask.exchange")
    task: asyncio.Task[t.Any] | None = None if exchange is None else exchange._task
    return None if task is None else _Elsewhere(task.get_loop())


give_way(_find_waiter, parking)
