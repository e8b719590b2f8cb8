"""The client for asynchronous tests, and WebSockets of both clients."""

from __future__ import annotations

import asyncio
import io
import typing as t

import pytest

import flask
from flask import websocket
from flask.async_testing import AsyncFlaskClient


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "a key for tests"
    app.testing = True
    events: list[str] = []
    app.extensions["events"] = events

    @app.while_serving
    async def held() -> t.AsyncIterator[None]:
        app.extensions["lock"] = asyncio.Lock()
        events.append("begins")
        yield
        events.append("ends")

    @app.route("/told", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
    async def told() -> flask.typing.ResponseReturnValue:
        async with app.extensions["lock"]:
            request = flask.request
            return {
                "method": request.method,
                "path": request.path,
                "root": request.root_path,
                "args": request.args,
                "form": request.form,
                "files": {name: file.read().decode() for name, file in request.files.items()},
                "json": request.get_json(silent=True),
                "header": request.headers.get("X-Header"),
                "url": request.url,
                "address": request.remote_addr,
                "length": len(request.get_data()),
                "cookies": request.cookies,
            }

    @app.route("/named/<path:name>")
    def named(name: str) -> str:
        return name

    @app.route("/count")
    async def count() -> str:
        flask.session["count"] = flask.session.get("count", 0) + 1
        return str(flask.session["count"])

    @app.route("/redirect/<int:times>")
    def redirect(times: int) -> flask.typing.ResponseReturnValue:
        return flask.redirect(flask.url_for("redirect", times=times - 1) if times else "/count")

    @app.route("/stream")
    async def stream() -> flask.Response:
        async def body() -> t.AsyncIterator[str]:
            try:
                for number in range(1_000_000):
                    yield f"{number} "
            finally:
                events.append("the stream is closed")

        return flask.Response(body())

    @app.route("/wait")
    async def wait() -> str:
        events.append("waits")
        try:
            await asyncio.Event().wait()
        finally:
            events.append("is cancelled")
        return ""

    @app.route("/fail")
    async def fail() -> str:
        raise LookupError("in the view")

    @app.route("/task")
    def task() -> str:
        app.add_background_task(events.append, "task")
        return ""

    @app.websocket("/echo")
    async def echo() -> None:
        if "refused" in websocket.args:
            flask.abort(403)
        flask.session["count"] = 41
        offered = websocket.subprotocols
        await websocket.accept(subprotocol=offered[-1] if offered else None)
        async with app.extensions["lock"]:
            await websocket.send(websocket.headers.get("X-Header", "no header"))
        async for message in websocket:
            if message == "close":
                await websocket.close(4001, "as you like")
                return
            if message == "fail":
                raise LookupError("in the WebSocket")
            await websocket.send(message)

    @app.websocket("/echo/sync")
    def echo_sync() -> None:
        while True:
            websocket.send(websocket.receive())

    return app


def in_a_client(app: flask.Flask, function: t.Callable[[AsyncFlaskClient], t.Awaitable[None]]) -> None:
    """Run a test within an event loop and a client's block."""

    async def test() -> None:
        async with asyncio.timeout(60), app.async_test_client() as client:
            await function(client)

    asyncio.run(test())


class TestRequests:
    def test_the_app_is_served_within_the_block(self, app: flask.Flask) -> None:
        """What is to run before and after runs at the ends of the block, on the test's own loop."""
        events = app.extensions["events"]

        async def test(client: AsyncFlaskClient) -> None:
            assert events == ["begins"]
            assert (await client.get("/told")).status == "200 OK"
            assert events == ["begins"]

        in_a_client(app, test)
        assert events == ["begins", "ends"]

    def test_arguments_are_the_builders(self, app: flask.Flask) -> None:
        """Query, headers, forms, files, JSON, base URL and address come to the app as from the synchronous client."""

        def arguments() -> list[dict[str, t.Any]]:
            return [
                {"query_string": {"a": "ä"}, "headers": {"X-Header": "value"}},
                {"data": {"a": "b", "file": (io.BytesIO(b"in a file"), "name.txt")}},
                {"json": {"a": [1, "ä"]}},
                {"data": b"x" * 200_000},
                {"base_url": "https://example.org:444/below"},
                {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}},
            ]

        async def test(client: AsyncFlaskClient) -> None:
            for ours, theirs in zip(arguments(), arguments(), strict=True):
                found = await client.post("/told", **ours)
                expected = await asyncio.to_thread(lambda given=theirs: app.test_client().post("/told", **given))
                assert found.json == expected.json

        in_a_client(app, test)

    @pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "trace"])
    def test_each_method_has_a_name(self, app: flask.Flask, method: str) -> None:
        """The methods of a client are those of HTTP."""

        async def test(client: AsyncFlaskClient) -> None:
            assert (await getattr(client, method)("/told")).json["method"] == method.upper()

        in_a_client(app, test)

    def test_head_and_options(self, app: flask.Flask) -> None:
        """HEAD has no body, and OPTIONS names what a URL allows."""

        async def test(client: AsyncFlaskClient) -> None:
            assert (await client.head("/count")).data == b""
            assert "GET" in (await client.options("/count")).headers["Allow"]

        in_a_client(app, test)

    @pytest.mark.parametrize("name", ["plain", "ä b", "a%20b", "per%25cent", "a/b", "日本"])
    def test_paths_arrive_as_they_are(self, app: flask.Flask, name: str) -> None:
        """A path means the same to both clients."""

        async def test(client: AsyncFlaskClient) -> None:
            expected = await asyncio.to_thread(lambda: app.test_client().get(f"/named/{name}").text)
            assert (await client.get(f"/named/{name}")).text == expected

        in_a_client(app, test)

    def test_cookies_are_kept_and_sent(self, app: flask.Flask) -> None:
        """A session goes on from request to request, and may be changed between them."""

        async def test(client: AsyncFlaskClient) -> None:
            assert [(await client.get("/count")).text for _ in range(2)] == ["1", "2"]
            async with client.session_transaction() as session:
                assert session["count"] == 2
                session["count"] = 10
            assert (await client.get("/count")).text == "11"
            client.set_cookie("other", "value")
            assert (await client.get("/told")).json["cookies"]["other"] == "value"
            cookie = client.get_cookie("other")
            assert cookie is not None
            assert cookie.value == "value"
            client.delete_cookie("other")
            assert client.get_cookie("other") is None

            async def give_up() -> None:
                async with client.session_transaction() as session:
                    session["count"] = 0
                    raise LookupError

            with pytest.raises(LookupError):
                await give_up()
            assert (await client.get("/count")).text == "12"

        in_a_client(app, test)

    def test_redirects_are_followed_if_asked(self, app: flask.Flask) -> None:
        """Each response on the way is in the history."""

        async def test(client: AsyncFlaskClient) -> None:
            assert (await client.get("/redirect/1")).status_code == 302
            response = await client.get("/redirect/2", follow_redirects=True)
            assert (response.text, len(response.history), response.request.path) == ("1", 3, "/count")

        in_a_client(app, test)

    def test_requests_side_by_side(self, app: flask.Flask) -> None:
        """Many may be under way at a time."""

        async def test(client: AsyncFlaskClient) -> None:
            answers = await asyncio.gather(*(client.get(f"/named/{number}") for number in range(20)))
            assert [answer.text for answer in answers] == [str(number) for number in range(20)]

        in_a_client(app, test)

    def test_errors_come_up(self, app: flask.Flask) -> None:
        """What an app propagates is raised in the test; else there is a page."""

        async def test(client: AsyncFlaskClient) -> None:
            with pytest.raises(LookupError, match="in the view"):
                await client.get("/fail")
            app.testing = False
            app.logger.disabled = True
            assert (await client.get("/fail")).status_code == 500
            app.logger.disabled = False

        in_a_client(app, test)

    def test_what_asgi_cannot_tell_is_refused(self, app: flask.Flask) -> None:
        """A variable of WSGI's environment that no server of ASGI has is an error, not lost."""

        async def test(client: AsyncFlaskClient) -> None:
            with pytest.raises(ValueError, match="REMOTE_USER"):
                await client.get("/told", environ_base={"REMOTE_USER": "somebody"})

        in_a_client(app, test)

    def test_background_tasks_can_be_waited_for(self, app: flask.Flask) -> None:
        """They begin when the response has come."""

        async def test(client: AsyncFlaskClient) -> None:
            await client.get("/task")
            await client.finish_background_tasks(30)
            assert app.extensions["events"][1:] == ["task"]
            release = asyncio.Event()
            app.add_background_task(release.wait)
            with pytest.raises(TimeoutError):
                await client.finish_background_tasks(0.01)
            release.set()

        in_a_client(app, test)

    def test_middleware_acts(self, app: flask.Flask) -> None:
        """What is wrapped around either entrance sees the requests."""
        inner, inner_asgi = app.wsgi_app, app.asgi_app
        seen: list[str] = []

        def wsgi(environ: t.Any, start_response: t.Any) -> t.Any:
            seen.append("wsgi")
            return inner(environ, start_response)

        async def asgi(scope: t.Any, receive: t.Any, send: t.Any) -> None:
            seen.append(scope["type"])
            await inner_asgi(scope, receive, send)

        app.wsgi_app, app.asgi_app = wsgi, asgi  # type: ignore[method-assign]

        async def test(client: AsyncFlaskClient) -> None:
            await client.get("/named/x")

        in_a_client(app, test)
        assert seen == ["lifespan", "http", "wsgi"]


