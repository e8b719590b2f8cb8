"""One WebSocket on an event loop, whatever the protocol: how messages come and go, and what the app's end means for it.

The app is called as a WSGI application with the handshake, as for an HTTP request, so whatever is wrapped around
`wsgi_app` acts here as well: what it answers in place of the app refuses the WebSocket, and the headers that it adds go
out with what accepts it. What a WebSocket's function does is not decided here.
"""

from __future__ import annotations

import asyncio
import contextvars
import typing as t
from abc import ABC, abstractmethod
from collections import deque

from ..globals import _now
from . import places
from .environs import Pairs
from .fibers import current_fiber, go_on, in_thread, run_in_thread, start, wait_for
from .received import Whole
from .served import Push, Served, serving_on

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

R = t.TypeVar("R")
Ts = t.TypeVarTuple("Ts")
Message = str | bytes

# Where nobody has asked for a message for so many seconds, somebody listens whether the client is still there. Messages
# that come are kept, so many at most: who does not take them makes the client wait. Where the client has gone, whoever
# takes messages may be in the midst of one, and take those that are left, as long as he asks again in so many seconds.
_SECONDS_UNWATCHED = 0.5
_KEPT = 32
_SECONDS_FOR_A_MESSAGE = 5
_BYTES_OF_A_CHARACTER = 4  # at most

_ACCEPTS = "101 SWITCHING PROTOCOLS"


