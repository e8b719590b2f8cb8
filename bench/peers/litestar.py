"""The rows of the asynchronous measurement in Litestar."""

# Litestar reads the annotations of handlers when they are registered: they are no strings here.
import asyncio
import typing as t

from litestar import Litestar, MediaType, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect

from bench.scenarios import answers


@get("/", media_type=MediaType.HTML)
async def _index() -> str:
    return "Hello, World!"


@get("/items/{number:int}")
async def _show(number: int) -> dict[str, t.Any]:
    return answers.item(number)


@get("/plain", media_type=MediaType.HTML, sync_to_thread=True)
def _plain() -> str:
    return "plain"


@get("/sleep", media_type=MediaType.HTML)
async def _sleep() -> str:
    await asyncio.sleep(0.01)
    return "slept"


@websocket("/ws")
async def _echo(socket: WebSocket[t.Any, t.Any, t.Any]) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


def application() -> t.Any:
    return Litestar([_index, _show, _plain, _sleep, _echo])