class TestStreams:
    def test_piece_by_piece_until_the_client_goes(self, app: flask.Flask) -> None:
        """An endless response is read as far as a test wants; at the end of the block it is closed."""

        async def test(client: AsyncFlaskClient) -> None:
            async with client.stream("/stream") as response:
                assert response.status_code == 200
                assert response.mimetype == "text/html"
                assert await response.read() == b"0 "
                pieces = []
                async for piece in response:
                    pieces.append(piece)
                    if len(pieces) == 3:
                        break
                assert pieces == [b"1 ", b"2 ", b"3 "]
            assert app.extensions["events"][1:] == ["the stream is closed"]

        in_a_client(app, test)

    def test_to_its_end(self, app: flask.Flask) -> None:
        """A response that ends is read to its end, and keeps its cookies."""

        async def test(client: AsyncFlaskClient) -> None:
            async with client.stream("/count") as response:
                assert [piece async for piece in response] == [b"1"]
                assert await response.read() == b""
            assert (await client.get("/count")).text == "2"

        in_a_client(app, test)

    def test_a_cancelled_request_is_a_client_that_has_gone(self, app: flask.Flask) -> None:
        """Where the wait for a response is given up, the view is cancelled."""

        async def test(client: AsyncFlaskClient) -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.get("/wait")
            assert app.extensions["events"][1:] == ["waits", "is cancelled"]

        in_a_client(app, test)


