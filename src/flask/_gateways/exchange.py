"""One HTTP request on an event loop, whatever the protocol: where its code runs, how body and answer come and go.

The app is called as a WSGI application (PEP 3333), in a fiber, so whatever is wrapped around `wsgi_app` or `__call__`
acts here as well. What a request does is not decided here, only where.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import threading
import typing as t
from abc import ABC, abstractmethod

from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from .._dispatch.lifecycle import run
from ..globals import _now
from . import places
from .bridge import give_way
from .fibers import Threads, current_fiber, in_thread, run_in_thread, run_on_loop, wait_for
from .wsgi import ended_by

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")
Pairs = list[tuple[str, str]]

# After so many seconds somebody looks whether the client is still there. Most requests are done by then.
_SECONDS_UNWATCHED = 0.05
_PIECES_WITHOUT_PAUSE = 32  # that are sent on the loop
_IN_MEMORY = 500_000  # bytes of a received body, beyond which it goes to a temporary file


class Served:
    """What a task on an event loop serves, as the app sees it: where each part of it runs."""

    threads: Threads
    _stage = 0  # of what it has threads do: 1 once it may hold what others wait for
    _task: asyncio.Task[t.Any] | None = None
    _jobs: list[t.Any] | None = None  # background tasks, which wait until the response has gone
    _is_followed = False  # whether there are such
    _is_answered = True  # whether they need not wait

    def _context(self, app: t.Any, environ: WSGIEnvironment) -> t.Any:
        return app.request_context(environ)

    def _stays(self, app: t.Any, context: t.Any) -> bool:
        """Whether what is left, once the rule is known, has a reason to be on the loop."""
        return places.stays_on_loop(app, context)

    def _run(
        self,
        app: t.Any,
        context: t.Any,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        push: t.Callable[[], object] | None,
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
        stage, self._stage = self._stage, 1
        return in_thread(self.threads.stages[stage], func, *args)

    def let_go_in_thread(self, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
        """Call a function that gives back what others may wait for."""
        return in_thread(self.threads.stages[2], func, *args)

    def handle(self, app: t.Any, environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        """The WSGI application itself: whole where this runs, or from the routing on in a thread."""
        if app._has_serving_functions():
            self._begin_serving(app)
        context = self._context(app, environ)
        context._exchange = self
        if not self.is_on_loop:
            return self._run(app, context, environ, start_response, None)
        if places.routing_blocks(app):
            pushed, body = self.in_thread(self._push_and_run, app, context, environ, start_response)
            if body is not None:
                return body
        else:
            pushed = _Pushed(context)
            if not self._stays(app, context):
                return self.in_thread(self._run, app, context, environ, start_response, pushed.outcome)
        return self._run(app, context, environ, start_response, pushed.outcome)

    def _push_and_run(
        self, app: t.Any, context: t.Any, environ: WSGIEnvironment, start_response: StartResponse
    ) -> tuple[_Pushed, t.Iterable[bytes] | None]:
        """In a thread: push, and go on where the rest has no reason to be on the loop."""
        pushed = _Pushed(context)
        if pushed.error is None and self._stays(app, context):
            return pushed, None
        return pushed, self._run(app, context, environ, start_response, pushed.outcome)

    def _begin_serving(self, app: t.Any) -> None:
        """Run what is to run before the first request, where the server has not told this app to."""
        assert self._task is not None
        serving = app.__dict__.get("_servings", {}).get(self._task.get_loop())
        if serving is None or not serving.is_begun:
            wait_for(app._begin_serving_on_loop())

    def must_leave(self, functions: t.Collection[t.Any]) -> bool:
        """Whether the caller is on the loop, and among the functions that are called next is one that may block."""
        return bool(functions) and places.any_blocks(functions) and self.is_on_loop


class Exchange(Served, ABC):
    """One request and its answer. A protocol's own class says how pieces of them come and go."""

    def __init__(self, app: t.Any, environ: WSGIEnvironment) -> None:
        self.app = app
        self.environ = environ
        self.threads = threads_of(app)
        self._status = 0  # until the app has started its response
        self._headers: Pairs = []
        self._is_begun = False  # whether the head is on its way
        self._body: Incoming | None = None  # where all of it did not come at once
        self._watcher: asyncio.Task[None] | None = None
        self._is_gone = False
        self._is_answered = False

    # ---- what a protocol's class says

    @abstractmethod
    async def receive(self) -> tuple[bytes, bool]:
        """The next piece of the body, and whether more is to come. Raises `ClientDisconnected` where it breaks off."""

    @abstractmethod
    async def gone(self) -> None:
        """Return when the client has gone. Asked only when all of the body has come."""

    @abstractmethod
    async def send_whole(self, status: int, headers: Pairs, body: bytes) -> None:
        """Send an answer in one piece."""

    @abstractmethod
    async def send_head(self, status: int, headers: Pairs) -> None:
        """Begin an answer that comes in pieces."""

    @abstractmethod
    async def send_piece(self, piece: bytes) -> None:
        """Send a piece of the body."""

    @abstractmethod
    async def send_end(self) -> None:
        """End a body that came in pieces."""

    # ---- on the loop, in the request's task

    async def answer(self) -> None:
        """Serve the request; return when its answer was sent, or nobody is there to have it."""
        app, environ = self.app, self.environ
        environ["flask.exchange"] = self
        self._task = asyncio.current_task()
        has_body = (
            environ.get("CONTENT_LENGTH", "0") != "0"
            or "HTTP_TRANSFER_ENCODING" in environ
            or environ["SERVER_PROTOCOL"] not in _SAYING  # HTTP/2 and 3 need not say beforehand
        )
        if has_body and not await self._receive_first():
            return
        if not has_body:
            environ["wsgi.input"] = Whole()
        watch = _watch_of_loop()
        watch.begin(self)
        try:
            if places.begins_on_loop(app):
                whole = await run_on_loop(self._serve)
            else:
                whole = await run_in_thread(self.threads, self._serve)
            if whole is not None:
                await self.send_whole(self._status, self._headers, whole)
        except asyncio.CancelledError:
            if not self._is_gone:
                raise
            # We have cancelled ourselves: the client is gone, and all has been told so.
            self._task.uncancel()  # type: ignore[union-attr]
        finally:
            watch.end(self)
            self._is_answered = True
            if self._jobs:
                app._begin_jobs(self, asyncio.get_running_loop())
            environ.pop("flask.exchange", None)  # no cycle
            self._task = None
            if self._watcher is not None:
                self._watcher.cancel()

    async def _receive_first(self) -> bool:
        """The first piece of the body; most have no other. False where the client has gone before it."""
        environ = self.environ
        environ["wsgi.input_terminated"] = True  # the server knows where it ends
        if "HTTP_EXPECT" in environ:
            piece, more = b"", True  # the client waits to be told that its body is welcome
        else:
            try:
                async with asyncio.timeout(self.app.config["BODY_TIMEOUT"]):
                    piece, more = await self.receive()
            except ClientDisconnected:
                return False
            except TimeoutError:
                piece, more = b"", True  # who reads on is told
        if more:
            self._body = Incoming(self, piece)
            environ["wsgi.input"] = Body(self._body, _PIECE)
        else:
            environ["wsgi.input"] = Whole(piece)
        return True

    def watch(self) -> bool:
        """Have this request cancelled when the client goes; False where that is not to be found out yet."""
        if self._body is not None and not self._body.is_complete:
            return False  # whoever reads the body will hear of it
        self._watcher = asyncio.get_running_loop().create_task(self._cancel_when_gone())
        return True

    async def _cancel_when_gone(self) -> None:
        await self.gone()
        task = self._task
        if task is not None and not task.done():
            self._is_gone = True
            task.cancel()

    # ---- in the fiber, on the loop or in a thread

    def _serve(self) -> bytes | None:
        """Call the app. The body where it is in one piece, or None: it was sent."""
        body = self.app(self.environ, self._start_response)
        if type(body) is list and self._status and not self._is_begun:
            return body[0] if len(body) == 1 else b"".join(body)
        if getattr(body, "non_blocking", False):
            self._send(body)
        else:
            self.in_thread(self._send, body)
        return None

    def _start_response(self, status: str, headers: Pairs, exc_info: t.Any = None) -> t.Callable[[bytes], object]:
        if exc_info is not None:
            try:
                if self._is_begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._status:
            raise AssertionError("The response was started already.")
        self._status = int(status[:3])
        self._headers = headers
        return self._send_piece

    def _send(self, body: t.Iterable[bytes]) -> None:
        """Send what an iterable gives, piece by piece, and close it."""
        pieces_until_pause = _PIECES_WITHOUT_PAUSE if self.is_on_loop else -1
        try:
            for piece in body:
                if piece:
                    self._send_piece(piece)
                    pieces_until_pause -= 1
                    if pieces_until_pause == 0:
                        # Neither the body nor a server whose client has gone need ever wait: others would never run.
                        pieces_until_pause = _PIECES_WITHOUT_PAUSE
                        wait_for(asyncio.sleep(0))
            self._begin()
            wait_for(self.send_end())
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()

    def _begin(self) -> None:
        if not self._is_begun:
            if not self._status:
                raise AssertionError("The response was not started.")
            self._is_begun = True
            wait_for(self.send_head(self._status, self._headers))

    def _send_piece(self, piece: bytes) -> None:
        self._begin()
        wait_for(self.send_piece(piece))

    # ---- what the app asks (`Flask.wsgi_app` and the steps)

    def receive_body(self, context: t.Any, view: t.Any) -> None:
        """Have all of the body here before a view starts on the loop, or as much of it as its limit allows."""
        self._stage = 1
        body = self._body
        if body is not None and not body.is_complete and self.is_on_loop and not places.wants_stream(view):
            wait_for(body.receive_all(context.request.max_content_length))


