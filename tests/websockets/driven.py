"""What the tests of WebSockets share: an application's WebSocket, driven without a server."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t

from werkzeug.test import EnvironBuilder

from flask import Flask
from flask._driving import WebSocketDrive, scope_of

R = t.TypeVar("R")


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
