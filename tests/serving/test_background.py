"""Background tasks: never before the response has gone, in a context of their own, and never in the way of the end."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
import typing as t

import pytest

import flask
from flask._gateways import bridge
from flask.testing import EnvironBuilder
from tests.gateways import scripts
from tests.serving.test_lifespan import Lifespan, Message, ask

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="")


def noting_app() -> tuple[flask.Flask, list[t.Any]]:
    """An app whose views begin tasks of both colours, which note where they run."""
    app = flask.Flask(__name__)
    notes: list[t.Any] = []

    def note(name: str, *, more: str) -> None:
        notes.append((name, more, flask.current_app.name, flask.has_request_context(), variable.get()))

    async def note_async(name: str) -> None:
        await asyncio.sleep(0)
        note(name, more="async")

    @app.route("/sync")
    def sync() -> str:
        variable.set("set by the view")
        app.add_background_task(note, "task", more="sync")
        app.add_background_task(note_async, "task")
        notes.append("view")
        return "answered"

    @app.route("/async")
    async def asynchronous() -> str:
        return sync()

    @app.route("/failing")
    def failing() -> str:
        sync()
        raise LookupError

    return app, notes


TOLD = {("task", how, __name__, False, "set by the view") for how in ("sync", "async")}


class TestWhen:
    @pytest.mark.parametrize("path", ["/sync", "/async"])
    def test_when_a_wsgi_server_closes_the_response(self, path: str) -> None:
        """Nothing begins before the server has closed what it was given to send, then everything does."""
        app, notes = noting_app()
        environ = EnvironBuilder(app, path).get_environ()
        body: t.Any = app(environ, lambda *arguments: lambda data: None)
        assert b"".join(body) == b"answered"
        time.sleep(0.02)
        assert notes == ["view"]
        body.close()
        app.finish_background_tasks(30)
        assert (notes[0], set(notes[1:])) == ("view", TOLD)
        app.shutdown()

    @pytest.mark.parametrize("path", ["/sync", "/async"])
    def test_when_the_response_was_sent_on_asgi(self, path: str) -> None:
        """A server has been told all of the response before anything begins."""
        app, notes = noting_app()

        async def serve() -> None:
            lifespan = Lifespan(app)
            await lifespan.tell("startup")
            seen: list[int] = []

            async def receive() -> Message:
                await asyncio.sleep(600 if seen else 0)
                return {"type": "http.request"}

            async def send(message: t.Any) -> None:
                await asyncio.sleep(0.01)  # a slow client
                seen.append(len(notes))

            scope: Message = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
            await app.asgi_app(scope, receive, send)
            assert seen == [1, 1]
            await lifespan.tell("shutdown")

        asyncio.run(serve())
        assert (notes[0], set(notes[1:])) == ("view", TOLD)

    def test_a_stream_may_begin_one_as_well(self) -> None:
        """A task that a streamed body asks for begins when the stream is closed."""
        app = flask.Flask(__name__)
        done = threading.Event()

        @app.route("/")
        def index() -> flask.Response:
            def body() -> t.Iterator[str]:
                yield "a"
                flask.current_app.add_background_task(done.set)
                yield "b"

            return flask.Response(flask.stream_with_context(body()))

        response = app.test_client().get("/")
        assert response.text == "ab"
        assert not done.wait(0.02)
        response.close()
        assert done.wait(30)
        app.shutdown()

    def test_a_request_that_fails_does_not_take_them_along(self) -> None:
        """What a view asked for before it failed is done, whether a page or an error answers."""
        app, notes = noting_app()
        client = app.test_client()
        app.logger.disabled = True
        assert client.get("/failing").status_code == 500
        client.finish_background_tasks(30)
        assert set(notes[1:]) == TOLD
        notes.clear()
        app.testing = True
        with pytest.raises(LookupError):
            client.get("/failing")
        client.finish_background_tasks(30)
        assert set(notes[1:]) == TOLD
        app.logger.disabled = False
        app.shutdown()

    def test_hooks_of_every_phase_may_ask(self) -> None:
        """A task that teardown asks for begins after the response, too."""
        app = flask.Flask(__name__)
        done: list[str] = []
        app.before_request(lambda: app.add_background_task(done.append, "before"))  # type: ignore[arg-type]
        app.teardown_request(lambda error: app.add_background_task(done.append, "teardown"))
        app.teardown_appcontext(lambda error: done.append("torn down"))
        app.route("/")(lambda: "")
        client = app.test_client()
        client.get("/")
        client.finish_background_tasks(30)
        assert sorted(done) == ["before", "teardown", "torn down", "torn down", "torn down"]
        app.shutdown()

    def test_outside_of_a_request_at_once(self) -> None:
        """Where there is no response to wait for, a task begins when it is asked for."""
        app = flask.Flask(__name__)
        done: list[str] = []
        app.add_background_task(done.append, "no context")
        with app.app_context():
            app.add_background_task(done.append, "app context")
        with app.test_request_context():
            app.add_background_task(done.append, "test context")
            app.finish_background_tasks(30)
        assert sorted(done) == ["app context", "no context", "test context"]
        app.shutdown()

    def test_in_a_websocket_at_once(self) -> None:
        """A WebSocket has no response to wait for."""
        app = flask.Flask(__name__)

        @app.websocket("/ws")
        async def ws() -> None:
            socket = flask.websocket._get_current_object()  # type: ignore[attr-defined]
            await socket.accept()
            app.add_background_task(socket.send, "from a task")
            await socket.receive()

        async def visit() -> None:
            async with app.async_test_client() as client, client.websocket("/ws") as socket:
                assert await socket.receive() == "from a task"

        asyncio.run(visit())

    def test_tasks_may_ask_for_tasks(self) -> None:
        """A task begins others, and whoever waits waits for them too."""
        app = flask.Flask(__name__)
        done: list[int] = []

        async def count(number: int) -> None:
            await asyncio.sleep(0)
            done.append(number)
            if number:
                flask.current_app.add_background_task(count, number - 1)

        app.add_background_task(count, 3)
        app.finish_background_tasks(30)
        assert done == [3, 2, 1, 0]
        app.shutdown()


class TestWhere:
    def test_a_task_stays_in_one_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Under WSGI an async task goes on in the loop's own thread, whoever ran the loop when it began."""
        made = bridge._SharedLoop()
        monkeypatch.setattr(bridge, "_running", made)
        monkeypatch.setattr(
            bridge, "_OF_ONE_THREAD", "no module"
        )  # greenlet's import gives the loop its thread at once
        app = flask.Flask(__name__)
        threads: list[threading.Thread] = []
        begun, go_on = threading.Event(), asyncio.Event()

        async def work() -> None:
            threads.append(threading.current_thread())
            begun.set()
            await go_on.wait()
            threads.append(threading.current_thread())

        @app.route("/")
        async def index() -> str:
            app_threads = [threading.Thread(target=app.add_background_task, args=(work,))]
            app_threads[0].start()
            await asyncio.to_thread(app_threads[0].join)
            await asyncio.sleep(0.02)  # the loop is run by the request meanwhile
            return str(begun.is_set())

        assert app.test_client().get("/").text == "False"
        assert begun.wait(30)
        made.loop.call_soon_threadsafe(go_on.set)
        app.finish_background_tasks(30)
        assert threads == [made.thread, made.thread]
        app.shutdown()
        made.stop()

    def test_a_synchronous_task_blocks_nobody(self) -> None:
        """It runs in a thread; async functions that it calls run on the loop that serves."""
        app = flask.Flask(__name__)
        loops: list[t.Any] = []
        release = threading.Event()

        async def note_loop() -> None:
            loops.append(asyncio.get_running_loop())

        def work() -> None:
            release.wait(30)
            app.ensure_sync(note_loop)()

        @app.route("/")
        async def index() -> str:
            app.add_background_task(work)
            return ""

        async def serve() -> None:
            lifespan = Lifespan(app)
            await lifespan.tell("startup")
            await ask(app)
            release.set()
            await lifespan.tell("shutdown")
            loops.append(asyncio.get_running_loop())

        asyncio.run(serve())
        assert len(loops) == 2
        assert loops[0] is loops[1]

    def test_each_has_an_app_context_of_its_own(self) -> None:
        """`g` is empty at the beginning of each task, and its context is torn down with it."""
        app = flask.Flask(__name__)
        torn: list[object] = []
        found: list[list[str]] = []
        app.teardown_appcontext(torn.append)

        def work() -> None:
            found.append([*flask.g])
            flask.g.mine = True

        with app.app_context():
            flask.g.ours = True
            app.add_background_task(work)
            app.add_background_task(work)
            app.finish_background_tasks(30)
        assert (found, torn) == ([[], []], [None, None, None])
        app.shutdown()