class TestTheTimeOfServing:
    def test_a_failing_startup_is_raised(self) -> None:
        """The very error comes up where the block begins; the client can be used again."""
        app = flask.Flask(__name__)
        error = ValueError("no database")
        failing = [error]

        @app.before_serving
        async def before() -> None:
            if failing:
                raise failing.pop()

        async def test() -> None:
            client = app.async_test_client()
            with pytest.raises(ValueError) as caught:
                async with client:
                    pass
            assert caught.value is error
            async with client:
                pass

        asyncio.run(test())

    def test_a_failing_end_is_raised(self) -> None:
        """Where functions for the end fail, the block does, unless it fails already."""
        app = flask.Flask(__name__)
        app.logger.disabled = True
        app.after_serving(lambda: 1 / 0)

        async def test() -> None:
            with pytest.raises(RuntimeError, match="end of serving"):
                async with app.async_test_client():
                    pass
            with pytest.raises(LookupError):
                async with app.async_test_client():
                    raise LookupError

        asyncio.run(test())
        app.logger.disabled = False

    def test_blocks_are_not_nested(self, app: flask.Flask) -> None:
        """One client serves once at a time."""

        async def test(client: AsyncFlaskClient) -> None:
            with pytest.raises(RuntimeError, match="nested"):
                await client.__aenter__()

        in_a_client(app, test)

    def test_without_a_block(self, app: flask.Flask) -> None:
        """As from a server that does not say when it serves: from the first request to the loop's end."""

        async def test() -> None:
            client = app.async_test_client()
            assert app.extensions["events"] == []
            await client.get("/told")
            assert app.extensions["events"] == ["begins"]

        asyncio.run(test())
        assert app.extensions["events"] == ["begins", "ends"]


