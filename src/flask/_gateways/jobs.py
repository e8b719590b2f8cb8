"""Work beside the requests: each piece a task of an event loop, in an app context of its own.

What is synchronous runs in a thread of the app's. When it begins is not decided here, and no error of it leaves it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import time
import types
import typing as t

from ..globals import _nothing, _set
from . import bridge, places
from .fibers import in_thread, run_in_thread, run_on_loop
from .served import threads_of
from .threads import LETS_GO

_SECONDS_TO_CANCEL = 1


class Job:
    """One call of a function, in a copy of the context variables that its caller had."""

    def __init__(
        self, app: t.Any, func: t.Callable[..., object], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
    ) -> None:
        self.app = app
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.variables = contextvars.copy_context()
        self.variables.run(_set, _nothing)
        self.task: asyncio.Task[None] | None = None
        self.is_told = False  # that it takes too long
        self.is_given_up = False
        self.done: concurrent.futures.Future[None] = concurrent.futures.Future()

    async def run(self) -> None:
        """All of it, on the loop or in a thread."""
        try:
            if places.stays(self.func):
                await run_on_loop(self._call)
            else:
                await self._until_given_up(run_in_thread(threads_of(self.app), self._call))
        except Exception as error:  # noqa: BLE001 - nobody else is there to hear of it
            self.app.handle_background_exception(error)

    def _call(self) -> None:
        app = self.app
        context = app.app_context()
        context.push()
        error: BaseException | None = None
        try:
            app.ensure_sync(self.func)(*self.args, **self.kwargs)
        except Exception as e:  # noqa: BLE001 - likewise
            error = e
            app.handle_background_exception(e)
        except BaseException as e:
            error = e
            raise
        finally:
            try:
                if places.any_blocks(app.teardown_appcontext_funcs):
                    in_thread(threads_of(app).stages[LETS_GO], context.pop, error)
                else:
                    context.pop(error)
            finally:
                del error  # no cycle of the exception, its traceback and this frame

    @types.coroutine
    def _until_given_up(self, steps: t.Coroutine[t.Any, t.Any, None]) -> t.Generator[t.Any, t.Any, None]:
        """Await what a thread does. The next cancellation after one that it heard of leaves it to itself.

        So does the first that does not come from the end of serving: then the event loop ends.
        """
        try:
            wanted = steps.send(None)
            while True:
                try:
                    got = yield wanted
                except asyncio.CancelledError as error:
                    if not self.is_told or self.is_given_up:
                        with contextlib.suppress(RuntimeError):  # it waits for what would not be cancelled
                            steps.close()
                        raise
                    self.is_given_up = True
                    wanted = steps.throw(error)
                else:
                    wanted = steps.send(got)
        except StopIteration:
            return

    def __str__(self) -> str:
        return getattr(self.func, "__qualname__", None) or repr(self.func)


class Jobs:
    """Those of an app on one event loop; None for the process's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._loop = loop
        self.unfinished: set[Job] = set()

    def begin(self, job: Job) -> None:
        """From any thread: have a job done."""
        self.unfinished.add(job)
        try:
            if self._loop is None:
                bridge.soon(self._start, job)
            else:
                self._loop.call_soon_threadsafe(self._start, job)
        except RuntimeError:  # the loop is closed
            self.unfinished.discard(job)
            job.app.logger.error("Background task %s was not begun: the event loop has ended", job)
            job.done.set_result(None)

    def _start(self, job: Job) -> None:
        job.task = asyncio.get_running_loop().create_task(job.run(), context=job.variables)
        job.task.add_done_callback(lambda task: self._finish(job))

    def _finish(self, job: Job) -> None:
        self.unfinished.discard(job)
        job.done.set_result(None)

    async def wind_up(self, app: t.Any) -> None:
        """Wait for all, for `BACKGROUND_TASK_SHUTDOWN_TIMEOUT` seconds; cancel those that are left."""
        await self.wait(app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"])
        for job in [*self.unfinished]:
            app.logger.warning("Background task %s was cancelled: it took too long at the end of serving", job)
        # Once for the code to hear of it. A thread cannot be interrupted: the second time it is abandoned.
        for _ in range(2):
            for job in [*self.unfinished]:
                job.is_told = True
                if job.task is not None:
                    job.task.cancel()
            await self.wait(_SECONDS_TO_CANCEL)

    async def wait(self, timeout: float | None) -> None:
        """Wait for all, and those that they begin in turn, as long as there is time."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.unfinished:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return
            await asyncio.wait([asyncio.wrap_future(job.done) for job in [*self.unfinished]], timeout=left)