class TestErrors:
    @pytest.mark.parametrize("how", ["sync", "async"])
    def test_they_are_told_and_logged(self, how: str, caplog: pytest.LogCaptureFixture) -> None:
        """An error goes to `got_request_exception`, with the context still up, and to the log with its traceback."""
        app = flask.Flask("erring")
        told: list[tuple[object, str]] = []

        def hear(sender: flask.Flask, exception: Exception) -> None:
            told.append((exception, flask.current_app.name))

        flask.got_request_exception.connect(hear, app)
        error = ValueError("in the background")

        def work() -> None:
            raise error

        async def work_async() -> None:
            raise error

        with caplog.at_level(logging.ERROR):
            app.add_background_task(work if how == "sync" else work_async)
            app.finish_background_tasks(30)
        assert told == [(error, "erring")]
        (record,) = caplog.records
        assert record.exc_info is not None
        assert record.exc_info[1] is error
        app.shutdown()

    def test_an_app_may_handle_them_itself(self) -> None:
        """`handle_background_exception` is called by its name, so an override of any kind counts."""
        app = flask.Flask(__name__)
        handled: list[Exception] = []
        app.handle_background_exception = handled.append  # type: ignore[method-assign]
        app.add_background_task(lambda: [][1])
        app.finish_background_tasks(30)
        assert isinstance(handled[0], IndexError)
        app.shutdown()


