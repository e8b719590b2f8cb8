"""What runs around serving and beside requests, and the tests of it, as an author types them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any, assert_type

from werkzeug.test import TestResponse

from flask import Blueprint, EventStream, Flask, current_app, websocket
from flask.async_testing import AsyncFlaskClient, StreamedResponse
from flask.sessions import SessionMixin
from flask.testing import FlaskClient

app = Flask(__name__)
app.testing = True
app.secret_key = "dev"
app.config["WEBSOCKET_ALLOWED_ORIGINS"] = "https://example.org"
blueprint = Blueprint("blueprint", __name__)


class Pool:
    """What a library would offer."""

    async def close(self) -> None: ...

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(self, *error: object) -> None: ...


@app.before_serving
async def open_pool() -> None:
    current_app.extensions["pool"] = Pool()


@app.before_serving
def warm_up() -> None: ...


@app.after_serving
async def close_pool() -> None:
    await current_app.extensions["pool"].close()


@app.while_serving
async def pool() -> AsyncIterator[None]:
    async with Pool():
        yield


@app.while_serving
async def another_pool() -> AsyncGenerator[None, None]:
    yield


@app.while_serving
def file() -> Iterator[None]:
    yield


@blueprint.while_app_serving
def another_file() -> Generator[None, None, None]:
    yield


@blueprint.before_app_serving
def before() -> None: ...


@blueprint.after_app_serving
async def after() -> None: ...


assert_type(pool(), AsyncIterator[None])  # a decorator gives the very function back


def refused() -> None:
    """What the checkers say no to."""
    app.before_serving(1)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    app.add_background_task(resize, "wide")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.add_background_task(send_mail)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def send_mail(address: str, *, subject: str = "") -> None: ...


def resize(width: int) -> bool:
    return True


@app.post("/mail")
async def mail() -> str:
    app.add_background_task(send_mail, "somebody@example.org", subject="Hello")
    app.add_background_task(resize, 100)
    return "on its way"


@app.get("/events")
def events() -> EventStream:
    return EventStream(iter(["tick"]))


@app.websocket("/ws")
async def echo() -> None:
    await websocket.accept(subprotocol="chat" if "chat" in websocket.subprotocols else None)
    async for message in websocket:
        await websocket.send(message)
        await websocket.send_json({"heard": len(message)})
        if message == "enough":
            break


class Own(Flask):
    def handle_background_exception(self, e: Exception) -> None:
        super().handle_background_exception(e)


def test_synchronously() -> None:
    client = app.test_client()
    assert_type(client, FlaskClient)
    client.post("/mail")
    client.finish_background_tasks(timeout=5)
    app.finish_background_tasks()
    with client.websocket("/ws", subprotocols=["chat"], headers={"Origin": "https://example.org"}) as socket:
        socket.send("text")
        socket.send(b"bytes")
        socket.send_json({"a": 1})
        socket.send("enough")
        assert_type(socket.receive(timeout=1), str | bytes)
        for message in socket:
            assert_type(message, str | bytes)
        assert_type(socket.close_code, int | None)
    app.shutdown()


async def test_asynchronously() -> None:
    async with app.async_test_client() as client:
        assert_type(client, AsyncFlaskClient)
        response = await client.post("/mail", json={"to": "somebody"}, follow_redirects=True)
        assert_type(response, TestResponse)
        assert_type(response.status_code, int)
        assert_type(response.text, str)
        async with client.session_transaction() as session:
            assert_type(session, SessionMixin)
            session["user"] = 1
        async with client.stream("/events") as streamed:
            assert_type(streamed, StreamedResponse)
            async for piece in streamed:
                assert_type(piece, bytes)
            await streamed.disconnect()
        async with client.websocket("/ws") as socket:
            await socket.send("text")
            assert_type(await socket.receive(), str | bytes)
            assert_type(await socket.receive_json(), Any)
            await socket.send("enough")
            async for message in socket:
                assert_type(message, str | bytes)
            await socket.close(4000, "enough")
        await client.finish_background_tasks(timeout=5)
        await asyncio.gather(client.get("/"), client.get("/"))
