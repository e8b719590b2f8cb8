from __future__ import annotations

import asyncio
import json
import logging
import threading
import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask import Flask, Request, flash, g, get_flashed_messages, non_blocking, request, session, websocket
from flask._gateways.sockets import _is_longer
from flask.views import View
from flask.websockets import BlockingWebSocket, WebSocket

from .driven import WebSocketClosed, drive, first_message, opened, run

MESSAGES = st.lists(st.text(max_size=50) | st.binary(max_size=50), max_size=20)


@pytest.fixture(params=["async", "sync"])
def echo(request: pytest.FixtureRequest, app: Flask) -> Flask:
    """An app that sends back what it receives, by a function of either colour."""
    if request.param == "async":

        @app.websocket("/ws")
        async def answer() -> None:
            async for message in websocket:
                await websocket.send(message)
    else:

        @app.websocket("/ws")
        def answer() -> None:
            for message in websocket.blocking:
                websocket.blocking.send(message)

    return app


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MESSAGES)
def test_messages_come_back_as_they_went(echo: Flask, messages: list[str | bytes]) -> None:
    """Text stays text and bytes stay bytes, in order, whichever colour the function has."""

    async def main() -> list[str | bytes]:
        async with opened(echo) as socket:
            for message in messages:
                await socket.send(message)
            return [await socket.receive() for _ in messages]

    assert run(main()) == messages


def test_json_goes_by_the_provider_of_the_app(app: Flask) -> None:
    """`receive_json` and `send_json` are the provider's, and the latter takes its data as `jsonify` does."""

    @app.websocket("/ws")
    async def answer() -> None:
        data = await websocket.receive_json()
        await websocket.send_json(data)
        await websocket.send_json(1, 2)
        await websocket.send_json(b=1, a=data)
        await websocket.send_json()
        with pytest.raises(TypeError):
            await websocket.send_json(1, a=2)

    async def main() -> list[t.Any]:
        async with opened(app) as socket:
            await socket.send('{"x": ["é"]}')
            return [json.loads(await socket.receive()) for _ in range(4)]

    data = {"x": ["é"]}
    assert run(main()) == [data, [1, 2], {"a": data, "b": 1}, None]


def test_json_that_is_none_is_a_value_error(app: Flask) -> None:
    """A message that is no JSON raises ValueError, which the function may answer."""

    @app.websocket("/ws")
    async def answer() -> None:
        with pytest.raises(ValueError):
            await websocket.receive_json()
        await websocket.send("told")

    async def main() -> None:
        async with opened(app) as socket:
            await socket.send("{")
            assert await socket.receive() == "told"

    run(main())


@pytest.mark.parametrize("data", [1, None, ["x"], {"a": 1}, object()])
def test_only_text_and_bytes_are_sent(app: Flask, data: t.Any) -> None:
    """What is neither text nor bytes is a TypeError before anything is sent."""

    @app.websocket("/ws")
    async def answer() -> None:
        with pytest.raises(TypeError, match="send_json"):
            await websocket.send(data)
        await websocket.send(bytearray(b"1"))
        await websocket.send(t.cast(bytes, memoryview(b"2")))

    async def main() -> list[t.Any]:
        async with opened(app) as socket:
            return [await socket.receive(), await socket.receive()]

    assert run(main()) == [b"1", b"2"]


def test_function_that_ends_closes(app: Flask) -> None:
    """The end of the function closes with 1000."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.send("only this")

    async def main() -> int:
        async with opened(app) as socket:
            assert await socket.receive() == "only this"
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            return closed.value.code

    assert run(main()) == 1000


def test_code_and_reason_of_closing(echo: Flask) -> None:
    """`close` tells code and reason, ends the loop over the messages, and is in effect once."""
    ended = []

    @echo.websocket("/close")
    async def close() -> None:
        async for _ in websocket:
            await websocket.close(4001, "enough")
            await websocket.close(4002, "again")
        with pytest.raises(RuntimeError, match="closed"):
            await websocket.send("x")
        with pytest.raises(RuntimeError, match="closed"):
            await websocket.receive()
        ended.append(True)

    async def main() -> tuple[int, str]:
        async with opened(echo, "/close") as socket:
            await socket.send("x")
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            return closed.value.code, closed.value.reason

    assert run(main()) == (4001, "enough")
    assert ended == [True]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 6000))
def test_codes_that_nobody_may_send_are_refused(code: int) -> None:
    """Codes that RFC 6455 §7.4 forbids or reserves are a ValueError, and so is a reason of over 123 bytes."""
    app = Flask("codes", root_path=".")
    allowed = 3000 <= code <= 4999 or code in {1000, 1001, 1002, 1003, *range(1007, 1015)}

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        with pytest.raises(ValueError):
            await websocket.close(1000, "é" * 62)
        if allowed:
            await websocket.close(code, "é" * 61)
        else:
            with pytest.raises(ValueError, match=str(code)):
                await websocket.close(code)

    async def main() -> int:
        async with opened(app) as socket:
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            return closed.value.code

    assert run(main()) == (code if allowed else 1000)


@pytest.mark.parametrize("message", ["x" * 11, b"x" * 11, "é" * 6])
def test_message_over_the_limit_closes(echo: Flask, message: str | bytes) -> None:
    """A message of more bytes than WEBSOCKET_MAX_MESSAGE_SIZE closes with 1009, and one of just so many passes."""
    echo.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = 10
    told: list[t.Any] = []
    echo.teardown_websocket(lambda error: told.append(type(error)))

    async def main() -> int:
        async with opened(echo) as socket:
            await socket.send("é" * 5)
            assert await socket.receive() == "é" * 5
            await socket.send(message)
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            await socket.end()
            return closed.value.code

    assert run(main()) == 1009
    assert told == [asyncio.CancelledError]


def test_no_limit(echo: Flask) -> None:
    """Without a limit of ours only the server's holds."""
    echo.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = None

    async def main() -> int:
        async with opened(echo) as socket:
            await socket.send("x" * 20_000_000)
            return len(await socket.receive())

    assert run(main()) == 20_000_000


