"""The WebSockets of the contract's app."""

from __future__ import annotations

import typing as t

import flask
from flask import Blueprint, request, session, websocket
from tests.contract import events

sockets = Blueprint("sockets", __name__, url_prefix="/ws")


@sockets.teardown_websocket
def teardown(error: BaseException | None) -> None:
    token = (websocket.view_args or {}).get("token")
    if token:
        events.tell(token, f"teardown: {type(error).__name__}")


@sockets.websocket("/echo/<token>")
async def echo(token: str) -> None:
    async for message in websocket:
        await websocket.send(message)


@sockets.websocket("/sync/<token>")
def sync(token: str) -> None:
    blocking = websocket.blocking
    for message in blocking:
        blocking.send(message)


@sockets.websocket("/seen/<int:number>")
async def seen(number: int) -> None:
    """Everything that the handshake says."""
    found: dict[str, t.Any] = {
        "number": number,
        "path": websocket.path,
        "args": list(websocket.args.items(multi=True)),
        "cookies": list(websocket.cookies.items(multi=True)),
        "session": dict(session),
        "host": websocket.host,
        "scheme": websocket.scheme,
        "client": websocket.remote_addr,
        "text": websocket.headers.get("X-Text"),
        "link": flask.url_for("seeing.seen"),
    }
    await websocket.send_json(found)


@sockets.websocket("/refused")
async def refused() -> None:
    flask.abort(401, "who are you?")


@sockets.websocket("/chosen")
async def chosen() -> None:
    """Accept with the last of the subprotocols that are offered."""
    await websocket.accept(subprotocol=websocket.subprotocols[-1])
    await websocket.send("accepted")


@sockets.websocket("/headed")
async def headed() -> None:
    """Accept with a header."""
    await websocket.accept(headers={"X-Headed": "yes"})
    await websocket.send("accepted")


@sockets.websocket("/closed/<int:code>")
async def closed(code: int) -> None:
    await websocket.send("open")
    await websocket.close(code, "a reason")


@sockets.websocket("/fail/<token>")
async def fail(token: str) -> t.NoReturn:
    await websocket.receive()
    raise RuntimeError("this WebSocket always fails")


@sockets.websocket("/ended")
async def ended() -> None:
    await websocket.send("bye")


@sockets.route("/session/<value>")
def to_session(value: str) -> str:
    session["value"] = value
    return request.path
