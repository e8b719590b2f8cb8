"""An application with WebSockets, for servers in processes of their own."""

from __future__ import annotations

import asyncio
import time
import typing as t

from flask import Flask, g, session, url_for, websocket

app = Flask(__name__, root_path=".")
app.secret_key = "served"
app.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = 1000

#: What became of the WebSockets that had a name.
ended: dict[str, str] = {}


@app.teardown_websocket
def note(error: BaseException | None) -> None:
    ended[websocket.args.get("name", "")] = type(error).__name__


@app.route("/ended/<name>")
def tell(name: str) -> str:
    return ended.get(name, "")


@app.websocket("/echo")
async def echo() -> None:
    async for message in websocket:
        await websocket.send(message)


@app.websocket("/echo-sync")
def echo_sync() -> None:
    for message in websocket.blocking:
        websocket.blocking.send(message)


@app.websocket("/about/<int:number>")
async def about(number: int) -> None:
    g.number = number
    await websocket.send_json(
        {
            "number": g.number,
            "q": websocket.args["q"],
            "path": websocket.path,
            "url": websocket.url.replace(websocket.host, "host"),
            "back": url_for("about", number=1).replace(websocket.host, "host"),
            "page": url_for("tell", name="x"),
            "address": websocket.remote_addr,
            "cookie": websocket.cookies.get("c"),
            "offered": websocket.subprotocols,
        }
    )
    await websocket.receive()


@app.websocket("/accept")
async def accept() -> None:
    session["seen"] = True
    await websocket.accept(headers={"X-Added": "yes"})


@app.websocket("/subprotocol")
async def subprotocol() -> None:
    await websocket.accept(subprotocol="two")


@app.websocket("/close")
async def close() -> None:
    await websocket.accept()
    await websocket.close(4001, "bye")


@app.websocket("/end")
async def end() -> None:
    await websocket.accept()


@app.websocket("/refuse")
async def refuse() -> t.Any:
    return {"why": "because"}, 402, {"X-Added": "yes"}


@app.websocket("/fail")
async def fail() -> None:
    if "late" in websocket.args:
        await websocket.accept()
    raise LookupError


@app.websocket("/push")
async def push() -> None:
    while True:
        await websocket.send("x")
        await asyncio.sleep(0.05)


@app.websocket("/push-sync")
def push_sync() -> None:
    while True:
        websocket.blocking.send("x")
        time.sleep(0.05)