class TestWebSockets:
    def test_asynchronously(self, app: flask.Flask) -> None:
        """Messages go both ways, a subprotocol is agreed on, the app's close is seen, cookies are kept."""

        async def test(client: AsyncFlaskClient) -> None:
            async with client.websocket("/echo", subprotocols=["a", "b"], headers={"X-Header": "told"}) as socket:
                assert socket.subprotocol == "b"
                assert await socket.receive() == "told"
                await socket.send("text")
                await socket.send(b"bytes")
                await socket.send_json({"a": 1})
                assert [await socket.receive(), await socket.receive()] == ["text", b"bytes"]
                assert await socket.receive_json() == {"a": 1}
                await socket.send("close")
                assert [message async for message in socket] == []
                assert (socket.close_code, socket.close_reason) == (4001, "as you like")
                with pytest.raises(ConnectionResetError, match="4001"):
                    await socket.send("late")
            assert (await client.get("/count")).text == "42"

        in_a_client(app, test)

    def test_refusals(self, app: flask.Flask) -> None:
        """A WebSocket that is not accepted is an error with what the app answered."""

        async def test(client: AsyncFlaskClient) -> None:
            with pytest.raises(ConnectionRefusedError) as caught:
                async with client.websocket("/echo?refused=1"):
                    pass
            assert caught.value.status_code == 403  # type: ignore[attr-defined]
            assert b"Forbidden" in caught.value.body  # type: ignore[attr-defined]

        in_a_client(app, test)

    def test_errors_come_up_when_the_block_ends(self, app: flask.Flask) -> None:
        """The app's error closes the WebSocket, and is raised where the test's block ends."""

        async def test(client: AsyncFlaskClient) -> None:
            async def visit() -> None:
                async with client.websocket("/echo") as socket:
                    await socket.send("fail")
                    assert [message async for message in socket] == ["no header"]
                    assert socket.close_code == 1011

            with pytest.raises(LookupError, match="in the WebSocket"):
                await visit()

        in_a_client(app, test)

    def test_synchronously(self, app: flask.Flask) -> None:
        """The synchronous client does the same, whatever colour the app's function has, on the loop of its requests."""
        client = app.test_client()
        with client.websocket("/echo", subprotocols=["a"]) as socket:
            assert socket.subprotocol == "a"
            assert socket.receive(timeout=30) == "no header"
            socket.send_json([1])
            assert socket.receive_json() == [1]
            with pytest.raises(TimeoutError):
                socket.receive(timeout=0.01)
            socket.send("close")
            assert [*socket] == []
            assert (socket.close_code, socket.close_reason) == (4001, "as you like")
        assert client.get("/count").text == "42"
        with client.websocket("/echo/sync") as socket:
            socket.send(b"bytes")
            assert socket.receive() == b"bytes"
        with pytest.raises(ConnectionRefusedError), client.websocket("/echo?refused=1"):
            pass
        assert app.extensions["events"] == ["begins"]
        app.shutdown()
