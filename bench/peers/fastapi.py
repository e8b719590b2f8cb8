"""The rows of the asynchronous measurement in FastAPI."""

from __future__ import annotations

import asyncio
import typing as t

from fastapi import FastAPI, WebSocket
from fastapi.responses import HTMLResponse

from bench.scenarios import answers


def application() -> t.Any:
    app = FastAPI()

    @app.get("/", response_class=HTMLResponse)
    async def index() -> str:
        return "Hello, World!"

    @app.get("/items/{number}")
    async def show(number: int) -> dict[str, t.Any]:
        return answers.item(number)

    @app.get("/plain", response_class=HTMLResponse)
    def plain() -> str:
        return "plain"

    @app.get("/sleep", response_class=HTMLResponse)
    async def sleep() -> str:
        await asyncio.sleep(0.01)
        return "slept"

    @app.websocket("/ws")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for message in websocket.iter_text():
            await websocket.send_text(message)

    return app
