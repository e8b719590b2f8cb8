"""The rows of the asynchronous measurement in Starlette."""

from __future__ import annotations

import asyncio
import typing as t

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from bench.scenarios import answers


async def _index(request: Request) -> HTMLResponse:
    return HTMLResponse("Hello, World!")


async def _show(request: Request) -> JSONResponse:
    return JSONResponse(answers.item(request.path_params["number"]))


def _plain(request: Request) -> HTMLResponse:
    return HTMLResponse("plain")


async def _sleep(request: Request) -> HTMLResponse:
    await asyncio.sleep(0.01)
    return HTMLResponse("slept")


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


def application() -> t.Any:
    return Starlette(
        routes=[
            Route("/", _index),
            Route("/items/{number:int}", _show),
            Route("/plain", _plain),
            Route("/sleep", _sleep),
            WebSocketRoute("/ws", _echo),
        ]
    )
