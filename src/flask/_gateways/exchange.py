"""One HTTP request on an event loop, whatever the protocol: how its body and its answer come and go.

What the request does is not decided here, and not where its code runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import typing as t
from abc import ABC, abstractmethod

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_content_length

from . import places
from .environs import Pairs
from .fibers import go_on, run_in_thread, start, wait_for
from .received import PIECE, Body, Incoming, Whole
from .served import Served
from .threads import HAS_BEGUN

# After so many seconds somebody looks whether the client is still there. Most requests are done by then.
_SECONDS_UNWATCHED = 0.05
_PIECES_WITHOUT_PAUSE = 32  # that are sent on the loop
_BROKE_OFF = b"The body of the request broke off.\n"
# HTTP/2 and 3 need not say beforehand that there is a body.
_SAYING = frozenset({"HTTP/1.1", "HTTP/1.0", "HTTP/1"})


class Exchange(Served, ABC):
    """One request and its answer. A protocol's own class says how pieces of them come and go."""

    _status = 0  # until the app has started its response
    _headers: Pairs
    _is_begun = False  # whether the head is on its way
    _body: Incoming | None = None  # where all of it did not come at once
    _left: int | None = None  # bytes of the body still to come; negative where nobody has said how many
    _watcher: asyncio.Task[None] | None = None
    _is_gone = False
    _is_answered = False

    # ---- what a protocol's class says

    @abstractmethod
    async def receive(self) -> tuple[bytes, bool]:
        """The next piece of the body, and whether more is to come. Raises `ClientDisconnected` where it breaks off."""

    def counted(self, piece: bytes, more: bool) -> tuple[bytes, bool]:
        """A piece of the body, and whether more is to come; nothing does after the length that was stated."""
        left = self._left
        if left is None:
            length = get_content_length(self.environ)
            left = -1 if length is None else length
        if left >= 0:
            piece = piece[:left]
            left -= len(piece)
            more = more and left > 0
        self._left = left
        return piece, more

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
        if (
            environ.get("CONTENT_LENGTH", "0") != "0"
            or "HTTP_TRANSFER_ENCODING" in environ
            or environ["SERVER_PROTOCOL"] not in _SAYING
        ):
            if not await self._receive_first():
                await self._refuse_what_broke_off()
                return
        else:
            environ["wsgi.input"] = Whole()
        watch = None
        try:
            if places.begins_on_loop(app):
                fiber = start(self._serve)
                if fiber.asked is None:
                    whole = fiber.outcome()
                else:
                    watch = _watch_of_loop()
                    watch.begin(self)
                    whole = await go_on(fiber)
            else:
                watch = _watch_of_loop()
                watch.begin(self)
                whole = await run_in_thread(self.threads, self._serve)
            if whole is not None:
                await self.send_whole(self._status, self._headers, whole)
        except asyncio.CancelledError:
            if not self._is_gone:
                raise
            # We have cancelled ourselves: the client is gone, and all has been told so.
            self._task.uncancel()  # type: ignore[union-attr]
        finally:
            if watch is not None:
                watch.end(self)
                if self._watcher is not None:
                    self._watcher.cancel()
            self._is_answered = True
            if self._jobs:
                app._begin_jobs(self, asyncio.get_running_loop())
            environ.pop("flask.exchange", None)  # no cycle
            if self._body is not None:
                self._body.discard()
                self._body = None  # it knows us
            self._task = None

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
            self._body = Incoming(self.receive, self.app.config["BODY_TIMEOUT"], piece)
            environ["wsgi.input"] = Body(self._body, PIECE)
        else:
            environ["wsgi.input"] = Whole(piece)
        return True

    async def _refuse_what_broke_off(self) -> None:
        """Answer by 400: some servers speak of a client that has gone where the chunks of its body are none."""
        with contextlib.suppress(Exception):  # most often nobody is there
            await self.send_whole(400, [("Content-Type", "text/plain"), ("Connection", "close")], _BROKE_OFF)

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
        self._stage = HAS_BEGUN
        body = self._body
        if body is not None and not body.is_complete and self.is_on_loop and not places.wants_stream(view):
            request = context.request
            limit = request.max_content_length
            if limit is None and self._left is not None and self._left < 0:
                limit = request.max_chunked_length
            # What says that it is too long is refused by whoever reads it: no client is asked to send that.
            if limit is None or (request.content_length or 0) <= limit:
                wait_for(body.receive_all(limit))


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
