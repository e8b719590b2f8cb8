from __future__ import annotations

import contextlib
import contextvars
import gc
import threading
import time
import typing as t
import weakref

import greenlet
import pytest
from werkzeug.routing import Map, MapAdapter
from werkzeug.test import create_environ

import flask
from flask import Flask, current_app, g, request, session
from flask.ctx import AppContext, RequestContext, _AppCtxGlobals
from flask.globals import _cv_app, _cv_request, app_ctx, request_ctx
from tests.gateways.raw import call


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/<name>", "named", lambda name: name)
    return app


@contextlib.contextmanager
def without_collector() -> t.Iterator[None]:
    """No garbage collector: what dies here dies by its reference count."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class TestGlobalsOfAContext:
    def test_it_is_a_namespace(self, app: Flask) -> None:
        """`g` takes any attribute, and has the reading methods of a dict."""
        with app.app_context():
            g.a = 1
            assert (g.a, g.get("a"), g.get("b"), g.get("b", 2)) == (1, 1, None, 2)
            assert (g.setdefault("c", []), g.pop("a"), g.pop("a", 3)) == ([], 1, 3)
            assert "c" in g
            assert list(g) == ["c"]
            with pytest.raises(KeyError):
                g.pop("a")
            with pytest.raises(AttributeError):
                g.a
            del g.c
            assert list(g) == []
            assert repr(g) == f"<flask.g of {__name__!r}>"

    def test_an_app_may_have_a_class_of_its_own(self, app: Flask) -> None:
        """`app_ctx_globals_class` makes `g`, in app contexts and under requests."""

        class Own(_AppCtxGlobals):
            made = True

        app.app_ctx_globals_class = Own
        with app.app_context():
            assert g.made
        with app.test_request_context():
            assert g.made

    def test_under_a_request_it_is_the_app_contexts(self, app: Flask) -> None:
        """What `g` holds before the app context is asked for is in it then; a `g` put into that one is the one."""
        made: list[object] = []

        class Own(_AppCtxGlobals):
            def __init__(self) -> None:
                made.append(self)

        app.app_ctx_globals_class = Own
        with app.test_request_context():
            g.a = 1
            assert app_ctx.g.a == 1
            assert made == [app_ctx.g] == [g._get_current_object()]  # type: ignore[attr-defined]
            app_ctx.g = other = Own()
            g.b = 2
            assert (other.b, hasattr(g, "a")) == (2, False)

    def test_an_app_context_made_otherwise_has_it_too(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        """A patched constructor of app contexts is called, and keeps what `g` was before."""
        made: list[AppContext] = []
        original = AppContext.__init__

        def tell(self: AppContext, app: Flask) -> None:
            made.append(self)
            original(self, app)

        monkeypatch.setattr(AppContext, "__init__", tell)
        with app.test_request_context():
            g.a = 1
            assert app_ctx.g.a == 1
            assert made == [app_ctx._get_current_object()]  # type: ignore[attr-defined]

    def test_a_context_that_borrowed_has_its_own_later_and_the_other_way_round(self, app: Flask) -> None:
        """Each push of a request context decides anew whose `g` it has."""
        context = app.test_request_context()
        with app.app_context():
            g.a = 1
            with context:
                assert g.a == 1
        with context:
            assert "a" not in g
            g.b = 2
        with app.app_context():
            g.a = 3
            with context:
                assert (g.a, "b" in g) == (3, False)


class TestIdentity:
    def test_an_app_context_is_one_object_from_push_to_pop(self, app: Flask) -> None:
        """The app context below a request is one object for its whole time, and another in the next request."""
        seen: list[AppContext] = []
        for step in (app.before_request, app.teardown_request, app.teardown_appcontext):
            step(lambda *_: seen.append(app_ctx._get_current_object()))  # type: ignore[attr-defined, arg-type]
        call(app)
        call(app)
        assert seen[0] is seen[1] is seen[2]
        assert seen[3] is seen[4] is seen[5]
        assert seen[0] is not seen[3]

    def test_each_push_has_an_app_context_of_its_own(self, app: Flask) -> None:
        """A request context that is pushed again after its pop begins with a fresh `g`."""
        context = app.test_request_context()
        with context:
            g.a = 1
            first = app_ctx._get_current_object()  # type: ignore[attr-defined]
        with context:
            assert "a" not in g
            assert app_ctx._get_current_object() is not first  # type: ignore[attr-defined]

    def test_a_request_inside_an_app_context_borrows_it(self, app: Flask) -> None:
        """Pushed while an app context of the same app is active, a request has that one; of another app, not."""
        with app.app_context() as outer:
            g.a = 1
            with app.test_request_context():
                assert app_ctx._get_current_object() is outer  # type: ignore[attr-defined]
                assert g.a == 1
            with Flask("other").test_request_context():
                assert app_ctx._get_current_object() is not outer  # type: ignore[attr-defined]
                assert "a" not in g
            assert app_ctx._get_current_object() is outer  # type: ignore[attr-defined]

    def test_a_context_can_be_referred_to_weakly_and_compared(self, app: Flask) -> None:
        """A tracer's weak reference from before the request is the very context that teardown sees."""
        references: list[weakref.ref[RequestContext]] = []
        same: list[bool] = []
        app.before_request(lambda: references.append(weakref.ref(request_ctx._get_current_object())))  # type: ignore[attr-defined]
        app.teardown_request(lambda error: same.append(references[-1]() is request_ctx._get_current_object()))  # type: ignore[attr-defined]
        call(app)
        call(app)
        assert same == [True, True]

    def test_contexts_take_what_extensions_hang_on_them(self, app: Flask) -> None:
        """Both contexts take attributes, and an app context does not pretend to have a session or a request."""
        with app.test_request_context():
            request_ctx.login = "user"
            app_ctx.databases = {}  # type: ignore[attr-defined]
            assert (request_ctx.login, app_ctx.databases) == ("user", {})  # type: ignore[attr-defined]
            assert not hasattr(app_ctx, "session")
            assert not hasattr(app_ctx, "request")


