from __future__ import annotations

import asyncio
import gc
import threading
import time
import typing as t
import weakref

import pytest

from flask import Flask, g, websocket
from flask._gateways import sockets
from flask.websockets import WebSocket

from .driven import drive, opened, run


@pytest.fixture
def told(app: Flask) -> list[t.Any]:
    """What became of the WebSockets of the app, as the teardown was told."""
    found: list[t.Any] = []
    app.teardown_websocket(lambda error: found.append(type(error)))
    app.teardown_appcontext(lambda error: found.append("app"))
    return found


GONE = [asyncio.CancelledError, "app"]


def _leave(app: Flask, path: str = "/ws", before: int = 0) -> None:
    async def main() -> None:
        async with opened(app, path) as socket:
            for _ in range(before):
                await socket.receive()

    run(main())


def test_function_that_receives_is_cancelled(app: Flask, told: list[t.Any]) -> None:
    """Where the client goes while the function waits for a message, it is cancelled, and torn down."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        try:
            await websocket.receive()
        except asyncio.CancelledError:
            told.append(websocket.close_code)
            raise

    _leave(app)
    assert told == [1000, *GONE]


def test_function_that_only_sends_is_cancelled(app: Flask, told: list[t.Any]) -> None:
    """Where the function never receives, somebody notices that the client has gone."""

    @app.websocket("/ws")
    async def answer() -> None:
        while True:
            await websocket.send("x")
            await asyncio.sleep(0.001)

    _leave(app, before=3)
    assert told == GONE


def test_function_that_waits_for_something_else_is_cancelled(app: Flask, told: list[t.Any]) -> None:
    """Messages that nobody takes do not hide for long that the client has gone."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        await asyncio.sleep(3600)

    async def main() -> None:
        async with opened(app) as socket:
            for number in range(sockets._KEPT - 2):
                await socket.send(str(number))

    run(main())
    assert told == GONE


@pytest.mark.parametrize("colour", ["async", "sync"])
def test_what_was_sent_before_leaving_is_received(app: Flask, told: list[t.Any], colour: str) -> None:
    """A function that is slow to take what the client sent gets all of it, though the client has gone meanwhile."""
    got: list[t.Any] = []

    @app.websocket("/ws")
    async def answer() -> None:
        async for message in websocket:
            await asyncio.sleep(0.02)
            got.append(message)

    @app.websocket("/sync")
    def answer_blocking() -> None:
        for message in websocket.blocking:
            time.sleep(0.02)
            got.append(message)

    async def main() -> None:
        async with opened(app, "/ws" if colour == "async" else "/sync") as socket:
            for text in "abcdef":
                await socket.send(text)

    run(main())
    assert got == [*"abcdef"]
    assert told == GONE


def test_messages_kept_meanwhile_come_in_order(app: Flask) -> None:
    """What came while the function was busy is received in order, and nobody keeps more than so many."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        await asyncio.sleep(0.03)
        got = [await websocket.receive() for _ in range(100)]
        await asyncio.sleep(0.03)
        got += [await websocket.receive() for _ in range(100)]
        await websocket.send_json(got)

    async def main() -> t.Any:
        async with opened(app) as socket:
            for number in range(100):
                await socket.send(str(number))
            await asyncio.sleep(0.02)
            assert socket._to_application.qsize() == 100 - sockets._KEPT
            for number in range(100, 200):
                await socket.send(str(number))
            return await socket.receive()

    assert run(main()) == "[" + ", ".join(f'"{number}"' for number in range(200)) + "]"


def test_listener_gives_way_to_who_receives(app: Flask) -> None:
    """Who asks for a message while somebody listens gets the next one, and receives by himself from then on."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        for _ in range(3):
            await asyncio.sleep(0.02)
            await websocket.send(await websocket.receive())

    async def main() -> list[t.Any]:
        got = []
        async with opened(app) as socket:
            for text in "abc":
                await asyncio.sleep(0.03)
                await socket.send(text)
                got.append(await socket.receive())
        return got

    assert run(main()) == ["a", "b", "c"]