@given(st.text() | st.binary(), st.integers(0, 40))
def test_size_is_counted_in_bytes(message: str | bytes, limit: int) -> None:
    """The size of a message is that of its bytes, text in UTF-8."""
    data = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
    assert _is_longer(message, limit) == (len(data) > limit)


def test_what_belongs_to_a_request_works(app: Flask) -> None:
    """`session`, `g`, `flash` and `request` work, the last being the WebSocket itself."""

    @app.websocket("/ws/<int:number>")
    async def answer(number: int) -> None:
        g.number = number
        flash("hello")
        await websocket.send_json(
            [
                [websocket.path, websocket.args["q"], websocket.cookies["c"], websocket.headers["X-A"]],
                [websocket.host, websocket.url, websocket.root_path, websocket.remote_addr, websocket.scheme],
                [websocket.endpoint, websocket.view_args, websocket.blueprint, websocket.method, websocket.is_secure],
                [request.path, request.endpoint, g.number, get_flashed_messages(), session.get("none")],
                [isinstance(websocket, WebSocket), isinstance(request, Request), request == websocket],
            ]
        )

    async def main() -> t.Any:
        options: t.Any = {"base_url": "https://example.org/root", "headers": {"X-A": "a", "Cookie": "c=d"}}
        async with opened(app, "/ws/7?q=ü", **options) as socket:
            return json.loads(await socket.receive())

    assert run(main()) == [
        ["/ws/7", "ü", "d", "a"],
        ["example.org", "wss://example.org/root/ws/7?q=ü", "/root", "127.0.0.1", "wss"],
        ["answer", {"number": 7}, None, "GET", True],
        ["/ws/7", "answer", 7, ["hello"], None],
        [True, True, True],
    ]