class TestImpliedAppContext:
    """The app context of a request is made only when somebody asks; nobody can tell but by the clock."""

    def test_its_teardown_runs_although_nobody_asked_for_it(self, app: Flask) -> None:
        """`teardown_appcontext` functions run once per request, with the app current and no request."""
        told: list[t.Any] = []
        app.teardown_appcontext(
            lambda error: told.append((current_app._get_current_object(), flask.has_request_context(), error))  # type: ignore[attr-defined]
        )
        call(app)
        assert told == [(app, False, None)]

    @pytest.mark.parametrize("signal", ["appcontext_pushed", "appcontext_tearing_down", "appcontext_popped"])
    def test_its_signals_are_heard(self, app: Flask, signal: str) -> None:
        """Whoever listens to an app context's signals hears each request's once, also if connected late."""
        call(app)
        told: list[Flask] = []

        def listener(sender: Flask, **_: t.Any) -> None:
            told.append(sender)

        with getattr(flask, signal).connected_to(listener):
            call(app)
        assert told == [app]
        call(app)
        assert told == [app]

    @pytest.mark.parametrize("where", ["subclass", "object", "class"])
    @pytest.mark.parametrize("method", ["app_context", "do_teardown_appcontext", "create_url_adapter"])
    def test_an_overridden_method_is_called(self, method: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A method that makes, ends or serves the app context is called in each request, wherever it was replaced."""
        stock = getattr(Flask, method)
        told: list[t.Any] = []

        def replaced(self: Flask, *args: t.Any) -> t.Any:
            told.append(args)
            return stock(self, *args)

        kind = type("Own", (Flask,), {method: replaced}) if where == "subclass" else Flask
        app = kind(__name__)
        app.add_url_rule("/", "index", lambda: "index")
        if where != "subclass":
            call(app)
        if where == "class":
            monkeypatch.setattr(Flask, method, replaced)
        elif where == "object":
            setattr(app, method, lambda *args: replaced(app, *args))
        assert call(app).body == b"index"
        expected = {"app_context": 1, "do_teardown_appcontext": 1, "create_url_adapter": 2}
        assert len(told) == expected[method]

    def test_a_context_class_of_ones_own(self) -> None:
        """What an overridden `app_context` returns is the request's app context."""

        class Own(AppContext):
            pass

        class OwnApp(Flask):
            def app_context(self) -> AppContext:
                return Own(self)

        with OwnApp(__name__).test_request_context():
            assert type(app_ctx._get_current_object()) is Own  # type: ignore[attr-defined]


class TestUrlAdapter:
    def test_it_is_there_when_asked_for(self, app: Flask) -> None:
        """A request's context has Werkzeug's adapter, one object, bound to the request."""
        with app.test_request_context("/name?q=1", base_url="https://h/mount") as context:
            adapter = context.url_adapter
            assert isinstance(adapter, MapAdapter)
            assert context.url_adapter is adapter
            assert (adapter.url_scheme, adapter.script_name, adapter.path_info) == ("https", "/mount/", "/name")
            assert adapter.match() == ("named", {"name": "name"})

    def test_outside_of_a_request(self, app: Flask) -> None:
        """An app context has an adapter with a server name and none without."""
        with app.app_context() as context:
            assert context.url_adapter is None
        app.config["SERVER_NAME"] = "example.org"
        with app.app_context() as context:
            assert context.url_adapter is not None
            assert flask.url_for("index") == "http://example.org/"

    def test_it_can_be_replaced(self, app: Flask) -> None:
        """An adapter that was assigned is the one that matches and builds."""
        with app.test_request_context() as context:
            context.url_adapter = app.url_map.bind("assigned", script_name="/s")
            assert flask.url_for("index") == "/s/"

    @pytest.mark.parametrize("method", ["match", "build"])
    def test_a_patched_adapter_is_asked(self, app: Flask, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where Werkzeug's adapter was patched, at any time, it matches and builds for us."""
        app.add_url_rule("/url", "url", lambda: flask.url_for("named", name="x"))
        assert call(app, "/url").body == b"/x"
        stock = getattr(MapAdapter, method)
        told: list[str] = []

        def replaced(*args: t.Any, **kwargs: t.Any) -> t.Any:
            told.append(method)
            return stock(*args, **kwargs)

        monkeypatch.setattr(MapAdapter, method, replaced)
        assert call(app, "/url").body == b"/x"
        assert told == [method]

    def test_a_map_of_another_kind_is_asked(self) -> None:
        """A map class that binds in its own way is bound for each request."""
        told: list[str] = []

        class Own(Map):
            def bind_to_environ(self, *args: t.Any, **kwargs: t.Any) -> MapAdapter:
                told.append("bound")
                return super().bind_to_environ(*args, **kwargs)

        class OwnApp(Flask):
            url_map_class = Own

        app = OwnApp(__name__)
        app.add_url_rule("/", "index", lambda: "index")
        assert call(app).body == b"index"
        assert told == ["bound"]

    @pytest.mark.parametrize("host", ["-", "ex ample", "a" * 64, "[::1]", "127.0.0.1:99999999", "", "ä"])
    def test_hosts_that_are_not_plain_names_are_werkzeugs(self, app: Flask, host: str) -> None:
        """A host that looks like no name is bound by Werkzeug, which refuses it or not; the answer is never a 500."""
        with app.test_request_context() as context:
            environ = dict(context.request.environ, HTTP_HOST=host.encode().decode("latin-1"))
        with app.request_context(environ):
            assert request.url_rule is not None or request.routing_exception is not None

    def test_untrusted_hosts_are_refused(self, app: Flask) -> None:
        """With TRUSTED_HOSTS another host is a 400, before any rule is looked at."""
        app.config["TRUSTED_HOSTS"] = ["good.example"]
        assert call(app, base_url="http://good.example").body == b"index"
        assert call(app, base_url="http://bad.example").status == "400 BAD REQUEST"


class TestOrder:
    def test_popped_twice(self, app: Flask) -> None:
        """A context that was popped as often as pushed raises LookupError, and runs no teardown again."""
        told: list[str] = []
        app.teardown_request(lambda error: told.append("request"))
        app.teardown_appcontext(lambda error: told.append("app"))
        context = app.test_request_context()
        context.push()
        context.pop()
        with pytest.raises(LookupError):
            context.pop()
        assert told == ["request", "app"]

    def test_never_pushed(self, app: Flask) -> None:
        """A context that was never pushed cannot be popped."""
        with pytest.raises(LookupError):
            app.test_request_context().pop()
        with pytest.raises(LookupError):
            app.app_context().pop()

    def test_in_the_wrong_order(self, app: Flask) -> None:
        """Popping a request context that is not on top fails and says so; nothing stays behind."""
        outer, inner = app.test_request_context("/outer"), app.test_request_context("/inner")
        outer.push()
        inner.push()
        with pytest.raises(AssertionError, match="Popped wrong request context"):
            outer.pop()
        with contextlib.suppress(LookupError, AssertionError, ValueError):
            inner.pop()
        while _cv_request.get(None) is not None:
            _cv_request.get().pop()
        while _cv_app.get(None) is not None:
            _cv_app.get().pop()
        assert not flask.has_app_context()

    @pytest.mark.parametrize("watched", [False, True])
    @pytest.mark.parametrize("asked", [False, True])
    @pytest.mark.parametrize("kind", ["plain", "stream"])
    def test_an_app_context_that_a_view_never_popped(self, app: Flask, kind: str, asked: bool, watched: bool) -> None:
        """An app context left behind by a view fails the request, and neither it nor its `g` is there for the next."""
        told: list[str] = []
        if watched:
            app.teardown_appcontext(lambda error: told.append("torn down"))

        @app.route("/leave")
        def leave() -> flask.Response | str:
            assert "secret" not in g if asked else True
            app.app_context().push()
            g.secret = 1
            return flask.Response(flask.stream_with_context(iter(["a"]))) if kind == "stream" else "a"

        for _ in range(2):
            with pytest.raises(AssertionError, match="Popped wrong app context"):
                call(app, "/leave")
            assert not flask.has_app_context()
        if kind == "plain":
            assert told == ["torn down"] * 2 * watched

    def test_pushed_several_times(self, app: Flask) -> None:
        """A context that is pushed again while it is active is torn down with its last pop."""
        told: list[str] = []
        app.teardown_request(lambda error: told.append("request"))
        context = app.test_request_context()
        with context:
            with context:
                assert request.path == "/"
            assert told == []
            assert request.path == "/"
        assert told == ["request"]
        assert not flask.has_request_context()

    def test_requests_within_requests(self, app: Flask) -> None:
        """A request that is handled within a view, of the same app or another, leaves the outer one as it was."""
        other = Flask("other")
        other.add_url_rule("/", "index", lambda: current_app.name)
        app.add_url_rule("/outer", "outer", lambda: f"{call(app, '/inner').body!r} {call(other).body!r} {request.path}")
        assert call(app, "/outer").body == b"b'inner' b'other' /outer"


class TestTeardown:
    @pytest.mark.parametrize("fail", ["teardown_request", "teardown_appcontext"])
    def test_all_functions_run_even_when_one_raises(self, app: Flask, fail: str) -> None:
        """Every teardown function runs; the first error is raised after them, and no context stays."""
        told: list[str] = []
        app.logger.disabled = True

        def failing(error: BaseException | None) -> None:
            told.append("failing")
            raise LookupError("first" if told.count("failing") == 1 else "second")

        for register in (app.teardown_request, app.teardown_appcontext):
            register(lambda error, name=register.__name__: told.append(name))
            if register.__name__ == fail:
                register(failing)
                register(failing)
        with pytest.raises(LookupError, match="first"):
            call(app)
        assert sorted(told) == ["failing", "failing", "teardown_appcontext", "teardown_request"]
        assert not flask.has_app_context()

    def test_the_request_is_closed_although_teardown_raised(self, app: Flask) -> None:
        """A failing teardown function keeps no file open."""
        closed: list[bool] = []

        class Closing(flask.Request):
            def close(self) -> None:
                closed.append(True)

        def failing(error: BaseException | None) -> None:
            raise LookupError

        app.request_class = Closing
        app.teardown_request(failing)
        with pytest.raises(LookupError):
            call(app)
        assert closed == [True]

    def test_it_is_told_what_went_wrong(self, app: Flask) -> None:
        """Teardown functions get the unhandled exception, and None when it was handled."""
        told: list[BaseException | None] = []
        app.add_url_rule("/fail", "fail", lambda: 1 / 0)
        app.add_url_rule("/handled", "handled", lambda: {}["key"])
        app.register_error_handler(KeyError, lambda error: "handled")
        app.teardown_request(told.append)
        app.teardown_appcontext(told.append)
        app.logger.disabled = True
        call(app, "/fail")
        call(app, "/handled")
        assert [type(error) for error in told] == [ZeroDivisionError, ZeroDivisionError, type(None), type(None)]

    def test_it_runs_when_pushing_fails(self) -> None:
        """A request whose session cannot be opened is torn down like any other."""
        told: list[BaseException | None] = []

        class Failing(flask.sessions.SessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> None:
                raise LookupError("no session")

        app = Flask(__name__)
        app.session_interface = Failing()
        app.logger.disabled = True
        app.teardown_request(told.append)
        assert call(app).status == "500 INTERNAL SERVER ERROR"
        assert isinstance(told[0], LookupError)


class TestStreams:
    """A stream made with `stream_with_context` holds its request's teardown back."""

    def streaming(self, app: Flask, told: list[str]) -> None:
        @app.route("/stream/<int:count>")
        def stream(count: int) -> flask.Response:
            def parts() -> t.Iterator[str]:
                try:
                    for number in range(count):
                        yield f"{number}{request.path[0]}{session.get('none')}"
                finally:
                    told.append(f"closed {request.path}")

            return flask.Response(flask.stream_with_context(parts()))

        app.teardown_request(lambda error: told.append(f"teardown {error}"))
        app.teardown_appcontext(lambda error: told.append("app teardown"))

    def test_teardown_waits_for_the_last_part(self, app: Flask) -> None:
        """While the body is sent the context is there; teardown comes after the last part, once."""
        told: list[str] = []
        self.streaming(app, told)
        assert call(app, "/stream/2").body == b"0/None1/None"
        assert told == ["closed /stream/2", "teardown None", "app teardown"]

    def test_between_the_parts_the_thread_carries_no_context(self, app: Flask) -> None:
        """A server that serves others between two parts of a stream never sees its context."""
        told: list[str] = []
        self.streaming(app, told)
        first = app.test_client().get("/stream/2", buffered=False).response
        second = app.test_client().get("/stream/1", buffered=False).response
        for body in (first, second, first):
            next(iter(body))
            assert not flask.has_app_context()
        for body in (first, second):
            body.close()  # type: ignore[attr-defined]
        assert told.count("teardown None") == 2

    @pytest.mark.parametrize("begun", [False, True])
    def test_an_abandoned_stream_is_torn_down(self, app: Flask, begun: bool) -> None:
        """A client that goes away, before the first part or after it, has the stream closed and the teardown run."""
        told: list[str] = []
        self.streaming(app, told)
        body = app.test_client().get("/stream/3", buffered=False).response
        if begun:
            next(iter(body))
        body.close()  # type: ignore[attr-defined]
        assert told[-2:] == ["teardown None", "app teardown"]
        assert ("closed /stream/3" in told) is begun or not begun

    def test_a_stream_that_nobody_closes_is_torn_down_when_it_dies(self, app: Flask) -> None:
        """A stream that was dropped without a close runs the teardown all the same."""
        told: list[str] = []
        app.teardown_request(lambda error: told.append("teardown"))
        with without_collector():
            with app.test_request_context():
                stream = flask.stream_with_context(iter(["a"]))
            assert told == []
            del stream
            assert told == ["teardown"]

    def test_what_breaks_a_stream_off_is_told(self, app: Flask) -> None:
        """An exception in the middle of a stream reaches the server and the teardown functions."""
        told: list[BaseException | None] = []
        app.teardown_request(told.append)

        def parts() -> t.Iterator[str]:
            yield "a"
            raise LookupError("broken off")

        app.add_url_rule("/broken", "broken", lambda: flask.Response(flask.stream_with_context(parts())))
        with pytest.raises(LookupError) as caught:
            call(app, "/broken")
        assert told == [caught.value]

    def test_two_streams_of_one_request(self, app: Flask) -> None:
        """The teardown waits for the last of several streams."""
        told: list[str] = []
        app.teardown_request(lambda error: told.append("teardown"))
        with app.test_request_context():
            streams = [flask.stream_with_context(iter(["a"])) for _ in range(2)]
        assert list(streams[0]) == ["a"]
        assert told == []
        assert list(streams[1]) == ["a"]
        assert told == ["teardown"]

    def test_a_stream_that_ends_within_its_request_tears_nothing_down(self, app: Flask) -> None:
        """Consumed by the view itself, a stream leaves the request as it is."""
        told: list[str] = []
        app.teardown_request(lambda error: told.append("teardown"))
        with app.test_request_context("/within"):
            assert list(flask.stream_with_context(iter(["a"]))) == ["a"]
            assert told == []
            assert request.path == "/within"
        assert told == ["teardown"]

    def test_it_is_consumed_in_another_thread(self, app: Flask) -> None:
        """A server may send the body from another thread than the one that made the response."""
        told: list[str] = []
        self.streaming(app, told)
        body = app.test_client().get("/stream/2", buffered=False).response
        received: list[t.Any] = []
        thread = threading.Thread(target=lambda: received.extend(body))
        thread.start()
        thread.join(30)
        body.close()  # type: ignore[attr-defined]
        assert b"".join(received) == b"0/None1/None"
        assert told.count("teardown None") == 1


class TestCopies:
    def test_a_function_takes_its_request_to_a_thread(self, app: Flask) -> None:
        """`copy_current_request_context` gives a function the request, the session and a `g` of its own elsewhere."""
        seen: list[t.Any] = []

        @app.route("/copied")
        def copied() -> str:
            g.a = session["a"] = 1

            @flask.copy_current_request_context
            def work() -> None:
                seen.append((request.path, session["a"], "a" in g, request._get_current_object() is outer))  # type: ignore[attr-defined]

            outer = request._get_current_object()  # type: ignore[attr-defined]
            thread = threading.Thread(target=work)
            thread.start()
            thread.join(30)
            return request.path

        assert call(app, "/copied").body == b"/copied"
        assert seen == [("/copied", 1, False, True)]

    def test_a_greenlet_after_the_end_of_the_request(self, app: Flask) -> None:
        """A copy still works when the request it was made in is over."""
        made: list[greenlet.greenlet] = []

        @app.route("/later")
        def later() -> str:
            made.append(greenlet.greenlet(flask.copy_current_request_context(lambda: request.path)))
            return ""

        call(app, "/later")
        assert not flask.has_request_context()
        assert made[0].switch() == "/later"

    def test_each_needs_a_request(self) -> None:
        """Outside of a request, what needs one says its name."""
        for name in ("copy_current_request_context", "after_this_request"):
            with pytest.raises(RuntimeError, match=f"'{name}' can only be used when a request context is active"):
                getattr(flask, name)(lambda: None)


class TestSessionOfAContext:
    def test_an_assigned_session_replaces_the_requests(self, app: Flask) -> None:
        """An extension may put a session of its own on the context, as `_session`, and that one is used and saved."""
        own = flask.sessions.SecureCookieSession({"own": 1})
        with app.test_request_context() as context:
            assert hasattr(context, "_session")
            context._session = own
            assert session["own"] == 1
            session["more"] = 2
            response = app.process_response(app.make_response(""))
        assert own["more"] == 2
        assert "Set-Cookie" in response.headers

    def test_before_the_push_there_is_none(self, app: Flask) -> None:
        """The session of a context that was not pushed yet is an error that says so."""
        with pytest.raises(AssertionError, match="not yet been opened"):
            app.test_request_context().session

    def test_a_foreign_environment_again_and_again(self, app: Flask) -> None:
        """Many contexts may be made of one environment, one after another, each with its own request and session."""
        with app.test_request_context("/a") as first:
            environ = first.request.environ
        for number in range(3):
            with app.request_context(environ) as context:
                assert request.path == "/a"
                assert "number" not in session
                session["number"] = number
                app.session_interface.save_session(app, context.session, app.response_class())


class TestSideBySide:
    def answering(self, app: Flask, meet: t.Callable[[], object]) -> None:
        @app.route("/token/<token>")
        def view(token: str) -> str:
            assert "token" not in g
            g.token = session["token"] = token
            meet()
            response = f"{g.token} {session['token']} {request.path.rpartition('/')[2]} {request.view_args['token']}"  # type: ignore[index]
            meet()
            return response

    def check(self, app: Flask, token: str) -> bool:
        answered = call(app, f"/token/{token}")
        cookie = (answered.header("Set-Cookie") or "").partition(";")[0]
        with app.test_request_context(headers={"Cookie": cookie}):
            return answered.body.decode().split() == [token] * 4 and session["token"] == token

    def test_threads(self, app: Flask) -> None:
        """Sixteen threads, all in the middle of their request at once, each get back their own, round after round."""
        barrier = threading.Barrier(16)
        self.answering(app, lambda: barrier.wait(30))
        good: list[bool] = []

        def work(name: int) -> None:
            good.extend(self.check(app, f"{name}-{turn}") for turn in range(5))

        threads = [threading.Thread(target=work, args=(name,)) for name in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert good == [True] * 80

    def test_greenlets(self, app: Flask) -> None:
        """Greenlets that switch in the middle of their requests each keep their own context."""
        hub = greenlet.getcurrent()
        self.answering(app, hub.switch)
        workers = [greenlet.greenlet(self.check) for _ in range(16)]
        for number, worker in enumerate(workers):
            worker.switch(app, f"token{number}")
            assert not flask.has_app_context()
        for worker in reversed(workers):
            worker.switch()
        assert [worker.switch() for worker in workers] == [True] * 16
        assert all(worker.dead for worker in workers)

    def test_a_context_is_seen_in_a_copied_context_only(self, app: Flask) -> None:
        """What runs in a copy of the context variables sees the request, a fresh thread does not."""
        with app.test_request_context("/seen"):
            copied = contextvars.copy_context()
        assert copied.run(lambda: request.path) == "/seen"
        assert not flask.has_request_context()


class TestMemory:
    @pytest.mark.parametrize(
        "path", ["/", "/name", "/session", "/json", "/handled", "/url", "/template", "/stream", "/after", "/async"]
    )
    def test_no_cycle_keeps_a_request_alive(self, app: Flask, path: str) -> None:
        """When the response is closed the request and both contexts die, without the garbage collector."""
        references: list[weakref.ref[t.Any]] = []

        @app.before_request
        def refer() -> None:
            references.extend(weakref.ref(one._get_current_object()) for one in (request, request_ctx, app_ctx))  # type: ignore[attr-defined]

        async def asynchronous() -> str:
            return "x"

        app.add_url_rule("/session", "session", lambda: session.setdefault("a", "b"))
        app.add_url_rule("/json", "json", lambda: {"json": request.get_json(silent=True)})
        app.add_url_rule("/handled", "handled", lambda: {}["key"])
        app.add_url_rule("/url", "url", lambda: flask.url_for("url", _external=True))
        app.add_url_rule("/template", "template", lambda: flask.render_template_string("{{ request.path }} {{ g }}"))
        app.add_url_rule("/stream", "stream", lambda: flask.Response(flask.stream_with_context(iter(["a"]))))
        app.add_url_rule("/after", "after", lambda: flask.after_this_request(lambda response: response) and "x")
        app.add_url_rule("/async", "async", asynchronous)
        app.register_error_handler(KeyError, lambda error: "handled")
        call(app, path)
        references.clear()
        with without_collector():
            assert call(app, path).status == "200 OK"
            for _ in range(500):  # the event loop's thread lets go of a finished task in its own time
                if not any(reference() for reference in references):
                    break
                time.sleep(0.01)
            assert [reference() for reference in references] == [None, None, None]


class TestARequestMadeLate:
    """The request is made at the first look, and nobody can tell."""

    def test_nobody_looks(self, app: Flask) -> None:
        """A request that nothing looks at is answered without being made, and is there for whoever looks later."""
        seen: list[RequestContext] = []
        app.add_url_rule(
            "/late/<int:number>", "late", lambda number: seen.append(request_ctx._get_current_object()) or ""
        )  # type: ignore[attr-defined, func-returns-value]
        call(app, "/late/3")
        (context,) = seen
        assert context._late
        found = context.request
        assert (found.path, found.endpoint, found.view_args) == ("/late/3", "late", {"number": 3})
        assert context.request is found
        assert not context._late

    def test_one_request_for_all_who_look(self, app: Flask) -> None:
        """The proxy, the context and the environment show one object, whoever looks first."""
        with app.test_request_context("/who") as context:
            assert request.view_args == {"name": "who"}
            assert request._get_current_object() is context.request  # type: ignore[attr-defined]
            assert context.request.environ["werkzeug.request"] is context.request
            assert context.request.url_rule is not None
            assert context.request.json_module is app.json
        with app.test_request_context("/no/such/path") as context:
            assert request.routing_exception is context.request.routing_exception is not None

    def test_names_set_through_the_proxy_stay(self, app: Flask) -> None:
        """What is set on the proxy before anything else is there afterwards."""
        with app.test_request_context("/") as context:
            request.user = "alice"  # type: ignore[attr-defined]
            assert context.request.user == "alice"  # type: ignore[attr-defined]
            assert "user" in dir(request)
            assert isinstance(request, flask.Request)

    @pytest.mark.parametrize("where", ["class", "constructor", "close"])
    def test_what_has_something_to_do_is_made_at_once(
        self, app: Flask, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A request class of the app's own, or a patched constructor or end, takes part in every request."""
        told: list[str] = []

        def tell(name: str) -> t.Callable[..., None]:
            original = getattr(flask.Request, name)

            def wrapper(self: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
                told.append(name)
                original(self, *args, **kwargs)

            return wrapper

        if where == "class":
            app.request_class = type("Own", (flask.Request,), {"__init__": tell("__init__"), "close": tell("close")})
            expected = ["__init__", "close"]
        else:
            name = {"constructor": "__init__", "close": "close"}[where]
            monkeypatch.setattr(flask.Request, name, tell(name))
            expected = [name]
        call(app, "/")
        assert told == expected

    def test_a_request_put_into_the_context_counts(self, app: Flask) -> None:
        """What `before_request` makes the context's request is what is dispatched."""
        with app.test_request_context("/other") as other:
            replacement = other.request

        @app.before_request
        def replace() -> None:
            request_ctx.request = replacement

        assert call(app, "/first").body == b"other"

    def test_a_changed_match_counts(self, app: Flask) -> None:
        """Values that a hook puts into the request are the view's."""

        @app.before_request
        def change() -> None:
            request.view_args = {"name": "changed"}

        assert call(app, "/first").body == b"changed"

    def test_errors_in_properties_are_their_own(self, app: Flask) -> None:
        """An AttributeError of an interface that opens sessions is not taken for a missing attribute of the context."""

        class Interface(flask.sessions.SecureCookieSessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> t.NoReturn:
                raise AttributeError("of the interface")

        app.session_interface = Interface()
        app.testing = True
        with pytest.raises(AttributeError, match="of the interface"):
            call(app, "/")

    @pytest.mark.parametrize("method", ["OPTIONS", "options"])
    def test_options_in_any_letters(self, app: Flask, method: str) -> None:
        """A rule for every method answers OPTIONS by itself, however it is written."""
        from werkzeug.routing import Rule

        rule = Rule("/all", endpoint="all")
        rule.provide_automatic_options = True  # type: ignore[attr-defined]
        app.url_map.add(rule)
        app.view_functions["all"] = lambda: "the view"
        assert call(app, "/all", method=method).body == b""
        assert call(app, "/all", method="GET").body == b"the view"

    def test_threads_in_one_context_share_all(self, app: Flask) -> None:
        """Threads that run in one request's context see one request, one `g` and one session, whoever is first."""
        import sys

        seen: list[set[int]] = []

        @app.route("/threads")
        def threads() -> str:
            found: list[tuple[int, ...]] = []
            ready = threading.Barrier(4)

            def look() -> None:
                ready.wait()
                top = request_ctx._get_current_object()  # type: ignore[attr-defined]
                own = (
                    id(top.request),
                    id(top._find_g()),
                    id(top._top_app_ctx),
                    id(top._top_app_ctx.g),
                    id(top._session),
                )
                found.append((*own, id(top._after_request_functions)))

            started = [threading.Thread(target=contextvars.copy_context().run, args=(look,)) for _ in range(4)]
            for thread in started:
                thread.start()
            for thread in started:
                thread.join()
            seen.extend(set(column) for column in zip(*found, strict=True))
            return ""

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for _ in range(30):
                call(app, "/threads")
        finally:
            sys.setswitchinterval(interval)
        assert len(seen) == 180
        assert all(len(identities) == 1 for identities in seen)

    def test_it_is_made_as_the_app_was_when_the_request_began(self, app: Flask) -> None:
        """A class of requests or a JSON provider that is put in while a request runs is for the next."""
        before = app.json

        @app.route("/change")
        def change() -> str:
            app.json = flask.json.provider.DefaultJSONProvider(app)
            app.request_class = type("Later", (flask.Request,), {})
            return f"{request.json_module is before} {type(request._get_current_object()).__name__}"  # type: ignore[attr-defined]

        assert call(app, "/change").body == b"True Request"
        assert call(app, "/change").body == b"False Later"

    def test_patched_names_of_blueprints_count(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hooks of the blueprints that a patched property tells run, though nobody looked at the request."""
        blueprint = flask.Blueprint("b", __name__)
        blueprint.before_request(lambda: "from the blueprint")
        app.register_blueprint(blueprint)
        assert call(app, "/").body == b"index"
        with monkeypatch.context() as patched:
            patched.setattr(flask.Request, "blueprints", property(lambda self: ["b"]))
            assert call(app, "/").body == b"from the blueprint"
        with monkeypatch.context() as patched:
            patched.setattr(flask.Request, "blueprint", property(lambda self: "b"))
            assert call(app, "/").body == b"from the blueprint"
        assert call(app, "/").body == b"index"

    def test_a_stream_keeps_what_it_was_asked_with(self, app: Flask) -> None:
        """Middleware that restores the environment when the app has answered changes nothing for a stream."""

        @app.route("/streamed")
        def streamed() -> flask.Response:
            def chunks() -> t.Iterator[str]:
                yield f"{request.path} {flask.url_for('index')} {request.root_path}"

            return flask.Response(flask.stream_with_context(chunks()))

        def mounted(environ: t.Any, start_response: t.Any) -> t.Any:
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/mount", environ["PATH_INFO"][6:]
            try:
                return app.wsgi_app(environ, start_response)
            finally:
                environ["SCRIPT_NAME"], environ["PATH_INFO"] = "", "/mount/streamed"

        assert call(mounted, "/mount/streamed").body == b"/streamed /mount/ /mount"


def test_the_environment_keeps_no_request() -> None:
    """After a request the environment holds none: neither the request's own nor one of an app around it."""
    app = flask.Flask(__name__)
    for look in (False, True):
        environ = {**create_environ("/"), "werkzeug.request": object()}
        with app.request_context(environ) as context:
            if look:
                made = context.request
                assert environ["werkzeug.request"] is made
        assert environ["werkzeug.request"] is None


def test_functions_for_the_response_are_a_list_of_the_contexts_own() -> None:
    """`_after_request_functions` is one list for each context, and may be assigned."""
    app = flask.Flask(__name__)
    with app.test_request_context() as one, app.test_request_context() as other:
        functions = one._after_request_functions
        assert functions == []
        assert one._after_request_functions is functions
        assert other._after_request_functions is not functions
        own: list[t.Any] = []
        other._after_request_functions = own
        assert other._after_request_functions is own