def test_synchronous_function_hears_of_it_where_it_waits(app: Flask, told: list[t.Any]) -> None:
    """A thread cannot be interrupted: the synchronous function is told at its next `receive` or `send`."""

    @app.websocket("/ws")
    def answer() -> None:
        try:
            for _ in websocket.blocking:
                pass
        except asyncio.CancelledError:
            told.append("told")
            raise

    @app.websocket("/sends")
    def sends() -> None:
        while True:
            websocket.blocking.send("x")
            time.sleep(0.001)

    _leave(app)
    assert told == ["told", *GONE]
    told.clear()
    _leave(app, "/sends", before=2)
    assert told == GONE


def test_tasks_of_the_function_end_with_it(app: Flask, told: list[t.Any]) -> None:
    """Where a task of the function's receives, the function is cancelled too, and with a group all its tasks."""
    ended: list[str] = []

    async def forever(name: str) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(name)

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        async with asyncio.TaskGroup() as group:
            group.create_task(websocket.receive())
            group.create_task(forever("task"))
            await forever("own")

    _leave(app)
    assert sorted(ended) == ["own", "task"]
    assert told == GONE


def test_function_may_end_as_if_nothing_were(app: Flask, told: list[t.Any]) -> None:
    """A function that takes the cancellation for the end ends without an error; who goes on is told again."""

    @app.websocket("/ws")
    async def answer() -> None:
        try:
            async for _ in websocket:
                pass
        except asyncio.CancelledError:
            with pytest.raises(asyncio.CancelledError):
                await websocket.send("x")
            with pytest.raises(asyncio.CancelledError):
                await websocket.receive()
            await websocket.close()

    _leave(app)
    assert told == [type(None), "app"]


def test_cleaning_up_may_wait(app: Flask) -> None:
    """What a function does when it is cancelled may wait, and so may an asynchronous teardown."""
    told = []

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.01)
            told.append("own")

    @app.teardown_websocket
    async def down(error: BaseException | None) -> None:
        await asyncio.sleep(0.01)
        told.append("teardown")

    _leave(app)
    assert told == ["own", "teardown"]


def test_sending_to_a_client_that_has_gone(app: Flask, told: list[t.Any]) -> None:
    """A server that says so when it is to send cancels the function as well."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        await websocket.send("x")

    async def main() -> None:
        async def send(message: t.Any) -> None:
            if message["type"] == "websocket.send":
                raise BrokenPipeError

        messages = iter([{"type": "websocket.connect"}])

        async def receive() -> t.Any:
            return next(messages)

        await app.asgi_app(drive(app).scope, receive, send)

    run(main())
    assert told == GONE


def test_others_who_send_to_it_are_not_cancelled(app: Flask, told: list[t.Any]) -> None:
    """Who sends to a WebSocket that has ended, and is not its own function, gets a ConnectionResetError."""
    there: dict[str, WebSocket] = {}

    @app.websocket("/ws/<name>")
    async def answer(name: str) -> None:
        await websocket.accept()
        there[name] = websocket._get_current_object()
        await websocket.receive()

    @app.websocket("/tell")
    async def tell() -> None:
        async for name in websocket:
            try:
                await there[str(name)].send("told")
            except ConnectionResetError:
                await websocket.send(f"{name} has gone")
            else:
                await websocket.send(f"{name} is there")

    @app.websocket("/tell-sync")
    def tell_blocking() -> None:
        with pytest.raises(ConnectionResetError):
            there["one"].blocking.send("x")
        with pytest.raises(ConnectionResetError):
            there["two"].blocking.receive()
        websocket.blocking.send("gone")

    async def main() -> list[t.Any]:
        got = []
        async with opened(app, "/tell") as telling:
            async with opened(app, "/ws/one") as one, opened(app, "/ws/two") as two:
                await telling.send("one")
                got += [await telling.receive(), await one.receive()]
                await two.send("end")
                await two.end()
            for name in ("one", "two"):
                await telling.send(name)
                got.append(await telling.receive())
        async with opened(app, "/tell-sync") as telling:
            got.append(await telling.receive())
        return got

    assert run(main()) == ["one is there", "told", "one has gone", "two has gone", "gone"]


def test_client_that_goes_before_the_handshake(app: Flask, told: list[t.Any]) -> None:
    """Where there is no handshake nothing runs."""
    app.websocket("/ws")(lambda: pytest.fail("called"))

    async def main() -> None:
        async def receive() -> t.Any:
            return {"type": "websocket.disconnect", "code": 1006}

        async def send(message: t.Any) -> None:
            pytest.fail("sent")

        await app.asgi_app(drive(app).scope, receive, send)

    run(main())
    assert told == []


def test_cancellation_by_the_server_is_the_servers(app: Flask, told: list[t.Any]) -> None:
    """A server that cancels the task finds it cancelled, torn down."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        await asyncio.sleep(3600)

    async def main() -> None:
        socket = drive(app)
        assert await socket.connect()
        assert socket._task is not None
        socket._task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await socket.end()

    run(main())
    assert told == GONE