class _Watch:
    """The requests of a loop that nobody watches yet: those that began since the last look, and those before.

    PERF: a timer for each request would take 2 µs; most are done before anybody looks.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.young: set[Exchange] = set()
        self.old: set[Exchange] = set()
        self._is_due = False

    def begin(self, exchange: Exchange) -> None:
        """Look after a request; `end` when it is done."""
        self.young.add(exchange)
        if not self._is_due:
            self._is_due = True
            self.loop.call_later(_SECONDS_UNWATCHED, self._look)

    def end(self, exchange: Exchange) -> None:
        """Forget a request."""
        self.young.discard(exchange)
        self.old.discard(exchange)

    def _look(self) -> None:
        self.old = {exchange for exchange in self.old if not exchange.watch()} | self.young
        self.young = set()
        self._is_due = bool(self.old)
        if self._is_due:
            self.loop.call_later(_SECONDS_UNWATCHED, self._look)


class _OfThread(threading.local):
    watch: _Watch | None = None


_here = _OfThread()


def _watch_of_loop() -> _Watch:
    loop = asyncio.get_running_loop()
    watch = _here.watch
    if watch is None or watch.loop is not loop:
        watch = _here.watch = _Watch(loop)
    return watch


class _Pushed:
    """A context, pushed; what that raised is the lifecycle's to raise."""

    def __init__(self, context: t.Any) -> None:
        self.error: BaseException | None = None
        try:
            context.push()
        except Exception as error:  # noqa: BLE001 - it is raised again
            self.error = error

    def outcome(self) -> None:
        error, self.error = self.error, None
        if error is not None:
            raise error