class Socket(Served, ABC):
    """One WebSocket. A protocol's own class says how messages come and go."""

    #: Whether what accepts can have headers.
    sends_headers = True

    def __init__(self, app: t.Any, environ: WSGIEnvironment) -> None:
        super().__init__(app, environ)
        #: Whether it was neither accepted nor refused.
        self.is_pending = True
        self.is_open = False
        #: What the client has closed it with.
        self.close_code: int | None = None
        self._loop = asyncio.get_running_loop()
        self._start: StartResponse | None = None
        self._status = 0  # until a response was started
        self._headers: Pairs = []
        self._written: list[bytes] = []
        self._handshake = asyncio.Lock()
        self._failed = False
        self._has_left = False  # whether the client has, though perhaps not all was taken that it had sent
        self._is_gone = False
        self._is_cancelled = False
        # Who takes messages, and what listens meanwhile.
        self._receiving = 0
        self._waiting = 0
        self._is_active = False
        self._takes_messages = False
        self._kept: deque[Message] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._listener: asyncio.Task[None] | None = None

    # ---- what a protocol's class says

    @abstractmethod
    async def begin(self) -> bool:
        """Learn of the handshake; False where the client has gone before it."""

    @abstractmethod
    async def send_accept(self, headers: Pairs, subprotocol: str | None) -> None:
        """Accept. Raises `RuntimeError`, and sends nothing, for what the protocol cannot carry."""

    @abstractmethod
    async def send_refusal(self, status: int, headers: Pairs, body: bytes) -> None:
        """Refuse, by an HTTP response as far as the protocol carries it."""

    @abstractmethod
    def hear(self) -> t.Awaitable[t.Any]:
        """What the protocol has next."""

    @abstractmethod
    def message_of(self, event: t.Any) -> Message | None:
        """The message in that; None when the client has gone."""

    @abstractmethod
    def put(self, data: Message) -> t.Awaitable[None]:
        """Send a message. Raises `OSError` when the client has gone."""

    @abstractmethod
    async def send_close(self, code: int, reason: str) -> None:
        """Close what was accepted, with as much as the protocol carries."""

    def check_close(self, code: int, reason: str) -> None:
        """Raise `RuntimeError` for what the protocol cannot carry."""

    # ---- on the loop, in the WebSocket's task

    async def answer(self) -> None:
        """Serve the WebSocket; return when it is closed."""
        app, environ = self.app, self.environ
        environ["flask.exchange"] = self
        environ["wsgi.input"] = Whole()
        if not await self.begin():
            return
        self._task = asyncio.current_task()
        serving = serving_on(app, self._loop)
        if serving is not None:
            serving.lasting.add(self)
        try:
            if places.begins_on_loop(app):
                fiber = start(self._serve)
                body = fiber.outcome() if fiber.asked is None else await go_on(fiber)
            else:
                body = await run_in_thread(self.threads, self._serve)
            await self._end(self._status or 500, self._headers, body, 1011 if self._failed else 1000)
        except asyncio.CancelledError:
            if not self._is_gone:
                raise
            # The client is gone, and all has been told so.
            if self._is_cancelled:
                self._task.uncancel()  # type: ignore[union-attr]
        except Exception:
            await self._end(500, [("Content-Type", "text/plain")], b"Internal Server Error", 1011)
            raise
        finally:
            if serving is not None:
                serving.lasting.discard(self)
            self.is_pending = self.is_open = False
            environ.pop("flask.exchange", None)  # no cycles
            self._start = self._task = None
            if self._timer is not None:
                self._timer.cancel()
            if self._listener is not None:
                self._listener.cancel()

    async def _end(self, status: int, headers: Pairs, body: bytes, code: int, reason: str = "") -> None:
        if self.is_pending:
            self.is_pending = False
            await self.send_refusal(status, headers, body)
        elif self.is_open:
            self.is_open = False
            await self.send_close(code, reason)

    # ---- in the fiber, on the loop or in a thread

    def _serve(self) -> bytes:
        """Call the app; the body of the response that refuses, or nothing."""
        body = self.app(self.environ, self._start_response)
        if type(body) is tuple or type(body) is list:
            return b"".join([*self._written, *body])
        return in_thread(self.threads, self._whole, body)

    def _whole(self, body: t.Iterable[bytes]) -> bytes:
        try:
            pieces = [*body]
            return b"".join(self._written + pieces)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()

    def _start_response(self, status: str, headers: Pairs, exc_info: t.Any = None) -> t.Callable[[bytes], object]:
        try:
            if not self.is_pending:
                if exc_info is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
                raise AssertionError("A response cannot be started: the WebSocket was accepted.")
        finally:
            exc_info = None
        self._status = int(status[:3])
        self._headers = headers
        return self._written.append

    @property
    def is_closed(self) -> bool:
        """Whether this side has closed or refused it."""
        return not (self.is_pending or self.is_open or self._is_gone)

    # ---- what the app asks (`Flask.wsgi_app` and the steps)

    def _context(self, app: t.Any, environ: WSGIEnvironment) -> t.Any:
        return app.websocket_context(environ)

    _stays = staticmethod(places.answers_on_loop)

    def _run(
        self, app: t.Any, context: t.Any, environ: WSGIEnvironment, start_response: StartResponse, push: Push
    ) -> t.Iterable[bytes]:
        self._start = start_response
        return super()._run(_Steps(app), context, environ, start_response, push)

    def in_thread(self, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
        """Call a function that may block. The threads kept for what has begun are not for what lasts."""
        return in_thread(self.threads, func, *args)

    async def aside(self, func: t.Callable[[*Ts], R], *args: *Ts) -> R:
        """Call a function that may block."""
        return await run_in_thread(self.threads, func, *args)

    def wait(self, coroutine: t.Coroutine[t.Any, t.Any, R]) -> R:
        """For synchronous code: what a coroutine on the loop gives. In a thread of the application's own, too."""
        if current_fiber() is not None:
            return wait_for(coroutine)
        if asyncio._get_running_loop() is not None:
            coroutine.close()
            raise RuntimeError("This would block an event loop: await the methods of 'flask.websocket' itself.")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def fail(self) -> None:
        """Have the end of a WebSocket that was accepted say that it was an error's."""
        self._failed = True

    # ---- what the application asks (`flask.websockets`)

    async def accept(self, headers: Pairs, subprotocol: str | None) -> None:
        """Accept the WebSocket; whoever comes second waits for the first."""
        async with self._handshake:
            if self.is_pending:
                (self._start or self._start_response)(_ACCEPTS, headers)
                await self.send_accept(self._headers if self.sends_headers or headers else self._dropped(), subprotocol)
                self.is_pending, self.is_open = False, True
                self._watch()

    def _dropped(self) -> Pairs:
        """Say once that what middleware adds to answers is not sent with this one; no headers."""
        own = self.app.__dict__
        if self._headers and not own.get("_has_told_of_dropped_headers"):
            own["_has_told_of_dropped_headers"] = True
            names = ", ".join(name for name, _ in self._headers)
            self.app.logger.warning("This server sends no headers with what accepts a WebSocket, so not: %s", names)
        return []

    async def receive(self) -> Message:
        """The next message."""
        if not self.is_open:
            raise self._over()
        while self._listener is not None and not self._kept:
            self._waiting += 1
            try:
                await asyncio.wait((self._listener,))
            finally:
                self._waiting -= 1
        message: Message | None = None
        if self._kept:
            message = self._kept.popleft()
        elif not self._has_left:
            self._receiving += 1
            try:
                message = self.message_of(await self.hear())
            finally:
                self._receiving -= 1
        if message is None:
            if self.is_open:  # else the client has answered a close from this side
                self._leave()
            raise self._over()
        self._is_active = self._takes_messages = True
        if self._timer is None:
            self._watch()
        limit = self.app.config["WEBSOCKET_MAX_MESSAGE_SIZE"]
        if limit is not None and len(message) * _BYTES_OF_A_CHARACTER > limit and _is_longer(message, limit):
            if self.is_open:
                self.is_open = False
                await self.send_close(1009, "")
            self._leave()
            raise self._over()
        return message

    async def send(self, data: Message) -> None:
        """Send a message."""
        if not self.is_open:
            raise self._over()
        try:
            await self.put(data)
        except OSError:
            self._leave()
            raise self._over() from None

    async def close(self, code: int, reason: str) -> None:
        """Close from this side, or refuse."""
        if self.is_open:
            self.check_close(code, reason)
        await self._end(403, [], b"", code, reason)

    # ---- whether the client is there

    def _over(self) -> BaseException:
        """The error for who sends or receives after the end. Only the WebSocket's own function is cancelled by it."""
        if getattr(_now(), "_exchange", None) is not self:
            return ConnectionResetError("This WebSocket has ended.")
        if self._is_gone:
            return asyncio.CancelledError("The client of the WebSocket has gone.")
        return RuntimeError("This WebSocket was closed from this side: nothing can be sent or received any more.")

    def _leave(self) -> None:
        """Note that the client has gone, and cancel the WebSocket's function, unless it is who has found out."""
        self.is_open = False
        if not self._is_gone:
            self._is_gone = True
            task = self._task
            if task is not None and not task.done() and asyncio.current_task() is not task:
                self._is_cancelled = True
                task.cancel()

    async def go_away(self) -> None:
        """At the end of serving: as if the client had gone, which the server sends away, or has."""
        task = self._task
        self._leave()
        if task is not None:
            await asyncio.wait((task,))

    def _watch(self) -> None:
        """PERF: no timer as long as somebody waits for a message; else one for many messages."""
        # In a context of its own: a timer that was cancelled is kept for its time, and so would be the WebSocket's.
        self._timer = self._loop.call_later(_SECONDS_UNWATCHED, self._look, context=contextvars.Context())

    def _look(self) -> None:
        self._timer = None
        if not self.is_open or self._receiving or self._listener is not None:
            return  # whoever takes a message looks on
        if self._is_active:
            self._is_active = False
            self._watch()
        else:
            self._listener = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        """Keep what comes, until somebody asks for a message or there is too much of it."""
        try:
            while len(self._kept) < _KEPT and self.is_open:
                message = self.message_of(await self.hear())
                if message is None:
                    self._has_left = True
                    if self.is_open:  # as above
                        await self._until_taken()
                        self._leave()
                    return
                self._kept.append(message)
                if self._waiting:
                    return
        finally:
            self._listener = None

    async def _until_taken(self) -> None:
        while self._takes_messages:
            self._takes_messages = False
            await asyncio.sleep(_SECONDS_FOR_A_MESSAGE)


class _Steps:
    """The steps of an app's WebSocket where the lifecycle calls those of a request."""

    def __init__(self, app: t.Any) -> None:
        self._app = app
        self.log_exception = app.log_exception
        self.should_ignore_error = app.should_ignore_error

    def _respond(self, context: t.Any, environ: WSGIEnvironment) -> tuple[t.Any, None]:
        return _refusal(self._app.full_dispatch_websocket()), None

    def handle_exception(self, error: Exception) -> t.Any:
        return _refusal(self._app.handle_websocket_exception(error))


def _refusal(response: t.Any) -> t.Any:
    """A response to send; one that sends nothing where the WebSocket was accepted."""
    return _silent if response is None else response


def _silent(environ: WSGIEnvironment, start_response: StartResponse) -> tuple[()]:
    return ()


def _is_longer(message: Message, limit: int) -> bool:
    """Whether a message has more bytes than so many."""
    if isinstance(message, str) and not message.isascii():
        return len(message) > limit or len(message.encode("utf-8", "surrogatepass")) > limit
    return len(message) > limit
