"""What the tests of WebSockets share: an application's WebSocket, driven without a server and without the test client.

The tests see each message of the protocol as a server does.
"""

from __future__ import annotations

import asyncio
import contextlib
import typing as t

from werkzeug.test import EnvironBuilder

from flask import Flask
from flask.typing import AsgiApplication, Message, Scope

R = t.TypeVar("R")

_GOES = "The application ended and left the WebSocket as it was."


class WebSocketClosed(Exception):
    """The application closed the WebSocket, with a code (RFC 6455 §7.4) and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}" + (f": {reason}" if reason else ""))
        self.code = code
        self.reason = reason


class WebSocketDrive:
    """One WebSocket, from the client's side. An error that the application lets out is raised by whatever waits for it.

    :param application: an ASGI application.
    :param scope: of type `websocket`, as `scope_of` makes it.
    """

    def __init__(self, application: AsgiApplication, scope: Scope) -> None:
        self._application = application
        self.scope = scope
        #: Whether the handshake was accepted, with which subprotocol and headers.
        self.accepted = False
        self.subprotocol: str | None = None
        #: The headers of the response that accepted or refused; the latter's status and body.
        self.headers: list[tuple[str, str]] = []
        self.status = 101
        self.body = b""
        #: How the application has closed it, if it has.
        self.closed: WebSocketClosed | None = None
        self._to_application: asyncio.Queue[Message] = asyncio.Queue()
        self._from_application: asyncio.Queue[Message | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> bool:
        """Shake hands; whether the application has accepted."""
        self._to_application.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._run())
        message = await self._next()
        kind = message["type"]
        if kind == "websocket.accept":
            self.accepted = True
            self.subprotocol = message.get("subprotocol")
            self.headers = _decoded(message)
        elif kind == "websocket.close":
            self.status = 403
        else:
            self.status = message["status"]
            self.headers = _decoded(message)
            while True:
                message = await self._next()
                self.body += message.get("body", b"")
                if not message.get("more_body", False):
                    break
        return self.accepted

    async def send(self, data: str | bytes) -> None:
        """Send a message."""
        kind = "text" if isinstance(data, str) else "bytes"
        self._to_application.put_nowait({"type": "websocket.receive", kind: data})

    async def receive(self) -> str | bytes:
        """The application's next message. Raises `WebSocketClosed`."""
        if self.closed is not None:
            raise self.closed
        message = await self._next()
        if message["type"] == "websocket.close":
            self.closed = WebSocketClosed(message.get("code", 1000), message.get("reason") or "")
            raise self.closed
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Go, and wait until the application has ended."""
        self._to_application.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        await self.end()

    async def end(self) -> None:
        """Wait until the application has ended."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        try:
            await self._application(self.scope, self._to_application.get, self._hear)
        finally:
            self._from_application.put_nowait(None)

    async def _hear(self, message: Message) -> None:
        self._from_application.put_nowait(message)

    async def _next(self) -> Message:
        message = await self._from_application.get()
        if message is None:
            self._from_application.put_nowait(None)  # for whoever asks again
            await self.end()  # which raises what the application raised
            raise RuntimeError(_GOES)
        return message


def scope_of(environ: t.Mapping[str, t.Any], subprotocols: t.Iterable[str] = ()) -> Scope:
    """The scope of a handshake, from a WSGI environment (PEP 3333) such as werkzeug.test.EnvironBuilder makes."""
    offered = list(subprotocols)
    headers = [
        (key[5:].replace("_", "-").lower().encode(), str(value).encode("latin-1"))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    if offered:
        headers.append((b"sec-websocket-protocol", ", ".join(offered).encode("latin-1")))
    root, path = (
        environ.get(key, "").encode("latin-1").decode(errors="replace") for key in ("SCRIPT_NAME", "PATH_INFO")
    )
    client = environ.get("REMOTE_ADDR")
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/"),
        "scheme": "wss" if environ.get("wsgi.url_scheme") in {"https", "wss"} else "ws",
        "path": root + path,
        "raw_path": str(environ.get("REQUEST_URI", "")).partition("?")[0].encode("latin-1") or None,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": root,
        "headers": headers,
        "client": (client, int(environ.get("REMOTE_PORT", 0))) if client else None,
        "server": (environ.get("SERVER_NAME", "localhost"), int(environ.get("SERVER_PORT", 80))),
        "subprotocols": offered,
        "extensions": {"websocket.http.response": {}},
    }


def _decoded(message: Message) -> list[tuple[str, str]]:
    pairs = message.get("headers") or ()
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


def drive(app: Flask, path: str = "/ws", subprotocols: t.Sequence[str] = (), **options: t.Any) -> WebSocketDrive:
    """A WebSocket of the app that is still to connect; the options are those of werkzeug.test.EnvironBuilder."""
    environ = EnvironBuilder(path, **options).get_environ()
    environ["REMOTE_ADDR"] = "127.0.0.1"
    return WebSocketDrive(app.asgi_app, scope_of(environ, subprotocols))


@contextlib.asynccontextmanager
async def opened(app: Flask, path: str = "/ws", **options: t.Any) -> t.AsyncIterator[WebSocketDrive]:
    """A WebSocket of the app that was accepted; the client goes at the end."""
    socket = drive(app, path, **options)
    assert await socket.connect(), (socket.status, socket.body)
    try:
        yield socket
    finally:
        await socket.close()


async def first_message(app: Flask, path: str = "/ws", **options: t.Any) -> t.Any:
    """What the app says first to a client that says nothing."""
    async with opened(app, path, **options) as socket:
        return await socket.receive()


async def refused(app: Flask, path: str = "/ws", **options: t.Any) -> WebSocketDrive:
    """A WebSocket of the app that was refused, and its function has ended."""
    socket = drive(app, path, **options)
    assert not await socket.connect()
    await socket.end()
    return socket


def run(coroutine: t.Coroutine[t.Any, t.Any, R]) -> R:
    """Run a test on a loop of its own; nothing may be left on it."""

    async def whole() -> R:
        result = await asyncio.wait_for(coroutine, 10)
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    return asyncio.run(whole())
