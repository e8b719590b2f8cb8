from __future__ import annotations

import gc
import typing as t
import weakref

import pytest
from werkzeug.exceptions import Conflict, HTTPException, InternalServerError, NotFound

import flask
from flask import Blueprint, Flask
from tests.gateways.raw import call


class Specific(LookupError):
    pass


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.logger.disabled = True
    errors: dict[str, t.Any] = {
        "lookup": LookupError("x"),
        "specific": Specific("y"),
        "conflict": Conflict("z"),
        "internal": InternalServerError("w"),
        "response": HTTPException(response=flask.Response("carried", 418)),
    }

    def raising(name: str) -> t.NoReturn:
        raise errors[name]

    app.add_url_rule("/<name>", "raising", raising)
    return app


class TestHandlers:
    def test_the_nearest_class_wins(self, app: Flask) -> None:
        """Of several handlers for bases of an exception's class, the nearest answers, in any order of registration."""
        app.register_error_handler(Exception, lambda error: "exception")
        app.register_error_handler(Specific, lambda error: "specific")
        app.register_error_handler(LookupError, lambda error: "lookup")
        assert call(app, "/specific").body == b"specific"
        assert call(app, "/lookup").body == b"lookup"
        assert call(app, "/conflict").body == b"exception"

    def test_a_code_comes_before_a_class(self, app: Flask) -> None:
        """A handler for the status code answers before one for the class of all HTTP errors."""
        app.register_error_handler(HTTPException, lambda error: ("http", error.code))
        app.register_error_handler(409, lambda error: ("conflict", 409))
        assert call(app, "/conflict").body == b"conflict"
        assert call(app, "/a/b").body == b"http"

    def test_the_innermost_blueprint_comes_first(self) -> None:
        """Handlers are looked for in the blueprint, those around it, then the app; of unmatched URLs there alone."""
        app, outer, inner = Flask(__name__), Blueprint("outer", __name__), Blueprint("inner", __name__)
        for scaffold, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
            scaffold.register_error_handler(404, lambda error, name=name: name)

        def missing() -> t.NoReturn:
            flask.abort(404)

        for scaffold, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
            scaffold.add_url_rule(f"/{name}", "missing", missing)
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        for name in ("app", "outer", "inner"):
            assert call(app, f"/{name}").body == name.encode()
        assert call(app, "/nowhere").body == b"app"
        del app.error_handler_spec["outer.inner"]
        assert call(app, "/inner").body == b"outer"

    def test_a_handler_registered_in_the_table_is_found(self, app: Flask) -> None:
        """The table of handlers is read live, also after requests."""
        assert call(app, "/lookup").status == "500 INTERNAL SERVER ERROR"
        app.error_handler_spec[None][None][LookupError] = lambda error: "late"
        assert call(app, "/lookup").body == b"late"

    def test_an_error_in_a_handler_is_the_error(self, app: Flask) -> None:
        """What a handler raises is unhandled in its turn, and the handler of 500 gets it as the original."""

        def failing(error: Exception) -> t.NoReturn:
            raise Specific("in the handler")

        app.register_error_handler(LookupError, failing)
        app.register_error_handler(500, lambda error: repr(error.original_exception))
        assert call(app, "/lookup").body == b"Specific('in the handler')"


