"""A server of ASGI, as far as tests need one: what an app is told of a request, a WebSocket, the time of serving.

No socket is opened. Nothing here knows what a test wants of it, nor what the app is beyond its `asgi_app`.
"""

from __future__ import annotations

import asyncio
import json
import typing as t
from collections import deque
from urllib.parse import quote

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .typing import Message, Scope

_PIECE = 64 * 1024  # bytes of a request's body that come at once
_CARRIED = frozenset(
    "REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING REQUEST_URI RAW_URI SERVER_NAME SERVER_PORT SERVER_PROTOCOL"
    " REMOTE_ADDR REMOTE_PORT CONTENT_TYPE CONTENT_LENGTH".split()
)


def scope_of(environ: WSGIEnvironment) -> Scope:
    """What a server of ASGI would say of a request. Raises `ValueError` for what it could not."""
    for key in environ:
        if key not in _CARRIED and key.isupper() and not key.startswith("HTTP_"):
            raise ValueError(f"A server of ASGI has no way to tell {key!r}, which the request's environment has.")
    root, path = _text(environ["SCRIPT_NAME"]), _text(environ["PATH_INFO"])
    raw = environ.get("REQUEST_URI", quote(path)).partition("?")[0]
    headers = [
        (key[5:].replace("_", "-").lower().encode(), str(value).encode("latin-1"))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    headers += [
        (name, str(environ[key]).encode("latin-1"))
        for key, name in (("CONTENT_TYPE", b"content-type"), ("CONTENT_LENGTH", b"content-length"))
        if environ.get(key)
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": environ["SERVER_PROTOCOL"].partition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": root + path,
        "raw_path": (quote(root) + raw).encode("latin-1"),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "root_path": root,
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), int(environ.get("REMOTE_PORT", 0))),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "extensions": {},
    }


def _text(latin: str) -> str:
    return latin.encode("latin-1").decode(errors="replace")


class Connection:
    """One request under way: what the app receives and sends, and when the client goes."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self._scope = scope
        self._rest: bytes | None = body
        self._pieces: deque[bytes] = deque()
        self._is_complete = False  # whether all of the response was sent
        self._is_gone = False
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def whole(self, app: t.Any) -> bytes:
        """Begin, and the body once all of it has come and the app is done."""
        try:
            await self.begin(app)
            body = b""
            while piece := await self.piece():
                body += piece
            return body
        finally:
            await self.leave()

    async def begin(self, app: t.Any) -> None:
        """Have the app begin, and wait for the head of the response."""
        self._task = asyncio.create_task(self._run(app))
        async with self._changed:
            await self._changed.wait_for(lambda: self.status or self._is_complete)
        if not self.status:
            await self._task  # the error why there is none
            raise RuntimeError("The app did not answer.")

    async def piece(self) -> bytes:
        """The next piece of the body; empty at the end. Raises what the app raised meanwhile."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._pieces or self._is_complete)
            if self._pieces:
                piece = self._pieces.popleft()
                self._changed.notify_all()
                return piece
        if self._task is not None:
            await self._task
        return b""

    async def leave(self) -> None:
        """Go, and wait until the app is done."""
        async with self._changed:
            self._is_gone = True
            self._changed.notify_all()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self, app: t.Any) -> None:
        try:
            await app.asgi_app(self._scope, self._receive, self._send)
        finally:
            async with self._changed:
                self._is_complete = True
                self._changed.notify_all()

    async def _receive(self) -> Message:
        if self._rest is not None and not self._is_gone:
            piece, rest = self._rest[:_PIECE], self._rest[_PIECE:]
            self._rest = rest or None
            return {"type": "http.request", "body": piece, "more_body": bool(rest)}
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_gone)
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        async with self._changed:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = _decoded(message["headers"])
            elif message["type"] == "http.response.body":
                # As much is under way as one piece: an app that sends without end is slowed down.
                await self._changed.wait_for(lambda: self._is_gone or not self._pieces)
                if message.get("body") and not self._is_gone:
                    self._pieces.append(message["body"])
                if not message.get("more_body", False):
                    self._is_complete = True
            self._changed.notify_all()


