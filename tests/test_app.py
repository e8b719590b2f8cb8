"""What extensions and applications replace at run time takes effect at once, before and after the first request."""

from __future__ import annotations

import functools
import gc
import typing as t
import weakref

import pytest
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.test import create_environ

import flask
from flask import Flask, request
from tests.gateways.raw import call

STEPS = [
    "wsgi_app",
    "request_context",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "do_teardown_request",
    "should_ignore_error",
    "handle_user_exception",
    "handle_exception",
    "log_exception",
    "handle_http_exception",
    "raise_routing_exception",
    "make_default_options_response",
    "ensure_sync",
    "create_url_adapter",
    "app_context",
    "do_teardown_appcontext",
    "inject_url_defaults",
    "handle_url_build_error",
    "trap_http_exception",
    "url_for",
    "redirect",
    "send_static_file",
    "get_send_file_max_age",
]


@pytest.fixture
def app(tmp_path: t.Any) -> Flask:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "file.txt").write_text("file")
    return made(Flask, tmp_path)


def made(kind: type[Flask], folder: t.Any) -> Flask:
    app = kind(__name__, root_path=str(folder))
    app.secret_key = "key"
    app.logger.disabled = True
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.add_url_rule("/url", "url", lambda: flask.url_for("index"))
    app.add_url_rule("/nowhere", "nowhere", lambda: flask.url_for("nobody"))
    app.add_url_rule("/redirect", "redirect", lambda: flask.redirect("/"))
    return app


def everything(app: Flask) -> None:
    """Requests that together take every step."""
    for path in ("/", "/fail", "/url", "/nowhere", "/redirect", "/none", "/static/file.txt"):
        call(app, path)
    call(app, "/", "OPTIONS")