def test_timeout_of_receiving_leaves_the_websocket_usable(app: Flask) -> None:
    """A timeout around `receive` is the function's own, and the next message is not lost."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await websocket.receive()
        await websocket.send("asked")
        await websocket.send(await websocket.receive())

    async def main() -> list[t.Any]:
        async with opened(app) as socket:
            first = await socket.receive()
            await socket.send("late")
            return [first, await socket.receive()]

    assert run(main()) == ["asked", "late"]


@pytest.mark.parametrize("end", ["client", "function", "error"])
def test_nothing_is_left_of_a_websocket(app: Flask, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a WebSocket has ended, nothing but the garbage collector's need holds what belonged to it."""
    left: list[weakref.ref[t.Any]] = []

    monkeypatch.setattr(app.logger, "disabled", True)  # what has logged an error may keep it

    class Mark:
        pass

    @app.websocket("/ws")
    async def answer() -> None:
        g.mark = Mark()
        left.append(weakref.ref(g.mark))
        left.append(weakref.ref(websocket._get_current_object()))  # type: ignore[attr-defined]
        await websocket.send("x")
        if end == "client":
            await websocket.receive()
        elif end == "error":
            1 / 0

    _leave(app, before=1)
    gc.collect()
    assert [found() for found in left] == [None, None]


@pytest.mark.parametrize("idle", [0, sockets._SECONDS_UNWATCHED + 0.2], ids=["at once", "after a while"])
def test_who_closes_is_not_cancelled(app: Flask, told: list[t.Any], idle: float) -> None:
    """What a function does after it has closed is not cut off by the client's answer to that."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        await asyncio.sleep(idle)
        await websocket.close(4000)
        await asyncio.sleep(0.1)
        told.append("saved")

    async def main() -> None:
        async with app.async_test_client().websocket("/ws") as socket:
            with pytest.raises(ConnectionResetError):
                await socket.receive()

    run(main())
    assert told == ["saved", type(None), "app"]


def test_closing_ends_the_messages_of_other_tasks(app: Flask, told: list[t.Any]) -> None:
    """A task that waits for messages comes to their end where another one closes; neither is cancelled."""

    @app.websocket("/ws")
    async def answer() -> None:
        async def read() -> None:
            told.extend([message async for message in websocket])
            told.append("end")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read())
            await asyncio.sleep(0.05)
            await websocket.close(4000)
        told.append("after")

    async def main() -> None:
        async with app.async_test_client().websocket("/ws") as socket:
            await socket.send("one")
            with pytest.raises(ConnectionResetError):
                await socket.receive()
            assert socket.close_code == 4000

    run(main())
    assert told == ["one", "end", "after", type(None), "app"]


def test_closing_ends_the_messages_of_other_threads(app: Flask, told: list[t.Any]) -> None:
    """The same for a synchronous function, which another thread closes."""

    @app.websocket("/ws")
    def answer() -> None:
        socket = websocket.blocking
        closing = threading.Timer(0.05, socket.close, (4000,))
        closing.start()
        told.extend(socket)
        told.append("end")

    async def main() -> None:
        async with app.async_test_client().websocket("/ws") as socket:
            await socket.send("one")
            with pytest.raises(ConnectionResetError):
                await socket.receive()

    run(main())
    assert told == ["one", "end", type(None), "app"]