class Lifespan:
    """The time of serving, as the lifespan protocol tells of it."""

    def __init__(self, app: t.Any) -> None:
        self._app = app
        self._ending = asyncio.Event()
        self._is_told = False
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Raises what the app's own functions raised."""
        scope: Scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": {},
            "flask.test": True,  # errors are to be raised rather than written
        }
        self._task = asyncio.create_task(t.cast("t.Any", self._app.asgi_app(scope, self._receive, self._answers.put)))
        answer = await self._answer()
        if answer["type"] != "lifespan.startup.complete":
            raise RuntimeError(answer.get("message") or "The startup failed.")

    async def end(self) -> str:
        """What the app says of failures; else nothing."""
        self._ending.set()
        answer = await self._answer()
        assert self._task is not None
        await self._task
        if answer["type"] == "lifespan.shutdown.failed":
            return t.cast(str, answer.get("message") or "The shutdown failed.")
        return ""

    async def _answer(self) -> Message:
        assert self._task is not None
        waiting = asyncio.create_task(self._answers.get())
        try:
            await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not waiting.done():
                waiting.cancel()
        if not waiting.done() or waiting.cancelled():
            await self._task  # the error why there is none
            raise RuntimeError("The app does not speak of the time of serving.")
        return waiting.result()

    async def _receive(self) -> Message:
        if not self._is_told:
            self._is_told = True
            return {"type": "lifespan.startup"}
        await self._ending.wait()
        return {"type": "lifespan.shutdown"}


