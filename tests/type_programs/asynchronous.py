"""An application of asynchronous views, streams and markers, as its author annotates it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from flask import Blueprint, Flask, Response, non_blocking, request, stream_request, stream_with_context

app = Flask(__name__)
pages = Blueprint("pages", __name__)


@app.get("/")
async def index() -> str:
    await asyncio.sleep(0)
    return "text"


@app.get("/lines")
async def lines() -> Iterator[str]:
    async def pieces() -> AsyncIterator[str]:
        yield request.path

    return stream_with_context(pieces())


@app.get("/bytes")
async def chunks() -> AsyncIterator[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"piece"

    return pieces()


@app.get("/decorated")
async def decorated() -> Response:
    @stream_with_context
    async def pieces() -> AsyncIterator[str]:
        yield request.path

    return Response(pieces(), mimetype="text/plain")


@app.post("/upload")
@stream_request
async def upload() -> dict[str, int]:
    return {"size": sum([len(piece) async for piece in request.stream])}


@pages.get("/quick")
@non_blocking
def quick() -> str:
    return "quick"


@app.before_request
async def before() -> None:
    await asyncio.sleep(0)


@app.after_request
@non_blocking
def after(response: Response) -> Response:
    return response


async def served() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(message: object) -> None:
        print(message)

    await app.asgi_app({"type": "http"}, receive, send)