class TestTheEnd:
    def test_they_are_waited_for(self) -> None:
        """The end of serving waits for tasks, before the functions for the end run."""
        app = flask.Flask(__name__)
        done: list[str] = []

        async def work() -> None:
            await asyncio.sleep(0.02)
            done.append("task")

        app.after_serving(lambda: done.append("after"))
        app.startup()
        app.add_background_task(work)
        app.shutdown()
        assert done == ["task", "after"]

    def test_no_longer_than_the_app_says(self, caplog: pytest.LogCaptureFixture) -> None:
        """After the grace period a task is cancelled and hears of it; a thread is left to itself."""
        app = flask.Flask(__name__)
        app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.05
        heard: list[str] = []
        release = threading.Event()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                heard.append("cancelled")

        def block() -> None:
            release.wait(60)

        app.add_background_task(work)
        app.add_background_task(block)
        with caplog.at_level(logging.WARNING):
            app.shutdown()
        assert heard == ["cancelled"]
        told = sorted(record.getMessage().partition(" was ")[0].rpartition(".")[2] for record in caplog.records)
        assert told == ["block", "work"]
        release.set()

    def test_a_thread_does_not_hold_up_the_end_of_a_loop(self) -> None:
        """Where a server ends its loop without a word, a task that blocks its thread is left to itself."""
        app = flask.Flask(__name__)
        release = threading.Event()
        done: list[bool] = []

        def block() -> None:
            release.wait(60)
            done.append(True)

        @app.route("/")
        def index() -> str:
            app.add_background_task(block)
            return ""

        asyncio.run(ask(app))  # type: ignore[arg-type]
        assert done == []
        release.set()

    def test_waiting_has_an_end(self) -> None:
        """Whoever waits with a time hears which tasks are not done."""
        app = flask.Flask(__name__)
        release = threading.Event()
        app.add_background_task(release.wait)
        with pytest.raises(TimeoutError, match="wait"):
            app.finish_background_tasks(0.01)
        release.set()
        app.finish_background_tasks(30)
        app.shutdown()

    def test_the_exit_of_the_process_waits_too(self) -> None:
        """A process that ends right after a request still does what the request left to do."""
        result = scripts.run(
            """
            import asyncio, time, flask
            app = flask.Flask(__name__)

            async def work():
                await asyncio.sleep(0.05)
                print("async\\n", end="")

            @app.route("/")
            def index():
                app.add_background_task(work)
                app.add_background_task(lambda: (time.sleep(0.05), print("sync\\n", end="")))
                return ""

            app.test_client().get("/")
            """
        )
        assert (sorted(result.stdout.split()), result.returncode, result.stderr) == (["async", "sync"], 0, "")