class TestUnhandled:
    def test_http_errors_are_their_own_answers(self, app: Flask) -> None:
        """An HTTP error without a handler is its page, or the response that it carries; nothing is logged."""
        assert call(app, "/conflict").status == "409 CONFLICT"
        assert call(app, "/response").body == b"carried"

    def test_a_500_gets_the_original(self, app: Flask) -> None:
        """The handler of 500 gets the original of an unhandled error, and none where a view raised the 500 itself."""
        app.register_error_handler(500, lambda error: repr(error.original_exception))
        assert call(app, "/lookup").body == b"LookupError('x')"
        assert call(app, "/internal").body == b"None"

    @pytest.mark.parametrize(
        ("config", "raised"),
        [
            ({}, False),
            ({"TESTING": True}, True),
            ({"DEBUG": True}, True),
            ({"PROPAGATE_EXCEPTIONS": True}, True),
            ({"PROPAGATE_EXCEPTIONS": False, "TESTING": True, "DEBUG": True}, False),
        ],
    )
    def test_propagation(self, app: Flask, config: dict[str, bool], raised: bool) -> None:
        """An unhandled error is raised to the server as the settings say, or a 500; the signal is heard."""
        heard: list[Exception] = []

        def listener(sender: Flask, exception: Exception, **_: t.Any) -> None:
            heard.append(exception)

        app.config.update(config)
        with flask.got_request_exception.connected_to(listener, app):
            if raised:
                with pytest.raises(LookupError):
                    call(app, "/lookup")
            else:
                assert call(app, "/lookup").status == "500 INTERNAL SERVER ERROR"
        assert [type(error) for error in heard] == [LookupError]

    def test_one_line_in_the_log(self, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
        """An unhandled error is logged once, with path, method and traceback."""
        app.logger.disabled = False
        call(app, "/lookup", "GET")
        (record,) = caplog.records
        assert record.getMessage() == "Exception on /lookup [GET]"
        assert record.exc_info is not None
        assert record.exc_info[0] is LookupError

    def test_a_404_without_routes(self) -> None:
        """An app without routes answers 404."""
        assert call(Flask(__name__, static_folder=None)).status == "404 NOT FOUND"

    def test_trapped_http_errors(self, app: Flask) -> None:
        """With TRAP_HTTP_EXCEPTIONS an HTTP error goes the way of any other."""
        app.config.update(TRAP_HTTP_EXCEPTIONS=True, TESTING=True)
        with pytest.raises(NotFound):
            call(app, "/a/b")


class TestUnknownUrls:
    """A URL that no rule has is answered without its error being raised, where nobody can tell."""

    @pytest.fixture
    def app(self) -> Flask:
        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: "index")
        assert call(app, "/").body == b"index"  # the first request goes the long way
        return app

    def test_it_is_the_same_page(self, app: Flask) -> None:
        """Status, headers and body are those of the error that was raised."""
        short = call(app, "/unknown")
        app.handle_user_exception = lambda e: Flask.handle_user_exception(app, e)  # type: ignore[method-assign]
        long = call(app, "/unknown")
        assert (short.status, short.headers, short.body) == (long.status, long.headers, long.body)
        assert short.status == "404 NOT FOUND"

    @pytest.mark.parametrize("where", ["class", "object", "patch"])
    @pytest.mark.parametrize(
        "name",
        [
            *("full_dispatch_request", "dispatch_request", "raise_routing_exception", "handle_user_exception"),
            *("trap_http_exception", "handle_http_exception"),
        ],
    )
    def test_whoever_replaces_a_step_sees_the_error(
        self, app: Flask, where: str, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A step that was overridden in a class, on the app, or patched, is called, and the error comes to it."""
        told: list[str] = []
        original = getattr(Flask, name)

        def step(self: Flask, *args: t.Any) -> t.Any:
            told.append(name)
            return original(self, *args)

        if where == "class":
            app.__class__ = type("Own", (Flask,), {name: step})
        elif where == "object":
            setattr(app, name, step.__get__(app))
        else:
            monkeypatch.setattr(Flask, name, step)
        assert call(app, "/unknown").status == "404 NOT FOUND"
        assert told == [name]

    def test_hooks_run_and_may_answer(self, app: Flask) -> None:
        """What is registered for before and after runs; an answer from before takes the place of the error."""
        told: list[str] = []
        app.before_request_funcs[None] = [lambda: told.append("before")]
        app.after_request_funcs[None] = [lambda response: told.append("after") or response]  # type: ignore[func-returns-value]
        assert call(app, "/unknown").status == "404 NOT FOUND"
        assert told == ["before", "after"]
        app.before_request_funcs[None].append(lambda: "answered")
        assert call(app, "/unknown").body == b"answered"

    def test_an_error_before_is_handled(self, app: Flask) -> None:
        """What a hook raises goes to its handler."""

        def fail() -> t.NoReturn:
            raise LookupError("x")

        app.before_request_funcs[None] = [fail]
        app.error_handler_spec[None][None][LookupError] = lambda error: "handled"
        assert call(app, "/unknown").body == b"handled"

    def test_a_hook_that_looks_finds_the_error_that_is_raised(self, app: Flask) -> None:
        """The request knows the very error that a handler gets."""
        seen: list[t.Any] = []
        app.before_request_funcs[None] = [lambda: seen.append(flask.request.routing_exception)]
        app.error_handler_spec[None][404][NotFound] = lambda error: seen.append(error) or ("none", 404)  # type: ignore[func-returns-value]
        assert call(app, "/unknown").body == b"none"
        assert seen[0] is seen[1]
        del app.before_request_funcs[None]
        app.error_handler_spec[None][404][NotFound] = lambda error: str(error is flask.request.routing_exception)
        assert call(app, "/unknown").body == b"True"

    def test_handlers_of_any_kind_are_asked(self, app: Flask) -> None:
        """A handler for the code, for a base, or told by the app itself answers."""
        app.error_handler_spec[None][None][HTTPException] = lambda error: "by class"
        assert call(app, "/unknown").body == b"by class"
        app.error_handler_spec.clear()
        app._find_error_handler = lambda error, blueprints: lambda error: "by the app"  # type: ignore[method-assign]
        assert call(app, "/unknown").body == b"by the app"

    def test_settings_that_trap_count(self, app: Flask) -> None:
        """Trapped, or in debug mode, the error is raised."""
        app.config.update(TRAP_HTTP_EXCEPTIONS=True, TESTING=True)
        with pytest.raises(NotFound):
            call(app, "/unknown")

    def test_the_signal_of_the_start_is_sent(self, app: Flask) -> None:
        """Who listens for the start of requests hears of those to unknown URLs as well."""
        told: list[object] = []

        def hear(sender: object, **extra: object) -> None:
            told.append(sender)

        with flask.request_started.connected_to(hear, app):
            assert call(app, "/unknown").status == "404 NOT FOUND"
        assert told == [app]

    def test_the_next_request_is_free_of_it(self, app: Flask) -> None:
        """Nothing of an unanswered request is left when it has ended."""
        references: list[weakref.ref[t.Any]] = []
        app.before_request_funcs[None] = [
            lambda: references.append(weakref.ref(flask.globals.request_ctx._get_current_object()))  # type: ignore[attr-defined]
        ]
        gc.disable()
        try:
            call(app, "/unknown")
            assert references[0]() is None
        finally:
            gc.enable()
