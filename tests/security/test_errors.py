"""Errors and cleanup: nothing is thrown at the server, nothing stays current, and nothing is kept alive.

Each law was measured on upstream 3.1.3 to be broken there.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import typing as t
import weakref
from contextlib import contextmanager, suppress

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.test import create_environ

import flask
from flask import Flask
from tests.gateways.loops import ask
from tests.gateways.loops import call as visit
from tests.gateways.raw import call
from tests.websockets.driven import WebSocketDrive, scope_of


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

    def fails() -> t.NoReturn:
        raise LookupError("the view's")

    async def fails_later() -> t.NoReturn:
        raise LookupError("the view's")

    app.add_url_rule("/fails", "fails", fails)
    app.add_url_rule("/fails-later", "fails_later", fails_later)
    app.add_url_rule("/well", "well", lambda: "well")
    return app


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The errors that were logged, each by its text."""
    return [
        repr(record.exc_info[1]) for record in caplog.records if record.exc_info and record.levelno == logging.ERROR
    ]


class TestTheHandlerOf500:
    """Upstream throws the second error at the server, which shows it or closes the connection."""

    @pytest.mark.parametrize("path", ["/fails", "/fails-later"])
    @pytest.mark.parametrize("gateway", [call, visit])
    def test_an_exception_in_the_500_handler_is_logged_and_answered_with_the_plain_500(
        self, app: Flask, path: str, gateway: t.Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Both errors are in the app's log, and the client gets the plain page."""

        @app.errorhandler(500)
        def fails_too(error: Exception) -> t.NoReturn:
            raise ValueError("the handler's")

        answer = gateway(app, path)
        assert answer.status.startswith("500")
        assert b"Internal Server Error" in answer.body
        assert errors_of(caplog) == ['LookupError("the view\'s")', 'ValueError("the handler\'s")']

    @pytest.mark.parametrize("result", [None, 5, ("", "nonsense", 3, 4), lambda: NotFound()])
    def test_a_500_handler_whose_result_is_no_response_is_answered_likewise(
        self, app: Flask, result: t.Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whatever it returns that is none, the plain page comes in its place."""
        app.register_error_handler(500, lambda error: result)
        assert call(app, "/fails").status == "500 INTERNAL SERVER ERROR"
        assert len(errors_of(caplog)) == 2

    def test_a_500_handler_that_aborts_is_answered_likewise(self, app: Flask) -> None:
        """An HTTP exception is nothing that a 500 handler could hand over to another."""
        app.register_error_handler(500, lambda error: flask.abort(404))
        assert call(app, "/fails").status == "500 INTERNAL SERVER ERROR"

    def test_a_receiver_of_got_request_exception_that_raises_hides_nothing(
        self, app: Flask, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Its error is logged, then the request's own, and the page is sent."""

        def receive(sender: Flask, **extra: t.Any) -> t.NoReturn:
            raise ValueError("the receiver's")

        with flask.got_request_exception.connected_to(receive, app):
            assert call(app, "/fails").status == "500 INTERNAL SERVER ERROR"
        assert errors_of(caplog) == ['ValueError("the receiver\'s")', 'LookupError("the view\'s")']

    def test_a_response_class_that_fails_is_answered_likewise(self, app: Flask) -> None:
        """Where the app has no way left to make a response, there still is one."""

        class Broken(flask.Response):
            def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
                raise ValueError("never made")

        app.response_class = Broken
        assert call(app, "/well").status == "500 INTERNAL SERVER ERROR"

    def test_while_testing_errors_are_raised_as_ever(self, app: Flask) -> None:
        """`PROPAGATE_EXCEPTIONS` means the view's error and a receiver's alike, before any handler is asked."""
        app.testing = True
        app.register_error_handler(500, lambda error: "not asked")
        with pytest.raises(LookupError):
            call(app, "/fails")


class TestCleanup:
    def test_every_teardown_runs_whatever_the_others_raise(self, app: Flask) -> None:
        """The request's, the blueprint's and the app context's; upstream stops at the first that raises."""
        ran = []

        def ends(name: str) -> t.Callable[[t.Any], None]:
            def end(error: BaseException | None) -> None:
                ran.append(name)
                raise ValueError(name)

            return end

        app.teardown_request(ends("request"))
        app.teardown_request(ends("request first"))
        app.teardown_appcontext(ends("app context"))
        app.teardown_appcontext(ends("app context first"))
        with pytest.raises(ValueError, match="app context first"):
            call(app, "/well")
        assert ran == ["request first", "request", "app context first", "app context"]
        assert not flask.has_app_context()

    @pytest.mark.parametrize("body", ["", "text", ["a", "b"], "stream", "small file", "file"])
    def test_every_call_on_close_callback_runs_whatever_the_others_raise(
        self, app: Flask, body: t.Any, tmp_path: t.Any
    ) -> None:
        """In the order of registration, after the body was closed, also where that raised; each error is told."""
        ran = []

        def broken() -> t.NoReturn:
            ran.append("first")
            raise ValueError("the first")

        class Stream:
            def __iter__(self) -> t.Iterator[str]:
                return iter(["a", "b"])

            def close(self) -> t.NoReturn:
                ran.append("body")
                raise ValueError("the body's")

        def view() -> flask.Response:
            (tmp_path / "file").write_text("x" * (1 if body == "small file" else 1_000_000))
            response = flask.send_file(tmp_path / "file") if "file" in body else app.response_class(body)
            if body == "stream":
                response.response = Stream()
            response.call_on_close(broken)
            response.call_on_close(lambda: ran.append("second"))
            return response

        app.add_url_rule("/closes", "closes", view)
        with pytest.raises((ValueError, ExceptionGroup)) as raised:
            call(app, "/closes")
        told = [str(error) for error in getattr(raised.value, "exceptions", [raised.value])]
        assert (ran, told) == (
            (["body", "first", "second"], ["the body's", "the first"])
            if body == "stream"
            else (["first", "second"], ["the first"])
        )

    def test_what_another_class_of_response_closes_is_closed(self, app: Flask) -> None:
        """A response of Werkzeug's keeps its callbacks where it becomes one of the app's and gets other headers."""
        import werkzeug

        ran = []

        def view() -> werkzeug.Response:
            response = werkzeug.Response(iter(["a", "b"]))
            response.call_on_close(lambda: ran.append("closed"))
            return response

        def replace(response: flask.Response) -> flask.Response:
            response.headers = werkzeug.datastructures.Headers([("Content-Type", "text/plain")])
            return response

        app.add_url_rule("/foreign", "foreign", view)
        app.after_request(replace)
        assert call(app, "/foreign").body == b"ab"
        assert ran == ["closed"]


class TestPushing:
    """A receiver of `appcontext_pushed` that raises leaves no context behind; upstream's stays for the next request."""

    @contextmanager
    def broken(self, app: Flask) -> t.Iterator[None]:
        def receive(sender: Flask, **extra: t.Any) -> None:
            if self.is_on:
                raise ValueError("the receiver's")

        self.is_on = True
        with flask.appcontext_pushed.connected_to(receive, app):
            yield

    def test_in_a_request(self, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
        """It is answered with 500, logged, and torn down; the next is served."""
        torn = []
        app.teardown_appcontext(torn.append)
        app.register_error_handler(500, lambda error: (f"{flask.request.path} {flask.current_app.name}", 500))
        with self.broken(app):
            answer = call(app, "/well")
            assert not flask.has_app_context()
            assert not flask.has_request_context()
            self.is_on = False
            assert call(app, "/well").body == b"well"
        assert (answer.status, answer.body) == ("500 INTERNAL SERVER ERROR", f"/well {app.name}".encode())
        assert errors_of(caplog) == ['ValueError("the receiver\'s")']
        assert [repr(error) for error in torn] == ['ValueError("the receiver\'s")', "None"]

    @pytest.mark.parametrize("kind", ["app_context", "test_request_context"])
    def test_in_a_block(self, app: Flask, kind: str) -> None:
        """The block is not entered, and nothing is current behind it."""
        with self.broken(app), pytest.raises(ValueError, match="the receiver's"), getattr(app, kind)():
            pass
        assert not flask.has_app_context()
        assert not flask.has_request_context()

    def test_by_hand(self, app: Flask) -> None:
        """An app context that could not be pushed need not be popped."""
        with self.broken(app), pytest.raises(ValueError, match="the receiver's"):
            app.app_context().push()
        assert not flask.has_app_context()

    def test_a_session_that_cannot_be_opened_leaves_no_context_either(self, app: Flask) -> None:
        """So it is with whatever else fails while a request context is entered."""

        class Sessions(flask.sessions.SecureCookieSessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> t.NoReturn:
                raise ValueError("the session's")

        app.session_interface = Sessions()
        with pytest.raises(ValueError, match="the session's"), app.test_request_context():
            pass
        assert not flask.has_app_context()
        assert not flask.has_request_context()


class TestStreams:
    """`stream_with_context`: upstream tears down twice, and its contexts stay in the thread between chunks."""

    @pytest.fixture
    def streams(self, app: Flask) -> t.Callable[[str], t.Any]:
        self.torn: list[str] = []

        @app.teardown_request
        def torn(error: BaseException | None) -> None:
            if "name" in flask.g:
                self.torn.append(flask.g.name)

        @app.route("/stream/<name>")
        def stream(name: str) -> flask.Response:
            flask.g.name = name

            def chunks() -> t.Iterator[str]:
                for _ in range(3):
                    yield f"{flask.g.name}{flask.request.path}"

            return app.response_class(flask.stream_with_context(chunks()))

        def begin(name: str) -> t.Any:
            return app(create_environ(f"/stream/{name}"), lambda status, headers, exc_info=None: lambda data: None)

        return begin

    def test_teardown_comes_once_after_the_last_chunk(self, streams: t.Any) -> None:
        """Not when the view is done, and not a second time on close."""
        body = streams("a")
        chunks = iter(body)
        assert [next(chunks) for _ in range(3)] == [b"a/stream/a"] * 3
        assert self.torn == []
        assert list(chunks) == []
        body.close()
        assert self.torn == ["a"]

    def test_teardown_comes_once_on_close(self, streams: t.Any) -> None:
        """A client that goes away ends the request."""
        body = streams("a")
        assert next(iter(body)) == b"a/stream/a"
        body.close()
        body.close()
        assert self.torn == ["a"]

    def test_between_chunks_the_thread_carries_no_context(self, streams: t.Any) -> None:
        """Two interleaved streams never see each other's `g`."""
        bodies = [streams("a"), streams("b")]
        seen = []
        for _ in range(3):
            for body in bodies:
                seen.append(next(iter(body)))
                assert not flask.has_app_context()
                assert not flask.has_request_context()
        assert seen == [b"a/stream/a", b"b/stream/b"] * 3
        for body in bodies:
            body.close()
        assert self.torn == ["a", "b"]

    def test_an_abandoned_stream_poisons_nothing(self, app: Flask, streams: t.Any) -> None:
        """A server that neither ends nor closes it goes on with other requests; the collector ends it."""
        body = streams("a")
        next(iter(body))
        assert call(app, "/well").body == b"well"
        assert not flask.has_app_context()
        body = None
        gc.collect()
        assert not flask.has_app_context()
        assert call(app, "/stream/b").body == b"b/stream/b" * 3


def aborts(app: Flask) -> None:
    app.add_url_rule("/", "aborts", lambda: flask.abort(403))


def aborts_with_a_response(app: Flask) -> None:
    app.add_url_rule("/", "aborts", lambda: flask.abort(app.make_response(("taken", 409))))


def aborts_in_a_coroutine(app: Flask) -> None:
    async def view() -> t.NoReturn:
        flask.abort(403)

    app.add_url_rule("/", "aborts", view)


def aborts_for_a_handler(app: Flask) -> None:
    aborts(app)
    app.register_error_handler(403, lambda error: ("no", 403))


def aborts_and_answers_with_the_error(app: Flask) -> None:
    aborts(app)
    app.register_error_handler(403, lambda error: error)


def aborts_and_answers_with_the_error_and_a_status(app: Flask) -> None:
    aborts(app)
    app.register_error_handler(403, lambda error: (error, 418))


def misses_a_key(app: Flask) -> None:
    app.add_url_rule("/", "misses", lambda: flask.request.args["x"])


def takes_no_json(app: Flask) -> None:
    app.add_url_rule("/", "takes", lambda: flask.request.get_json())


def breaks(app: Flask) -> None:
    app.add_url_rule("/", "breaks", lambda: 1 // 0)


def breaks_in_a_coroutine(app: Flask) -> None:
    async def view() -> t.NoReturn:
        raise LookupError

    app.add_url_rule("/", "breaks", view)


def breaks_in_a_template(app: Flask) -> None:
    app.add_url_rule("/", "breaks", lambda: flask.render_template_string("{{ 1 / 0 }}"))


def breaks_for_a_handler(app: Flask) -> None:
    breaks(app)
    app.register_error_handler(500, lambda error: ("oops", 500))


def breaks_while_testing(app: Flask) -> None:
    breaks(app)
    app.testing = True


def breaks_twice(app: Flask) -> None:
    breaks(app)
    app.register_error_handler(500, lambda error: 1 // 0)


def breaks_in_a_teardown(app: Flask) -> None:
    app.add_url_rule("/", "well", lambda: "well")
    app.teardown_request(lambda error: 1 // 0)


def breaks_in_a_stream(app: Flask) -> None:
    def chunks() -> t.Iterator[str]:
        yield "a"
        raise LookupError

    app.add_url_rule("/", "stream", lambda: app.response_class(flask.stream_with_context(chunks())))


def is_not_there(app: Flask) -> None:
    pass


def is_elsewhere(app: Flask) -> None:
    app.add_url_rule("/<path:p>/", "slash", lambda p: "")
    app.add_url_rule("/", "home", lambda: flask.redirect("/x/"), defaults=None, redirect_to="/x/")


def takes_another_method(app: Flask) -> None:
    app.add_url_rule("/", "post", lambda: "", methods=["POST"])


def is_for_another_host(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["example.com"]


CASES = [
    case for name, case in globals().items() if name.split("_")[0] in {"aborts", "misses", "takes", "breaks", "is"}
]


class Request(flask.Request):
    """A class of the application's own, which is made at once."""


def by_wsgi(app: Flask, paths: list[str]) -> None:
    for path in paths:
        with suppress(Exception):  # what it is, other tests say
            call(app, path)


def by_asgi(app: Flask, paths: list[str]) -> None:
    async def serve() -> None:
        for path in paths:
            with suppress(Exception):
                await ask(app, path)

    asyncio.run(serve())


@pytest.mark.parametrize("request_class", [flask.Request, Request])
@pytest.mark.parametrize("serve", [by_wsgi, by_asgi])
@pytest.mark.parametrize("case", CASES)
def test_no_reference_cycle_per_abort_or_error(case: t.Any, serve: t.Any, request_class: type[flask.Request]) -> None:
    """Of 50 requests that ended in an error none is alive, with the collector off: upstream has all 50 of them."""
    app = Flask(__name__)
    app.logger.disabled = True
    app.request_class = request_class
    alive: list[weakref.ref[flask.Request]] = []

    @app.before_request
    def note() -> None:
        alive.append(weakref.ref(t.cast("t.Any", flask.request)._get_current_object()))

    case(app)
    app.add_url_rule("/last", "last", lambda: "")
    gc.collect()
    gc.disable()
    try:
        serve(app, ["/"] * 50 + ["/last"])  # whatever keeps the last one keeps that
        left = [ref for ref in alive[:50] if ref() is not None]
    finally:
        gc.enable()
    assert len(alive) == 51
    assert left == []


class Sockets:
    """What may end a WebSocket, before it is accepted or after."""

    async def aborts(self) -> None:
        flask.abort(403)

    async def breaks(self) -> None:
        raise LookupError

    async def breaks_open(self) -> None:
        await flask.websocket.accept()
        raise LookupError

    async def is_left(self) -> None:
        await flask.websocket.receive()

    def breaks_in_a_thread(self) -> None:
        flask.websocket.accept()
        raise LookupError

    async def ends(self) -> None:
        await flask.websocket.accept()


@pytest.mark.parametrize("name", [name for name in vars(Sockets) if not name.startswith("_")])
def test_no_reference_cycle_per_websocket(name: str) -> None:
    """What holds of requests holds of WebSockets: none is alive after its end, with the collector off."""
    app = Flask(__name__)
    app.logger.disabled = True
    alive: list[weakref.ref[t.Any]] = []

    @app.before_websocket
    def note() -> None:
        alive.append(weakref.ref(t.cast("t.Any", flask.websocket)._get_current_object()))

    app.websocket("/")(getattr(Sockets(), name))

    async def visit() -> None:
        for _ in range(20):
            socket = WebSocketDrive(app.asgi_app, scope_of(create_environ("/")))
            if await socket.connect():
                await socket.close()
            await socket.end()

    gc.collect()
    gc.disable()
    try:
        asyncio.run(visit())
        left = [ref for ref in alive[:-1] if ref() is not None]
    finally:
        gc.enable()
    assert len(alive) == 20
    assert left == []