class Socket:
    """The client's end of a WebSocket. Messages are strings, or bytes.

    Its methods are for the event loop that the app runs on.
    """

    def __init__(self, scope: Scope, subprotocols: t.Sequence[str]) -> None:
        #: What the app has chosen.
        self.subprotocol: str | None = None
        #: What the app sent along when it accepted.
        self.headers: list[tuple[str, str]] = []
        #: What the WebSocket was closed with, by either side.
        self.close_code: int | None = None
        self.close_reason = ""
        self._scope = scope
        self._scope.update(
            type="websocket",
            scheme={"https": "wss"}.get(scope["scheme"], "ws"),
            subprotocols=[*subprotocols],
            extensions={"websocket.http.response": {}},
        )
        del self._scope["method"]
        if subprotocols:
            scope["headers"].append((b"sec-websocket-protocol", ", ".join(subprotocols).encode()))
        self._is_accepted = False
        self._status = 0
        self._body = b""
        self._sent: deque[Message] = deque([{"type": "websocket.connect"}])
        self._received: deque[str | bytes] = deque()
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def open(self, app: t.Any) -> None:
        """Shake hands. Raises `ConnectionRefusedError`, with the `response`: status, headers and body."""
        self._task = asyncio.create_task(self._run(app))
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_accepted or self.close_code is not None)
        if not self._is_accepted:
            await self._task
            raise Refused(self._status or 403, self.headers, self._body)

    async def send(self, data: str | bytes) -> None:
        """Send a message. Raises `ConnectionResetError` where the WebSocket is closed."""
        self._check()
        kind = "text" if isinstance(data, str) else "bytes"
        await self._tell({"type": "websocket.receive", kind: data})

    async def send_json(self, value: t.Any) -> None:
        """Send a value as JSON."""
        await self.send(json.dumps(value))

    async def receive(self) -> str | bytes:
        """The next message. Raises `ConnectionResetError` where the app has closed the WebSocket."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._received or self.close_code is not None)
            if self._received:
                return self._received.popleft()
        self._check()
        raise AssertionError("not reached: it is closed")

    async def receive_json(self) -> t.Any:
        """The next message, which is JSON, as a value."""
        return json.loads(await self.receive())

    async def __aiter__(self) -> t.AsyncGenerator[str | bytes]:
        """The messages until the app closes the WebSocket."""
        while True:
            try:
                yield await self.receive()
            except ConnectionResetError:
                return

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket from this side, unless it is closed."""
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            await self._tell({"type": "websocket.disconnect", "code": code, "reason": reason})

    async def leave(self) -> None:
        """Close it, and wait until the app is done."""
        await self.close()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def result(self) -> None:
        """Raise what went through to the server, if anything did."""
        if self._task is not None:
            await self._task

    def _check(self) -> None:
        if self.close_code is not None:
            reason = f", reason {self.close_reason!r}" if self.close_reason else ""
            raise ConnectionResetError(f"The WebSocket is closed: code {self.close_code}{reason}.")

    async def _tell(self, message: Message) -> None:
        async with self._changed:
            self._sent.append(message)
            self._changed.notify_all()

    async def _run(self, app: t.Any) -> None:
        try:
            await app.asgi_app(self._scope, self._receive, self._send)
        finally:
            async with self._changed:
                if self.close_code is None:
                    self.close_code = 1006
                self._changed.notify_all()

    async def _receive(self) -> Message:
        async with self._changed:
            await self._changed.wait_for(lambda: self._sent)
            return self._sent.popleft()

    async def _send(self, message: Message) -> None:
        async with self._changed:
            self._hear(message)
            self._changed.notify_all()

    def _hear(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.send":
            if self.close_code is not None:
                raise OSError("The client has gone.")
            text = message.get("text")
            self._received.append(message["bytes"] if text is None else text)
        elif kind == "websocket.accept":
            self._is_accepted = True
            self.subprotocol = message.get("subprotocol")
            self.headers = _decoded(message.get("headers", ()))
        elif kind == "websocket.http.response.start":
            self._status = message["status"]
            self.headers = _decoded(message["headers"])
        elif kind == "websocket.http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self.close_code = 1006  # as a browser has it
        elif kind == "websocket.close" and self.close_code is None:
            self.close_code, self.close_reason = message.get("code", 1000), message.get("reason") or ""
            self._sent.append({"type": "websocket.disconnect", "code": self.close_code, "reason": self.close_reason})


class Refused(ConnectionRefusedError):
    """A WebSocket that the app did not accept."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        super().__init__(f"The WebSocket was refused: status {status}.")
        self.status_code = status
        self.headers = headers
        self.body = body


class BlockingSocket:
    """The same for synchronous tests. `run` makes a plain function of one that is to run on the app's event loop."""

    def __init__(self, socket: Socket, run: t.Callable[..., t.Any]) -> None:
        self._socket = socket
        self._run = run

    @property
    def subprotocol(self) -> str | None:
        """What the app has chosen."""
        return self._socket.subprotocol

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What the app sent along when it accepted."""
        return self._socket.headers

    @property
    def close_code(self) -> int | None:
        """What the WebSocket was closed with, by either side."""
        return self._socket.close_code

    @property
    def close_reason(self) -> str:
        """And why."""
        return self._socket.close_reason

    def send(self, data: str | bytes) -> None:
        """Send a message. Raises `ConnectionResetError` where the WebSocket is closed."""
        self._run(self._socket.send)(data)

    def send_json(self, value: t.Any) -> None:
        """Send a value as JSON."""
        self._run(self._socket.send_json)(value)

    def receive(self, timeout: float | None = None) -> str | bytes:
        """The next message. Raises `ConnectionResetError` where the app has closed, `TimeoutError` after seconds."""
        data: str | bytes = self._run(_within)(self._socket.receive, timeout)
        return data

    def receive_json(self, timeout: float | None = None) -> t.Any:
        """The next message, which is JSON, as a value."""
        return json.loads(self.receive(timeout))

    def __iter__(self) -> t.Generator[str | bytes]:
        """The messages until the app closes the WebSocket."""
        while True:
            try:
                yield self.receive()
            except ConnectionResetError:
                return

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket from this side, unless it is closed."""
        self._run(self._socket.close)(code, reason)


async def _within(func: t.Callable[[], t.Awaitable[t.Any]], timeout: float | None) -> t.Any:
    async with asyncio.timeout(timeout):
        return await func()


def _decoded(headers: t.Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
