"""What runs before, while and after serving: once, in its order, where the requests run."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import typing as t

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import flask
from tests.gateways import scripts
from tests.gateways.raw import call

Message = dict[str, t.Any]


def serving_app() -> flask.Flask:
    """An app with functions of every kind, which note what happens in `app.events`."""
    app = flask.Flask(__name__)
    events: list[t.Any] = []
    app.extensions["events"] = events

    @app.before_serving
    async def before_async() -> None:
        flask.g.seen = "shared"
        app.extensions["loop"] = asyncio.get_running_loop()
        app.extensions["lock"] = asyncio.Lock()
        await asyncio.sleep(0)
        events.append(("before", flask.current_app.name, flask.has_request_context()))

    @app.before_serving
    def before_sync() -> None:
        events.append(("before too", flask.g.seen))

    @app.while_serving
    async def while_async() -> t.AsyncIterator[None]:
        flask.g.held = "kept"
        async with asyncio.timeout(600), asyncio.TaskGroup():
            events.append("while")
            yield
            events.append(("while's end", flask.g.held, flask.current_app.name))

    @app.while_serving
    def while_sync() -> t.Iterator[None]:
        events.append(("while too", flask.g.held))
        yield
        events.append(("while's end too", flask.g.held))

    @app.after_serving
    async def after_async() -> None:
        events.append(("after", asyncio.get_running_loop() is app.extensions["loop"], "held" in flask.g))

    app.after_serving(lambda: events.append("after too"))

    @app.route("/")
    async def index() -> str:
        async with app.extensions["lock"]:
            await asyncio.sleep(0)
        return str(asyncio.get_running_loop() is app.extensions["loop"])

    return app


BEGIN = [("before", __name__, False), ("before too", "shared"), "while", ("while too", "kept")]
END = [("after", True, False), "after too", ("while's end too", "kept"), ("while's end", "kept", __name__)]


class Lifespan:
    """A server's side of the lifespan protocol."""

    def __init__(self, app: flask.Flask) -> None:
        self.said: list[Message] = []
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._answered = asyncio.Event()
        scope: Message = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        self.task = asyncio.ensure_future(app.asgi_app(scope, self._messages.get, self._send))

    async def _send(self, message: t.MutableMapping[str, t.Any]) -> None:
        self.said.append(dict(message))
        self._answered.set()

    async def tell(self, event: str) -> Message:
        self._answered.clear()
        await self._messages.put({"type": f"lifespan.{event}"})
        await self._answered.wait()
        return self.said[-1]


async def ask(app: flask.Flask, path: str = "/") -> list[Message]:
    """One request as a server of ASGI makes it."""
    said: list[Message] = []

    async def receive() -> Message:
        if not said:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: t.MutableMapping[str, t.Any]) -> None:
        said.append(dict(message))

    scope: Message = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await app.asgi_app(scope, receive, send)
    return said