class TestReplacedSteps:
    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("where", ["subclass", "object", "class"])
    def test_a_replaced_step_is_called(
        self, app: Flask, tmp_path: t.Any, step: str, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each step that is a public method is called by name: overridden, assigned or patched, also after requests."""
        stock = getattr(Flask, step)
        told: list[str] = []

        @functools.wraps(stock)
        def replaced(self: Flask, *args: t.Any, **kwargs: t.Any) -> t.Any:
            told.append(step)
            return stock(self, *args, **kwargs)

        if where == "subclass":
            app = made(type("Own", (Flask,), {step: replaced}), tmp_path)
        else:
            everything(app)
            if where == "class":
                monkeypatch.setattr(Flask, step, replaced)
            else:
                setattr(app, step, functools.partial(replaced, app))
        everything(app)
        assert told

    def test_a_replaced_step_may_answer_by_itself(self, app: Flask) -> None:
        """What a replaced step returns is used, and taking it away brings Flask's own back."""
        call(app)
        app.dispatch_request = lambda: "toolbar"  # type: ignore[method-assign]
        assert call(app).body == b"toolbar"
        del app.dispatch_request
        assert call(app).body == b"index"


class TestInTheWild:
    def test_call_replaced_on_the_class(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        """A monitor that replaces `Flask.__call__` on the class sees every request, the static ones too."""
        stock = Flask.__call__
        told: list[str] = []

        def traced(self: Flask, environ: t.Any, start_response: t.Any) -> t.Any:
            told.append(environ["PATH_INFO"])
            return stock(self, environ, start_response)

        call(app)
        monkeypatch.setattr(Flask, "__call__", traced)
        call(app, "/url")
        call(app, "/static/file.txt")
        assert app.test_client().get("/").text == "index"
        assert told == ["/url", "/static/file.txt", "/"]

    def test_wsgi_app_wrapped_after_requests(self, app: Flask) -> None:
        """Middleware that is assigned to `wsgi_app` at any time is gone through."""
        app.add_url_rule("/address", "address", lambda: request.remote_addr or "")
        headers = {"X-Forwarded-For": "192.0.2.7"}
        assert call(app, "/address", headers=headers).body == b""
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
        assert call(app, "/address", headers=headers).body == b"192.0.2.7"

    def test_partials_around_the_error_methods(self, app: Flask) -> None:
        """API extensions that assign partials of the error methods to the app answer for their errors."""

        def answering(original: t.Any, error: Exception) -> t.Any:
            if isinstance(error, ZeroDivisionError):
                return app.make_response(({"message": "division"}, 500))
            return original(error)

        call(app, "/fail")
        app.handle_exception = functools.partial(answering, app.handle_exception)  # type: ignore[method-assign]
        app.handle_user_exception = functools.partial(answering, app.handle_user_exception)  # type: ignore[method-assign]
        assert call(app, "/fail").body == b'{"message":"division"}\n'
        assert call(app, "/none").status == "404 NOT FOUND"

    def test_map_and_views_swapped(self, app: Flask) -> None:
        """A mock that swaps `url_map` and `view_functions`, there and back, has its routes answered."""
        before = app.url_map, app.view_functions
        assert call(app).body == b"index"
        app.url_map, app.view_functions = Map(), {}
        assert call(app).status == "404 NOT FOUND"
        app.url_map.add(Rule("/mocked/<int:n>", endpoint="mocked"))
        app.view_functions["mocked"] = lambda n: [n, flask.url_for("mocked", n=n + 1)]
        assert call(app, "/mocked/1").body == b'[1,"/mocked/2"]\n'
        app.url_map, app.view_functions = before
        assert call(app).body == b"index"
        assert call(app, "/mocked/1").status == "404 NOT FOUND"

    def test_a_rule_added_to_the_map_after_requests(self, app: Flask) -> None:
        """A rule that was added to the map itself answers at once."""
        assert call(app, "/late").status == "404 NOT FOUND"
        app.url_map.add(Rule("/late", endpoint="index"))
        assert call(app, "/late").body == b"index"

    def test_view_functions_rewritten(self, app: Flask) -> None:
        """An exporter that wraps the views in `view_functions`, after requests too, has its wrappers called."""
        assert call(app).body == b"index"
        for endpoint, view in list(app.view_functions.items()):
            app.view_functions[endpoint] = lambda view=view, **values: f"counted {view(**values)}"
        assert call(app).body == b"counted index"

        async def asynchronous() -> str:
            return "async"

        app.view_functions["index"] = asynchronous
        assert call(app).body == b"async"

    def test_an_after_function_appended_within_a_view(self, app: Flask) -> None:
        """A cache that appends to `after_request_funcs` from within a view has it run for that same response."""

        def mark(response: flask.Response) -> flask.Response:
            response.headers["X-Cache"] = "hit"
            return response

        def view() -> str:
            app.after_request_funcs[None].append(mark)
            return "cached"

        app.view_functions["index"] = view
        assert call(app).header("X-Cache") == "hit"
        app.after_request_funcs[None].remove(mark)
        assert call(app, "/url").header("X-Cache") is None

    @pytest.mark.parametrize(
        "table", ["before_request_funcs", "after_request_funcs", "teardown_request_funcs", "url_value_preprocessors"]
    )
    def test_hook_tables_are_read_live(self, app: Flask, table: str) -> None:
        """What is put into a table of hooks runs from the next request on, and what is removed no more."""
        told: list[str] = []

        def hook(*args: t.Any) -> t.Any:
            told.append(table)
            return args[0] if table == "after_request_funcs" else None

        call(app)
        functions = getattr(app, table).setdefault(None, [])
        functions.append(hook)
        call(app)
        functions.remove(hook)
        call(app)
        setattr(app, table, {None: [hook]})
        call(app)
        assert told == [table, table]

    def test_url_defaults_inserted_after_requests(self, app: Flask) -> None:
        """A default that is put into `url_default_functions` is in the next URL."""
        call(app, "/url")
        app.url_default_functions.setdefault(None, []).insert(0, lambda endpoint, values: values.update(v="1"))
        assert call(app, "/url").body == b"/?v=1"

    def test_classes_assigned_after_requests(self, app: Flask) -> None:
        """Classes of requests, responses and sessions that are assigned late are the next request's."""
        call(app)

        class OwnRequest(flask.Request):
            own = "own request"

        class OwnResponse(flask.Response):
            default_mimetype = "text/plain"

        app.request_class, app.response_class = OwnRequest, OwnResponse
        app.view_functions["index"] = lambda: request.own  # type: ignore[attr-defined]
        answered = call(app)
        assert (answered.body, answered.header("Content-Type")) == (b"own request", "text/plain; charset=utf-8")

    def test_the_first_request_reset(self, app: Flask) -> None:
        """Set-up is refused after the first request, and allowed again for who resets the mark."""
        call(app)
        assert app._got_first_request
        with pytest.raises(AssertionError, match="before_request"):
            app.before_request(lambda: None)
        app._got_first_request = False
        app.before_request(lambda: "registered late")
        assert call(app).body == b"registered late"


class TestWithoutARequest:
    def test_errors_are_not_hidden(self, app: Flask) -> None:
        """The steps for errors, called by themselves, need a request only where they have to ask for its blueprints."""
        app.testing = True
        with pytest.raises(ValueError, match="the first"):
            app.handle_exception(ValueError("the first"))
        carrying = HTTPException(response=flask.Response("carried"))
        with app.app_context():
            assert app.handle_http_exception(carrying) is carrying
            with pytest.raises(RuntimeError, match="request context"):
                app.process_response(flask.Response())


class TestEnsureSync:
    def test_plain_functions_stay_themselves(self, app: Flask) -> None:
        """A function, method, partial or callable object that is not async is given back as it is."""

        class Callable:
            def __call__(self) -> None: ...

            def method(self) -> None: ...

        def marked() -> None: ...

        marked.methods = ["GET"]  # type: ignore[attr-defined]
        for function in (len, marked, lambda: None, functools.partial(marked), Callable(), Callable().method):
            assert app.ensure_sync(function) is function  # type: ignore[arg-type]

    def test_async_ones_of_every_kind_are_wrapped(self, app: Flask) -> None:
        """An async function, method, partial, and a function that was marked as one, can be called from sync code."""
        import inspect

        async def function() -> int:
            return 1

        async def attributed() -> int:
            return 1

        attributed.methods = ["GET"]  # type: ignore[attr-defined]

        class Methods:
            async def method(self) -> int:
                return 1

            @classmethod
            async def of_class(cls) -> int:
                return 1

        kinds: list[t.Any] = [function, attributed, Methods().method, Methods.of_class, functools.partial(function)]
        if hasattr(inspect, "markcoroutinefunction"):
            kinds.append(inspect.markcoroutinefunction(lambda: function()))
        for kind in kinds:
            assert app.ensure_sync(kind)() == 1

    def test_a_closure_is_not_held(self, app: Flask) -> None:
        """A function that may hold a request is let go, unless it is registered; then it goes with the app."""
        data: list[str] = []

        def passing() -> list[str]:
            return data

        def registered() -> None:
            data.append("before")

        app.before_request(registered)
        call(app)
        assert app.ensure_sync(passing) is passing
        assert app.ensure_sync(registered) is registered
        gone = weakref.ref(passing)
        del passing
        gc.collect()
        assert gone() is None

    def test_registered_functions_of_every_kind(self, app: Flask) -> None:
        """Hooks, handlers and processors with closures run, asynchronous ones too, as they are registered."""
        told: list[str] = []

        async def before() -> None:
            told.append("before")

        app.before_request(before)
        app.teardown_appcontext(lambda error: told.append("end"))
        app.register_error_handler(ZeroDivisionError, lambda error: (told.append("handler"), "handled")[1])
        app.add_url_rule("/divide", "divide", lambda: str(len(told) / 0))
        assert call(app, "/divide").body == b"handled"
        assert told == ["before", "handler", "end"]


class TestQuickUrls:
    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            ({}, "/mount/"),
            ({"_anchor": "a b"}, "/mount/#a%20b"),
            ({"q": ["1", "2"]}, "/mount/?q=1&q=2"),
            ({"_external": True}, "http://h/mount/"),
            ({"_scheme": "https"}, "https://h/mount/"),
            ({"_scheme": "", "_external": True}, "//h/mount/"),
            ({"_external": False}, "/mount/"),
        ],
    )
    def test_within_a_request(self, app: Flask, arguments: dict[str, t.Any], expected: str) -> None:
        """A URL is the same whether it could be built quickly or Werkzeug's adapter was asked."""
        for asked in (False, True):
            with app.test_request_context("/", base_url="http://h/mount") as context:
                if asked:
                    assert context.url_adapter is not None
                assert flask.url_for("index", **arguments) == expected

    @pytest.mark.parametrize("mounted", ["", "/", "/m", "/m/", "/m//", "//", "/caf\u00c3\u00a9", "m"])
    def test_the_place_of_the_app_comes_first(self, app: Flask, mounted: str) -> None:
        """The script's name, of whatever form, stands before a URL as Werkzeug's adapter puts it."""
        environ = {**create_environ("/"), "SCRIPT_NAME": mounted}
        urls = []
        for asked in (False, True):
            with app.request_context(environ) as context:
                if asked:
                    assert context.url_adapter is not None
                urls.append(flask.url_for("index", _anchor="x", q=1))
        assert urls[0] == urls[1]

    def test_the_method_of_the_request_chooses_among_rules(self, app: Flask) -> None:
        """Of an endpoint's rules with different methods the request's method chooses, or the one named."""
        app.add_url_rule("/read", "both", lambda: flask.url_for("both"), methods=["GET"])
        app.add_url_rule("/write", "both", app.view_functions["both"], methods=["POST"])
        assert call(app, "/read").body == b"/read"
        assert call(app, "/write", "POST").body == b"/write"
        with app.test_request_context():
            assert flask.url_for("both", _method="POST") == "/write"

    def test_subdomains_and_hosts_are_werkzeugs(self) -> None:
        """With subdomain or host matching a URL may need a host, and has it."""
        app = Flask(__name__, subdomain_matching=True)
        app.config["SERVER_NAME"] = "h"
        app.add_url_rule("/", "sub", lambda: "", subdomain="sub")
        with app.test_request_context():
            assert flask.url_for("sub") == "http://sub.h/"
        app = Flask(__name__, host_matching=True, static_host="static.h")
        app.add_url_rule("/", "other", lambda: "", host="other.h")
        with app.test_request_context():
            assert flask.url_for("other") == "http://other.h/"

    def test_what_cannot_be_built_goes_to_the_handlers(self, app: Flask) -> None:
        """A failure reaches `url_build_error_handlers` with the values given, and else is Werkzeug's error."""
        with app.test_request_context():
            with pytest.raises(flask.app.BuildError, match="nobody"):  # type: ignore[attr-defined]
                flask.url_for("nobody")
            app.url_build_error_handlers.append(lambda error, endpoint, values: f"/made/{endpoint}/{values['a']}")
            assert flask.url_for("nobody", a=1) == "/made/nobody/1"

    @pytest.mark.parametrize("where", ["class", "base", "object"])
    def test_an_apps_own_method_is_called(self, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """`flask.url_for` is the app's method, in a subclass, patched into Flask's class, or put on the app."""
        seen: list[t.Any] = []
        inherited = Flask.url_for

        def url_for(self: Flask, endpoint: str, **values: t.Any) -> str:
            seen.append((endpoint, values))
            return inherited(self, endpoint, **values) + "!"

        app = type("App", (Flask,), {"url_for": url_for} if where == "class" else {})(__name__)
        app.add_url_rule("/<int:x>", "index", str)
        if where == "base":
            monkeypatch.setattr(Flask, "url_for", url_for)
        elif where == "object":
            app.url_for = url_for.__get__(app)
        with app.test_request_context():
            assert flask.url_for("index", x=1, _anchor="a") == "/1#a!"
            assert flask.render_template_string("{{ url_for('index', x=2) }}") == "/2!"
        nothing = {"_anchor": None, "_method": None, "_scheme": None, "_external": None}
        assert seen == [("index", {**nothing, "x": 1, "_anchor": "a"}), ("index", {"x": 2})]

    def test_outside_of_a_context_it_says_how_to_get_one(self) -> None:
        """Without an app there is no URL, and without a request only one with a server's name."""
        with pytest.raises(RuntimeError, match="Working outside of application context"):
            flask.url_for("index")
        app = Flask(__name__)
        with app.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
            flask.url_for("index")

    def test_another_apps_request_is_not_ours(self, app: Flask) -> None:
        """Within a request of another app, an app's URLs are built by that request's adapter, as in Flask."""
        other = Flask("other")
        other.add_url_rule("/other", "index", str)
        with other.test_request_context(), app.app_context():
            assert flask.url_for("index") == "/other"

    def test_defaults_are_put_in_first(self, app: Flask) -> None:
        """`url_defaults` functions see and change the values, and so does an overridden `inject_url_defaults`."""
        app.url_defaults(lambda endpoint, values: values.setdefault("q", endpoint))
        with app.test_request_context():
            assert flask.url_for("index") == "/?q=index"
            app.inject_url_defaults = lambda endpoint, values: values.update(q=2)  # type: ignore[method-assign]
            assert flask.url_for("index") == "/?q=2"

    def test_methods_that_are_replaced_within_a_request_are_called_at_once(self, app: Flask) -> None:
        """What follows from the request is kept for its URLs, never what the app may change."""
        app.add_url_rule("/<int:x>", "show", str)
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/caf\xc3\xa9/"}) as context:
            assert flask.url_for("show", x=1) == "/café/1"
            app.inject_url_defaults = lambda endpoint, values: values.update(q=2)  # type: ignore[method-assign]
            assert flask.url_for("show", x=1) == "/café/1?q=2"
            del app.inject_url_defaults
            assert flask.url_for("show", x=1) == "/café/1"
            app.url_defaults(lambda endpoint, values: values.setdefault("x", 3))
            assert flask.url_for("show") == "/café/3"
            app.url_default_functions.clear()
            app.add_url_rule("/first/<int:x>", "show", str)
            assert flask.url_for("show", x=1) == context.url_adapter.build("show", {"x": 1})  # type: ignore[union-attr]
            context.url_adapter = app.url_map.bind("other", script_name="/s")
            assert flask.url_for("show", x=1) == context.url_adapter.build("show", {"x": 1})

    @pytest.mark.parametrize("how", ["upgrade", "subdomains", "patched"])
    def test_requests_whose_urls_only_the_adapter_knows_are_left_to_it(
        self, app: Flask, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a WebSocket's opening, of an app that matches subdomains, and where building is somebody else's."""
        app.subdomain_matching = how == "subdomains"
        headers = {"Connection": "Upgrade", "Upgrade": "websocket"} if how == "upgrade" else {}
        with app.test_request_context(headers=headers) as context:
            if how == "patched":
                monkeypatch.setattr("werkzeug.routing.MapAdapter.build", lambda *args, **kwargs: "/patched")
            url = flask.url_for("index")
            assert isinstance(context._url_adapter, MapAdapter)
            assert url == context._url_adapter.build("index") == ("/patched" if how == "patched" else "/")

    def test_it_is_the_request_that_counts_whatever_stands_above_it(self, app: Flask) -> None:
        """An app context that is pushed within a request hides nothing of it from the app's URLs."""
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/s"}), app.app_context():
            assert flask.url_for("index") == app.url_for("index") == "/s/"
            assert flask.url_for(".index") == "/s/"
        with app.test_request_context(), pytest.raises(flask.app.BuildError):  # type: ignore[attr-defined]
            flask.url_for("")

    def test_a_scheme_needs_an_external_url(self, app: Flask) -> None:
        """A scheme in a URL that is asked not to be external is an error."""
        with app.test_request_context(), pytest.raises(ValueError, match="_external"):
            flask.url_for("index", _scheme="https", _external=False)


def test_steps_of_a_request_need_one():
    """The steps that are public methods say so where there is no request, also in an app context."""
    app = Flask("steps")
    steps = [
        app.preprocess_request,
        app.do_teardown_request,
        lambda: app.handle_http_exception(NotFound()),
        lambda: app.handle_user_exception(NotFound()),
    ]
    for step in steps:
        with pytest.raises(RuntimeError, match="outside of request context"):
            step()
        with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
            step()


def test_view_arguments_that_were_taken_away_are_missed():
    """Where a function has put None in the place of the view's arguments, the view is not called."""
    app = Flask("taken")

    @app.before_request
    def take_away():
        flask.request.view_args = None

    app.add_url_rule("/", view_func=lambda: "called")
    assert app.test_client().get("/").status_code == 500


def test_an_app_leaves_room_for_the_attributes_of_extensions() -> None:
    """Beyond 29 attributes CPython finds each one of an object more slowly, a tenth of a request: 23 are our own."""
    assert len(vars(Flask(__name__))) <= 23, sorted(vars(Flask(__name__)))