def test_tasks_of_the_function_share_its_context(app: Flask) -> None:
    """Tasks that the function starts may send and receive too, and see what it sees."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()
        g.mark = "mark"

        async def push() -> None:
            await websocket.send(f"{g.mark} {request.path}")

        async def pull() -> str | bytes:
            return await websocket.receive()

        _, got = await asyncio.gather(push(), pull())
        await websocket.send(got)

    async def main() -> list[t.Any]:
        async with opened(app) as socket:
            first = await socket.receive()
            await socket.send("back")
            return [first, await socket.receive()]

    assert run(main()) == ["mark /ws", "back"]


def test_tasks_that_accept_at_once_accept_once(app: Flask) -> None:
    """Several tasks that send as the first thing accept once, and all of them send."""

    @app.websocket("/ws")
    async def answer() -> None:
        await asyncio.gather(*(websocket.send(str(number)) for number in range(5)))

    async def main() -> set[t.Any]:
        async with opened(app) as socket:
            return {await socket.receive() for _ in range(5)}

    assert run(main()) == set("01234")


def test_sync_function_runs_in_a_thread(app: Flask) -> None:
    """In a synchronous function the methods give their results, off the thread of the loop, marked or not."""
    seen = []

    @app.websocket("/ws")
    @non_blocking
    def answer() -> None:
        blocking = t.cast(BlockingWebSocket, websocket)
        seen.append(threading.current_thread())
        seen.append(isinstance(websocket, BlockingWebSocket))
        blocking.accept(headers={"X-A": "b"})
        assert blocking.receive_json() == [1]
        blocking.send_json(blocking.receive())
        blocking.send(blocking.blocking.path)
        blocking.close(3000)

    async def main() -> list[t.Any]:
        async with opened(app) as socket:
            assert ("x-a", "b") in socket.headers
            await socket.send("[1]")
            await socket.send("two")
            got = [await socket.receive(), await socket.receive()]
            with pytest.raises(WebSocketClosed, match="3000"):
                await socket.receive()
            return got

    assert run(main()) == ['"two"', "/ws"]
    assert seen[0] is not threading.main_thread()
    assert seen[1] is True


def test_thread_of_the_functions_own_may_send(app: Flask) -> None:
    """A thread that the function starts sends by the `blocking` face; on the loop that is refused."""

    @app.websocket("/ws")
    async def answer() -> None:
        blocking = websocket.blocking
        done = asyncio.get_running_loop().run_in_executor(None, blocking.send, "from a thread")
        await done
        await asyncio.create_task(_refuses(blocking))

    async def _refuses(blocking: BlockingWebSocket) -> None:
        with pytest.raises(RuntimeError, match="block"):
            blocking.send("x")

    assert run(first_message(app)) == "from a thread"


def test_both_faces_are_one(app: Flask) -> None:
    """What is set on the WebSocket shows on its blocking face, and the reverse."""

    @app.websocket("/ws")
    async def answer() -> None:
        blocking = websocket.blocking
        websocket.mark = 1  # type: ignore[attr-defined]
        assert blocking.mark == 1  # type: ignore[attr-defined]
        assert blocking.args is websocket.args
        assert blocking.blocking is blocking
        await websocket.send("ok")

    assert run(first_message(app)) == "ok"


def test_class_based_function(app: Flask) -> None:
    """A View may answer WebSockets, of either colour."""

    class Answers(View):
        async def dispatch_request(self, name: str) -> None:  # type: ignore[override]
            await websocket.send(name)

    app.add_websocket("/ws/<name>", view_func=Answers.as_view("answers"))

    assert run(first_message(app, "/ws/me")) == "me"


def test_own_class_of_websockets(app: Flask) -> None:
    """`websocket_class` is what `flask.websocket` stands for."""

    class Own(WebSocket):
        @property
        def shout(self) -> str:
            return self.args["q"].upper()

    app.websocket_class = Own

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.send(t.cast(Own, websocket).shout)

    assert run(first_message(app, "/ws?q=x")) == "X"


def test_outside_of_a_websocket_the_proxy_says_so(app: Flask) -> None:
    """In an HTTP request, or without a context, `websocket` raises the error that tells where it is for."""
    with pytest.raises(RuntimeError, match=r"@app\.websocket"):
        websocket.path
    with app.test_request_context(), pytest.raises(RuntimeError, match=r"@app\.websocket"):
        websocket.path


def test_error_after_accepting_closes_and_is_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """An error after the handshake closes with 1011, is logged and signalled, and no handler can answer it."""
    from flask import got_request_exception

    told: list[t.Any] = []
    app.teardown_websocket(lambda error: told.append(type(error)))
    app.errorhandler(ZeroDivisionError)(lambda error: "never")
    app.after_websocket(lambda response: told.append("never") or response)
    heard: list[t.Any] = []

    def hear(sender: Flask, exception: Exception) -> None:
        heard.append(type(exception))

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.send("before")
        1 / 0

    async def main() -> int:
        async with opened(app) as socket:
            await socket.receive()
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            return closed.value.code

    with got_request_exception.connected_to(hear, app), caplog.at_level(logging.ERROR):
        assert run(main()) == 1011
    assert told == heard == [ZeroDivisionError]
    assert "Exception on /ws" in caplog.text


def test_error_while_testing_comes_up(app: Flask) -> None:
    """With `testing` an error goes to whoever drives the app, after the WebSocket was closed or refused."""
    app.testing = True

    @app.websocket("/ws")
    async def answer() -> None:
        if "late" in websocket.args:
            await websocket.accept()
        1 / 0

    async def early() -> int:
        socket = drive(app)
        assert not await socket.connect()
        with pytest.raises(ZeroDivisionError):
            await socket.end()
        return socket.status

    async def late() -> int:
        socket = drive(app, "/ws?late")
        assert await socket.connect()
        with pytest.raises(WebSocketClosed) as closed:
            await socket.receive()
        with pytest.raises(ZeroDivisionError):
            await socket.end()
        return closed.value.code

    assert run(early()) == 500
    assert run(late()) == 1011


def test_result_after_accepting_is_an_error(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """A result cannot be sent once the WebSocket is accepted: an error that says so."""

    @app.websocket("/ws")
    async def answer() -> str:
        await websocket.accept()
        return "too late"

    async def main() -> int:
        async with opened(app) as socket:
            with pytest.raises(WebSocketClosed) as closed:
                await socket.receive()
            return closed.value.code

    with caplog.at_level(logging.ERROR):
        assert run(main()) == 1011
    assert "'answer' returned 'str'" in caplog.text


def test_second_accept_is_an_error(app: Flask) -> None:
    """`accept` raises RuntimeError where the WebSocket was accepted, be it by sending."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.send("x")
        with pytest.raises(RuntimeError, match="once"):
            await websocket.accept()

    assert run(first_message(app)) == "x"


def test_each_has_a_context_of_its_own(app: Flask) -> None:
    """Two WebSockets at a time have each a context of their own."""

    @app.websocket("/ws/<name>")
    async def answer(name: str) -> None:
        g.name = name
        async for _ in websocket:
            await websocket.send(f"{g.name} {websocket.path}")

    async def main() -> list[t.Any]:
        async with opened(app, "/ws/a") as one, opened(app, "/ws/b") as two:
            await two.send("")
            await one.send("")
            return [await one.receive(), await two.receive()]

    # Receiving accepts: both are open before either was sent anything.
    assert run(main()) == ["a /ws/a", "b /ws/b"]
