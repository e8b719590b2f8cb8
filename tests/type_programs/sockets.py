"""WebSockets as their author annotates them: functions of both colours, hooks, a class of one's own, broadcasting."""

from __future__ import annotations

import asyncio
from typing import assert_type

from flask import Blueprint, Flask, Response, g, session, url_for, websocket
from flask.typing import ResponseReturnValue
from flask.views import View
from flask.websockets import BlockingWebSocket, WebSocket

app = Flask(__name__)
app.config["WEBSOCKET_ALLOWED_ORIGINS"] = ["https://app.example.org"]
app.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = None
rooms = Blueprint("rooms", __name__, url_prefix="/rooms")
clients: set[WebSocket] = set()


@app.websocket("/echo")
async def echo() -> None:
    async for message in websocket:
        assert_type(message, str | bytes)
        await websocket.send(message)


@app.websocket("/sync/<int:number>")
def sync(number: int) -> None:
    for message in websocket.blocking:
        assert_type(message, str | bytes)
        websocket.blocking.send(message)
    blocking = websocket.blocking
    assert_type(blocking, BlockingWebSocket)
    assert_type(blocking.receive(), str | bytes)
    blocking.send_json(number=number, path=blocking.path)
    blocking.accept(headers=[("X-A", "b")])
    blocking.close(4000, "done")


@rooms.websocket("/<name>", endpoint="room")
async def room(name: str) -> ResponseReturnValue | None:
    if "user" not in session:
        return {"error": "log in"}, 401
    chosen = websocket.subprotocols[0] if websocket.subprotocols else None
    await websocket.accept(headers={"X-Room": name}, subprotocol=chosen)
    client = websocket._get_current_object()  # pyright: ignore[reportPrivateUsage]
    assert_type(client, WebSocket)
    clients.add(client)
    try:
        g.data = await websocket.receive_json()
        await websocket.send_json([url_for("rooms.room", name=name), websocket.args.get("q"), websocket.view_args])
    except asyncio.CancelledError:
        assert_type(websocket.close_code, int | None)
        raise
    finally:
        clients.discard(client)
    await websocket.close(1000, reason="done")
    return None


async def tell_all(text: str) -> None:
    await asyncio.gather(*(client.send(text) for client in clients))


@app.before_websocket
def before() -> ResponseReturnValue | None:
    return None if websocket.cookies else ("no", 403)


@rooms.before_websocket
@rooms.before_app_websocket
async def before_later() -> None:
    await asyncio.sleep(0)


@app.after_websocket
@rooms.after_app_websocket
async def after(response: Response | None) -> Response | None:
    return response


@app.teardown_websocket
@rooms.teardown_app_websocket
async def teardown(error: BaseException | None) -> None:
    await asyncio.sleep(0)


class Answers(View):
    """A class-based function."""

    def dispatch_request(self) -> str:
        return "refused"


class Echo(View):
    """One that is asynchronous, takes a variable, and answers nothing."""

    async def dispatch_request(self, **values: str) -> None:
        await websocket.send(values["name"])


class Own(WebSocket):
    """A class with something more."""

    @property
    def user(self) -> str | None:
        return self.headers.get("X-User")


app.websocket_class = Own
app.add_websocket("/class", view_func=Answers.as_view("answers"))
app.add_websocket("/class/<name>", view_func=Echo.as_view("named"))
app.add_websocket("/later", "later")
app.register_blueprint(rooms)
