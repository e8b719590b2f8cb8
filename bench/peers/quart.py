"""The rows of the asynchronous measurement in Quart."""

from __future__ import annotations

import asyncio
import typing as t

from quart import Quart, websocket

from bench.scenarios import answers


def application() -> t.Any:
    app = Quart("bench_app")

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
        while True:
            await websocket.send(await websocket.receive())

    return app
