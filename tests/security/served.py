"""An app for servers in processes of their own: it answers each path, and tells which were asked for, in order."""

from __future__ import annotations

import os
import typing as t

from flask import Flask, request, websocket

app = Flask(__name__, root_path=".")
app.secret_key = "1c8f7d3b5a9e2046f1c8f7d3b5a9e204"
asked: list[str] = []


@app.route("/asked")
def tell() -> t.Any:
    return {"paths": asked, "process": os.getpid()}


@app.route("/unread/<token>", methods=["GET", "POST"])
def unread(token: str) -> str:
    """Leave the body where it is."""
    asked.append(request.path)
    return f"unread {token}"


@app.route("/<path:path>", methods=["GET", "POST", "PUT"])
def seen(path: str) -> t.Any:
    asked.append(request.path)
    return {
        "path": request.path,
        "method": request.method,
        "body": request.get_data().decode("latin-1"),
        "forged": request.headers.get("X-Forged"),
        "trailer": request.headers.get("X-Trailer"),
        "length": request.content_length,
    }


@app.websocket("/ws")
async def socket() -> None:
    await websocket.accept()
    async for message in websocket:
        await websocket.send(message)