class Incoming(io.RawIOBase):
    """A body that comes in pieces: `wsgi.input`."""

    def __init__(self, exchange: Exchange, piece: bytes) -> None:
        super().__init__()
        self._exchange = exchange
        self._timeout: float | None = exchange.app.config["BODY_TIMEOUT"]
        self._piece = memoryview(piece)
        self._kept: t.IO[bytes] | None = None
        self._error: BaseException | None = None
        self.is_complete = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Read what is there, or wait for more; 0 at the end."""
        view = memoryview(buffer)
        while True:
            if self._piece:
                count = min(len(view), len(self._piece))
                view[:count] = self._piece[:count]
                self._piece = self._piece[count:]
                return count
            if self._kept is not None:
                data = self._kept.read(len(view))
                if data:
                    view[: len(data)] = data
                    return len(data)
            if self.is_complete:
                if self._error is not None:
                    raise self._error
                return 0
            self._piece = memoryview(wait_for(self.next()))

    async def next(self) -> bytes:
        """The next piece; empty at the end. Raises `ClientDisconnected`, `RequestTimeout`."""
        try:
            async with asyncio.timeout(self._timeout):
                piece, more = await self._exchange.receive()
        except TimeoutError:
            raise self._broken(RequestTimeout("The body of the request did not come in time.")) from None
        except ClientDisconnected as error:
            raise self._broken(error) from None
        self.is_complete = not more
        return piece

    async def take(self) -> bytes:
        """What is there, or else the next piece; empty at the end."""
        piece = bytes(self._piece)
        self._piece = memoryview(b"")
        if not piece and self._kept is not None:
            piece = self._kept.read(_PIECE)
        while not piece and not self.is_complete:
            piece = await self.next()
        if not piece and self._error is not None:
            raise self._error
        return piece

    def _broken(self, error: BaseException) -> BaseException:
        self.is_complete = True
        self._error = error
        return error

    async def receive_all(self, limit: int | None) -> None:
        """Receive the rest, or a byte more than `limit`, which whoever reads it finds; large ones go to a file.

        That it broke off is told to whoever reads so far.
        """
        kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        kept.write(self._piece)
        count = len(self._piece)
        self._piece = memoryview(b"")
        try:
            async with asyncio.timeout(self._timeout):
                while not self.is_complete and (limit is None or count <= limit):
                    piece, more = await self._exchange.receive()
                    count += len(piece)
                    kept.write(piece)
                    self.is_complete = not more
        except TimeoutError:
            self._broken(RequestTimeout("The body of the request did not come in time."))
        except ClientDisconnected as error:
            self._broken(error)
        kept.seek(0)
        self._kept = t.cast("t.IO[bytes]", kept)

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
        super().close()


class Body(io.BufferedReader):
    """The same with a buffer, and as pieces that are awaited."""

    raw: Incoming

    async def receive(self) -> bytes:
        """The next piece; empty at the end."""
        return await self.raw.take()

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        while piece := await self.receive():
            yield piece


class Whole(io.BytesIO):
    """A body that came at once."""

    async def receive(self) -> bytes:
        """The rest."""
        return self.read()

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        if piece := self.read():
            yield piece


_PIECE = 64 * 1024
_SAYING = frozenset({"HTTP/1.1", "HTTP/1.0", "HTTP/1"})


def threads_of(app: t.Any) -> Threads:
    """The threads of an app, `WORKER_THREADS` at most."""
    threads: Threads | None = app.__dict__.get("_threads")
    if threads is None:
        threads = app._threads = Threads(app.config["WORKER_THREADS"])
    return threads


class Errors(io.TextIOBase):
    """`wsgi.errors`: whatever is the standard error stream at the time."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def close(self) -> None:
        """Nothing: the stream is not ours, and when the process ends it may be gone before this object."""


errors = Errors()


def _loop_elsewhere() -> asyncio.AbstractEventLoop | None:
    """The loop that serves the request, for a thread that the application has started, with the request's context."""
    context = _now()._top_request_ctx
    if context is None or asyncio._get_running_loop() is not None:
        return None
    exchange = context._environ_of_request.get("flask.exchange")
    task: asyncio.Task[t.Any] | None = None if exchange is None else exchange._task
    return None if task is None else task.get_loop()


def _way_to_wait() -> t.Callable[[t.Any], t.Any] | None:
    if current_fiber() is not None:
        return wait_for
    loop = _loop_elsewhere()
    return None if loop is None else lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result()


give_way(_way_to_wait)
