"""The application that a server of the asynchronous measurement imports; which one, the environment says."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import typing as t

from bench.model import HTML, flask_app
from bench.scenarios import answers

if t.TYPE_CHECKING:
    from flask import Flask

Scope = dict[str, t.Any]
Receive = t.Callable[[], t.Awaitable[dict[str, t.Any]]]
Send = t.Callable[[dict[str, t.Any]], t.Awaitable[None]]


def ours() -> Flask:
    """The rows as an application of ours."""
    from flask import websocket

    app = flask_app()

    @app.get("/")
    async def index() -> str:
        return "Hello, World!"

    @app.get("/items/<int:number>")
    async def show(number: int) -> dict[str, t.Any]:
        return answers.item(number)

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    @app.get("/sleep")
    async def sleep() -> str:
        await asyncio.sleep(0.01)
        return "slept"

    @app.websocket("/ws")
    async def echo() -> None:
        await websocket.accept()
        async for message in websocket:
            await websocket.send(message)

    return app


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """The rows as an ASGI function alone: what is left when a framework costs nothing."""
    if scope["type"] == "http":
        await _bare_answer(scope["path"], send)
    elif scope["type"] == "websocket":
        await _bare_echo(receive, send)
    else:
        await _bare_lifespan(receive, send)


async def _bare_answer(path: str, send: Send) -> None:
    kind, body = HTML, b"Hello, World!"
    if path == "/sleep":
        await asyncio.sleep(0.01)
        body = b"slept"
    elif path == "/plain":
        body = b"plain"
    elif path != "/":
        number = int(path.rpartition("/")[2])
        kind, body = "application/json", json.dumps(answers.item(number), separators=(",", ":")).encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _bare_echo(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def _bare_lifespan(receive: Receive, send: Send) -> None:
    for _ in range(2):
        message = await receive()
        await send({"type": f"{message['type']}.complete"})


side = os.environ.get("BENCH_SIDE", "ours")
rsgi: Flask | None = None
asgi: t.Any
if side == "ours":
    rsgi = ours()  # an RSGI server finds `__rsgi__` on the application itself
    asgi = rsgi.asgi_app
elif side == "bare":
    asgi = bare
else:
    asgi = importlib.import_module(f"bench.peers.{side}").application()
