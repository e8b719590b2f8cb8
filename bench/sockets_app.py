"""An application of WebSockets that echo, and hear what is said to all of them; on ours or on Quart."""

from __future__ import annotations

import asyncio
import importlib
import os
import typing as t

from bench import held

if t.TYPE_CHECKING:
    from flask import Flask


def application(side: str) -> Flask:
    """The application, and nothing that only one of the two frameworks would have."""
    framework = importlib.import_module("quart" if side == "quart" else "flask")
    websocket = framework.websocket
    app: Flask = (framework.Quart if side == "quart" else framework.Flask)("sockets")
    there: set[t.Any] = set()

    @app.websocket("/ws")
    async def echo() -> None:
        await websocket.accept()
        mine = websocket._get_current_object()
        there.add(mine)
        try:
            while True:
                await websocket.send(await websocket.receive())
        finally:
            there.discard(mine)

    @app.get("/broadcast/<int:number>")
    async def broadcast(number: int) -> dict[str, int]:
        everybody = list(there)
        await asyncio.gather(*(one.send(f"broadcast {number}") for one in everybody))
        return {"told": len(everybody)}

    @app.get("/held")
    async def seen() -> dict[str, int]:
        return {"there": len(there), **held.altogether()}

    return app


side = os.environ.get("BENCH_SIDE", "ours")
app = application(side)
asgi: t.Any = app if side == "quart" else app.asgi_app