class TestOnWsgi:
    def test_the_first_request_begins_and_shutdown_ends(self) -> None:
        """All that comes before the first request runs once, in order; all that comes after, in its order."""
        app = serving_app()
        events = app.extensions["events"]
        assert [call(app).body for _ in range(3)] == [b"True"] * 3
        assert events == BEGIN
        app.shutdown()
        assert events == BEGIN + END
        app.shutdown()
        assert events == BEGIN + END

    def test_startup_may_be_asked_for(self) -> None:
        """A server's hook may begin before there is a request; no request begins it again."""
        app = serving_app()
        app.startup()
        app.startup()
        assert app.extensions["events"] == BEGIN
        assert call(app).body == b"True"
        assert app.extensions["events"] == BEGIN
        app.shutdown()

    def test_after_an_end_the_next_request_begins_anew(self) -> None:
        """An app that was ended is served again from the start."""
        app = serving_app()
        for _ in range(2):
            call(app)
            app.shutdown()
        assert app.extensions["events"] == (BEGIN + END) * 2

    def test_first_requests_at_once_wait_for_one_startup(self) -> None:
        """Of threads that come first together one begins, and the others are served when it has."""
        app = flask.Flask(__name__)
        begun: list[int] = []
        all_are_here = threading.Event()

        @app.before_serving
        def before() -> None:
            all_are_here.wait(0.2)
            begun.append(threading.get_ident())

        app.route("/")(lambda: str(len(begun)))
        bodies: list[bytes] = []
        barrier = threading.Barrier(6)

        def visit() -> None:
            barrier.wait(30)
            bodies.append(call(app).body)

        threads = [threading.Thread(target=visit) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert bodies == [b"1"] * 6
        app.shutdown()

    def test_a_failure_is_the_requests_and_the_next_tries_again(self) -> None:
        """An error of the startup goes to the server with its request; what had begun is closed; then all is tried."""
        app = flask.Flask(__name__)
        events: list[str] = []
        failing = [ValueError("no database yet")]
        app.before_serving(lambda: events.append("before"))

        @app.while_serving
        async def first() -> t.AsyncIterator[None]:
            events.append("first begins")
            try:
                yield
                events.append("first ends")
            finally:
                events.append("first is closed")

        @app.while_serving
        def second() -> t.Iterator[None]:
            if failing:
                raise failing.pop()
            yield

        app.after_serving(lambda: events.append("after"))
        app.route("/")(lambda: "served")
        with pytest.raises(ValueError, match="no database yet"):
            call(app)
        assert events == ["before", "first begins", "first is closed"]
        assert call(app).body == b"served"
        app.shutdown()
        assert events[3:] == ["before", "first begins", "after", "first ends", "first is closed"]

    def test_a_request_of_the_startup_itself_does_not_wait(self) -> None:
        """A function for the start may ask the app, as to fill a cache, from either colour."""
        app = flask.Flask(__name__)
        bodies: list[str] = []
        app.route("/")(lambda: "served")
        app.before_serving(lambda: bodies.append(app.test_client().get("/").text))

        @app.before_serving
        async def asynchronously() -> None:
            bodies.append(await asyncio.to_thread(lambda: app.test_client().get("/").text))

        call(app)
        assert bodies == ["served", "served"]
        app.shutdown()

    def test_the_startup_may_still_register(self) -> None:
        """Routes and hooks that a function for the start adds serve the first request already; later it is refused."""
        app = flask.Flask(__name__)
        app.before_serving(lambda: app.add_url_rule("/late", view_func=lambda: "late", endpoint="late"))
        assert call(app, "/late").body == b"late"
        with pytest.raises(AssertionError, match="before_serving"):
            app.before_serving(lambda: None)
        app.shutdown()

    def test_context_variables_of_a_request_are_untouched(self) -> None:
        """Nothing that the startup pushes or sets is seen by the request that it ran for."""
        app = serving_app()
        app.route("/g")(lambda: str([*flask.g]))
        assert call(app, "/g").body == b"[]"
        app.shutdown()

    def test_errors_at_the_end_are_logged_and_stop_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        """Each function for the end runs, whatever the others raise."""
        app = flask.Flask("ending")
        events: list[str] = []

        @app.after_serving
        async def failing() -> None:
            raise ValueError("one")

        @app.while_serving
        def held() -> t.Iterator[None]:
            yield
            raise ValueError("two")

        app.after_serving(lambda: events.append("after"))
        app.teardown_appcontext(lambda error: events.append("torn down"))
        app.startup()
        with caplog.at_level(logging.ERROR):
            app.shutdown()
        assert events == ["after", "torn down", "torn down"]
        told = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
        assert told == ["one", "two"]

    @pytest.mark.parametrize("how", ["async", "sync"])
    def test_a_generator_is_to_yield_once(self, how: str) -> None:
        """One that never yields fails the start; one that yields again fails at the end, and is closed."""
        app = flask.Flask(__name__)
        times = [0]
        closed: list[bool] = []

        if how == "async":

            @app.while_serving
            async def function() -> t.AsyncIterator[None]:
                try:
                    for _ in range(times[0]):
                        yield
                finally:
                    closed.append(True)

        else:

            @app.while_serving
            def also() -> t.Iterator[None]:
                try:
                    for _ in range(times[0]):
                        yield
                finally:
                    closed.append(True)

        with pytest.raises(RuntimeError, match="yield once"):
            app.startup()
        times[0] = 2
        closed.clear()
        app.startup()
        app.logger.disabled = True
        app.shutdown()
        app.logger.disabled = False
        assert closed == [True]

    def test_a_function_without_yield_is_refused(self) -> None:
        """`while_serving` says what it wants where it was given another function, async or not."""

        async def coroutine() -> None: ...

        for function in (coroutine, lambda: None):
            app = flask.Flask(__name__)
            app.while_serving(function)  # type: ignore[type-var]
            with pytest.raises(TypeError, match="'yield'"):
                app.startup()

    def test_blueprints_have_a_say(self) -> None:
        """What a blueprint records for the app's serving counts once, however often it is registered."""
        blueprint = flask.Blueprint("blueprint", __name__)
        events: list[str] = []
        blueprint.before_app_serving(lambda: events.append("before"))
        blueprint.after_app_serving(lambda: events.append("after"))

        @blueprint.while_app_serving
        def held() -> t.Iterator[None]:
            events.append("while")
            yield

        app = flask.Flask(__name__)
        app.register_blueprint(blueprint)
        app.register_blueprint(blueprint, name="again")
        app.startup()
        app.shutdown()
        assert events == ["before", "while", "after"]


class TestProcesses:
    def test_an_app_without_such_functions_imports_nothing_for_them(self) -> None:
        """A synchronous request of an app that has none brings neither asyncio nor greenlet."""
        result = scripts.run(
            """
            import io, sys, flask
            app = flask.Flask(__name__)
            app.route("/")(lambda: "served")
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
                       "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO()}
            print(b"".join(app(environ, lambda status, headers: None)))
            print(sorted({"asyncio", "greenlet"} & set(sys.modules)))
            """
        )
        assert result.stdout.splitlines() == ["b'served'", "[]"], result.stderr

    def test_the_exit_ends_it(self) -> None:
        """When the process exits, the functions for the end run: on the loop that is still there, in order."""
        result = scripts.run(
            """
            import asyncio, flask
            app = flask.Flask(__name__)
            app.before_serving(lambda: print("before"))

            @app.while_serving
            async def held():
                async with asyncio.TaskGroup():
                    yield
                print("while's end")

            @app.after_serving
            async def after():
                await asyncio.sleep(0.001)
                print("after")

            app.route("/")(lambda: "served")
            app.add_background_task(print, "a task")
            print(app.test_client().get("/").text)
            """
        )
        assert sorted(result.stdout.splitlines()[:3]) == ["a task", "before", "served"]
        assert result.stdout.splitlines()[3:] == ["after", "while's end"]
        assert (result.returncode, result.stderr) == (0, "")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
    def test_a_forked_child_begins_anew(self) -> None:
        """What was begun before a fork is begun again in the child, and each process ends its own."""
        result = scripts.run(
            """
            import asyncio, os, sys, warnings
            warnings.simplefilter("ignore", DeprecationWarning)
            import flask
            app = flask.Flask(__name__)
            who = "parent"

            @app.before_serving
            async def before():
                app.lock = asyncio.Lock()
                print(who, "before", flush=True)

            @app.after_serving
            async def after():
                print(who, "after", flush=True)

            @app.route("/")
            async def index():
                async with app.lock:
                    await asyncio.sleep(0.001)
                return who

            client = app.test_client()
            client.get("/")
            child = os.fork()
            if child == 0:
                who = "child"
                assert client.get("/").text == "child"
                sys.exit(3)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            assert client.get("/").text == "parent"
            """
        )
        told = ["parent before", "child before", "child after", "3", "parent after"]
        assert (result.stdout.splitlines(), result.stderr) == (told, "")


class TestOnAsgi:
    def test_the_server_says_when(self) -> None:
        """By the lifespan protocol the functions run on the server's loop, around all requests."""
        app = serving_app()
        events = app.extensions["events"]

        async def serve() -> None:
            lifespan = Lifespan(app)
            assert await lifespan.tell("startup") == {"type": "lifespan.startup.complete"}
            assert events == BEGIN
            for _ in range(2):
                assert (await ask(app))[1]["body"] == b"True"
            assert app.extensions["loop"] is asyncio.get_running_loop()
            assert await lifespan.tell("shutdown") == {"type": "lifespan.shutdown.complete"}
            await lifespan.task

        asyncio.run(serve())
        assert events == BEGIN + END

    def test_an_app_within_another_ends_with_it(self) -> None:
        """What middleware gives requests to is ended before the loop is, and its background tasks are waited for."""
        outer, inner = flask.Flask("outer"), serving_app()
        outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/inner": inner})  # type: ignore[method-assign]
        events = inner.extensions["events"]

        async def work() -> None:
            await asyncio.sleep(0.01)
            events.append("worked")

        @inner.get("/work")
        async def begin() -> str:
            inner.add_background_task(work)
            return ""

        async def serve() -> None:
            lifespan = Lifespan(outer)
            await lifespan.tell("startup")
            assert events == []
            await ask(outer, "/inner/work")
            assert events == BEGIN
            assert await lifespan.tell("shutdown") == {"type": "lifespan.shutdown.complete"}
            assert events == [*BEGIN, "worked", *END]
            await lifespan.task

        asyncio.run(serve())
        assert events == [*BEGIN, "worked", *END]

    @pytest.mark.parametrize("kind", ["waiting", "receiving", "synchronous"])
    def test_websockets_that_are_open_end_before(self, kind: str) -> None:
        """Where a server ends with WebSockets open, they are cancelled and torn down before what they use is closed."""
        app = flask.Flask(__name__)
        events: list[str] = []

        @app.websocket("/waiting")
        async def waiting() -> None:
            await flask.websocket.accept()
            await asyncio.sleep(3600)

        @app.websocket("/receiving")
        async def receiving() -> None:
            await flask.websocket.receive()

        @app.websocket("/synchronous")
        def synchronous() -> None:
            flask.websocket.blocking.receive()

        @app.teardown_websocket
        def down(error: BaseException | None) -> None:
            events.append(type(error).__name__)

        @app.after_serving
        async def after() -> None:
            events.append("after")

        async def serve() -> None:
            lifespan = Lifespan(app)
            await lifespan.tell("startup")
            async with app.async_test_client().websocket(f"/{kind}"):
                await asyncio.sleep(0.05)
                await lifespan.tell("shutdown")
                assert events == ["CancelledError", "after"]
            await lifespan.task

        asyncio.run(serve())

    def test_a_failure_is_told_with_its_traceback(self) -> None:
        """A startup that fails is a server's reason not to serve."""
        app = flask.Flask(__name__)

        @app.before_serving
        async def failing() -> None:
            raise ValueError("no database")

        async def serve() -> None:
            lifespan = Lifespan(app)
            answer = await lifespan.tell("startup")
            assert answer["type"] == "lifespan.startup.failed"
            assert "Traceback" in answer["message"]
            assert "in failing" in answer["message"]
            assert answer["message"].endswith("ValueError: no database\n")
            await lifespan.task

        asyncio.run(serve())

    def test_failures_at_the_end_are_told(self) -> None:
        """A server hears that functions for the end failed; the log has the errors."""
        app = flask.Flask(__name__)
        app.logger.disabled = True
        app.after_serving(lambda: 1 / 0)

        async def serve() -> None:
            lifespan = Lifespan(app)
            await lifespan.tell("startup")
            answer = await lifespan.tell("shutdown")
            assert answer["type"] == "lifespan.shutdown.failed"
            assert " 1 " in answer["message"]

        try:
            asyncio.run(serve())
        finally:
            app.logger.disabled = False

    def test_a_server_that_does_not_say(self) -> None:
        """Without the protocol the first request begins, other first requests wait for it, and the loop's end ends."""
        app = serving_app()
        events = app.extensions["events"]

        async def serve() -> None:
            answers = await asyncio.gather(*(ask(app) for _ in range(5)))
            assert [answer[1]["body"] for answer in answers] == [b"True"] * 5
            assert events == BEGIN

        asyncio.run(serve())
        assert sorted(map(str, events)) == sorted(map(str, BEGIN + END))

    def test_one_thread_for_requests_is_enough(self) -> None:
        """Requests that occupy all threads while they wait for the startup do not keep it from running."""
        app = flask.Flask(__name__)
        app.config["WORKER_THREADS"] = 1
        begun: list[bool] = []
        app.before_serving(lambda: begun.append(True))
        app.route("/")(lambda: str(begun))

        async def serve() -> None:
            async with asyncio.timeout(30):
                answers = await asyncio.gather(ask(app), ask(app))
            assert [answer[1]["body"] for answer in answers] == [b"[True]"] * 2

        asyncio.run(serve())

    def test_a_request_that_is_cancelled_takes_no_startup_along(self) -> None:
        """The startup goes on for the others, where the request that began it goes."""
        app = flask.Flask(__name__)
        go_on = asyncio.Event()
        begun: list[bool] = []

        @app.before_serving
        async def before() -> None:
            await go_on.wait()
            begun.append(True)

        @app.route("/")
        async def index() -> str:
            return str(begun)

        async def serve() -> None:
            first = asyncio.ensure_future(ask(app))
            second = asyncio.ensure_future(ask(app))
            for _ in range(10):
                await asyncio.sleep(0)
            first.cancel()
            await asyncio.wait([first])
            go_on.set()
            assert (await second)[1]["body"] == b"[True]"

        asyncio.run(serve())

    def test_a_thread_of_its_own_for_synchronous_functions(self) -> None:
        """Synchronous functions block no loop, and all run in one thread, as some libraries' objects demand."""
        app = flask.Flask(__name__)
        threads: list[threading.Thread] = []
        note = lambda: threads.append(threading.current_thread())  # noqa: E731
        app.before_serving(note)
        app.after_serving(note)

        async def serve() -> None:
            lifespan = Lifespan(app)
            await lifespan.tell("startup")
            await lifespan.tell("shutdown")

        asyncio.run(serve())
        assert threads[0] is threads[1] is not threading.current_thread()


class TestOnRsgi:
    def test_the_worker_says_when(self) -> None:
        """A loop that does not run yet begins it, and one that runs no more ends it."""
        app = serving_app()
        loop = asyncio.new_event_loop()
        try:
            app.__rsgi_init__(loop)
            assert app.extensions["events"] == BEGIN
            assert loop.run_until_complete(ask(app))[1]["body"] == b"True"
            app.__rsgi_del__(loop)
            assert app.extensions["events"] == BEGIN + END
        finally:
            loop.close()

    def test_a_failure_is_raised(self) -> None:
        """The worker ends with the error of its startup."""
        app = flask.Flask(__name__)
        app.before_serving(lambda: 1 / 0)
        loop = asyncio.new_event_loop()
        try:
            with pytest.raises(ZeroDivisionError):
                app.__rsgi_init__(loop)
        finally:
            loop.close()


def test_loops_are_served_each_by_itself() -> None:
    """An app that is served by one loop after the other begins and ends on each."""
    app = serving_app()

    async def serve() -> None:
        lifespan = Lifespan(app)
        await lifespan.tell("startup")
        assert (await ask(app))[1]["body"] == b"True"
        await lifespan.tell("shutdown")

    for _ in range(2):
        asyncio.run(serve())
    assert app.extensions["events"] == (BEGIN + END) * 2
