"""What `import flask.legacy` brings back, each time in a process of its own, since it changes every app of one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest


def run(code: str, *options: str, start: str = "import flask.legacy", **variables: str) -> str:
    """Run a program of old, and say what Python warned of, if it ended well."""
    program = f"{start}\n{textwrap.dedent(code)}"
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")} | variables
    done = subprocess.run(
        [sys.executable, "-W", "always", *options, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=surroundings,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_every_name_is_there_and_warns() -> None:
    """After it each removed name is in its module, and warns in the name of the line that looked."""
    warned = run("""
        import importlib, warnings
        from flask import _former, _removed
        for names in (_removed.ALWAYS, _removed.WITH_LEGACY):
            for module, entries in names.items():
                where = importlib.import_module(module)
                for name in entries:
                    with warnings.catch_warnings(record=True) as seen:
                        warnings.simplefilter("always")
                        getattr(where, name)
                    assert [str(each.message).partition(" was removed")[0] for each in seen] == [f"'{module}.{name}'"]
                    assert seen[0].filename == "<string>"
    """)
    assert warned == ""


def test_every_attribute_is_there_and_warns() -> None:
    """After it each removed attribute is there, and most warn when they are read."""
    run("""
        import warnings
        from flask import Blueprint, Flask, _former, request
        app = Flask("app", root_path=".")
        silent = {"preserved", "warn_on_modifications"}
        with app.test_request_context() as context:
            objects = {"Flask": app, "Blueprint": Blueprint("b", "b", root_path="."), "Config": app.config,
                       "Request": request._get_current_object(), "RequestContext": context}
            for kind, names in _former.ATTRIBUTES.items():
                for name in names.split():
                    with warnings.catch_warnings(record=True) as seen:
                        warnings.simplefilter("always")
                        found = getattr(objects[kind], name)
                    assert name in dir(objects[kind])
                    assert seen or callable(found) or name in silent, name
    """)


@pytest.mark.parametrize(("value", "there"), [("1", True), ("yes", True), ("0", False), ("", False), ("false", False)])
def test_a_variable_does_the_same(value: str, there: bool) -> None:
    """FLASK_LEGACY brings everything back for those who cannot change the code."""
    run(f"import flask\nassert hasattr(flask, '_request_ctx_stack') is {there}", start="", FLASK_LEGACY=value)


def test_stacks_show_what_is_current() -> None:
    """`top` is the very context that is current, or None; what is set on it stays as long as it."""
    run("""
        from flask import Flask, _app_ctx_stack, _request_ctx_stack, current_app, g, globals, request
        app = Flask("app", root_path=".")
        assert _app_ctx_stack.top is _request_ctx_stack.top is None
        with app.test_request_context("/x") as context:
            assert _request_ctx_stack.top is context
            assert _app_ctx_stack.top is globals.app_ctx._get_current_object()
            _request_ctx_stack.top.user = "ada"
            assert context.user == "ada" and _request_ctx_stack.top.request.path == "/x"
            with app.app_context() as inner:
                assert _app_ctx_stack.top is inner
            assert globals._lookup_req_object("user") == "ada"
            assert globals._lookup_app_object("g") is g._get_current_object()
            assert globals._find_app() is app
        assert _app_ctx_stack.top is _request_ctx_stack.top is None
    """)


def test_stacks_are_pushed_and_popped() -> None:
    """`push` makes current without entering, `pop` shows again what was current before."""
    run("""
        from flask import Flask, _app_ctx_stack, _request_ctx_stack, current_app, has_app_context, request
        app, other = Flask("app", root_path="."), Flask("other", root_path=".")
        with app.test_request_context("/outer") as outer:
            inner = other.test_request_context("/inner")
            _request_ctx_stack.push(inner)
            assert request.path == "/inner" and current_app.name == "app"
            _app_ctx_stack.push(other.app_context())
            assert current_app.name == "other" and request.path == "/inner"
            assert _app_ctx_stack.pop().app is other
            assert _request_ctx_stack.pop() is inner
            assert request.path == "/outer" and current_app.name == "app"
        assert not has_app_context()
        assert _request_ctx_stack.pop() is None
        context = app.app_context()
        context.push()
        assert _app_ctx_stack.pop() is context
        assert not has_app_context()
    """)


@pytest.mark.parametrize("gateway", ["wsgi", "asgi"])
@pytest.mark.parametrize("view", ["def", "async def"])
def test_functions_before_the_first_request(gateway: str, view: str) -> None:
    """They run once, in the first request, before its other hooks; those of blueprints and asynchronous ones too."""
    run(
        f"""
        import asyncio, threading
        from flask import Blueprint, Flask, request
        app = Flask("app", root_path=".")
        bp = Blueprint("bp", "bp", root_path=".")
        seen = []
        lock = threading.Lock()

        @app.before_request
        def before():
            with lock:
                seen.append("before")

        @app.before_first_request
        def first():
            seen.append(request.path)

        @app.before_first_request
        async def second():
            await asyncio.sleep(0.01)
            seen.append("second")

        @bp.before_app_first_request
        def third():
            seen.append("third")

        app.register_blueprint(bp)

        @app.route("/")
        {view} index():
            return "done"

        async def visit():
            client = app.async_test_client()
            await asyncio.gather(*(client.get("/") for _ in range(8)))

        if {gateway == "asgi"}:
            asyncio.run(visit())
        else:
            threads = [threading.Thread(target=lambda: app.test_client().get("/")) for _ in range(8)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        assert seen[:3] == ["/", "second", "third"], seen
        assert seen[3:] == ["before"] * 8, seen
        assert app.got_first_request and len(app.before_first_request_funcs) == 3
        """
    )


def test_a_failure_before_the_first_request_is_tried_again() -> None:
    """Where such a function fails the request is a 500, and the next request runs all of them again."""
    run("""
        from flask import Flask
        app = Flask("app", root_path=".")
        calls = []

        @app.before_first_request
        def first():
            calls.append(1)
            if len(calls) < 3:
                raise ValueError("not yet")

        app.add_url_rule("/", view_func=lambda: "done")
        client = app.test_client()
        assert [client.get("/").status_code for _ in range(4)] == [500, 500, 200, 200]
        assert len(calls) == 3
        try:
            app.before_first_request(first)
        except AssertionError:
            pass
        else:
            raise SystemExit("too late")
    """)


def test_json_classes_are_heeded() -> None:
    """`json_encoder` and `json_decoder` of a blueprint, an app or a class of apps write and read its JSON."""
    run("""
        from flask import Blueprint, Flask, jsonify, json, request
        from flask.json import JSONDecoder, JSONEncoder

        class Sets(JSONEncoder):
            def default(self, o):
                return sorted(o) if isinstance(o, set) else super().default(o)

        class Upper(JSONEncoder):
            def default(self, o):
                return "SET"

        class Pairs(JSONDecoder):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, object_pairs_hook=list, **kwargs)

        class App(Flask):
            json_encoder = Sets

        app = App("app", root_path=".")
        bp = Blueprint("bp", "bp", root_path=".")
        bp.json_encoder = Upper
        bp.add_url_rule("/bp", view_func=lambda: jsonify({1}), endpoint="view")
        app.register_blueprint(bp)
        app.add_url_rule("/", view_func=lambda: {"a": {2, 1}}, endpoint="index")
        app.add_url_rule("/in", view_func=lambda: repr(request.get_json()), endpoint="in_", methods=["POST"])
        client = app.test_client()
        assert client.get("/").json == {"a": [1, 2]}
        assert client.get("/bp").json == "SET"
        assert client.post("/in", json={"a": 1}).text == "{'a': 1}"
        app.json_decoder = Pairs
        assert client.post("/in", json={"a": 1}).text == "[('a', 1)]"
        with app.app_context():
            assert json.dumps({3}) == "[3]"
            assert json.dumps({3}, cls=Upper) == '"SET"'
        assert Flask("plain", root_path=".").json_encoder is JSONEncoder
    """)


def test_what_a_client_sends_stays_strict() -> None:
    """JSON of clients is read as strictly as without it, as long as no decoder is set."""
    run("""
        from flask import Flask, request
        app = Flask("app", root_path=".")
        app.add_url_rule("/", view_func=lambda: repr(request.get_json()), methods=["POST"])
        send = lambda: app.test_client().post("/", data="[NaN]", content_type="application/json").status_code
        assert send() == 400
        app.config["JSON_STRICT"] = False
        assert send() == 200
    """)


def test_settings_of_json() -> None:
    """The settings of JSON take effect, and an attribute that the provider is given wins."""
    run("""
        from flask import Flask
        app = Flask("app", root_path=".")
        app.add_url_rule("/", view_func=lambda: {"b": "\\u00e4", "a": 1})
        text = lambda: app.test_client().get("/").get_data(as_text=True)
        assert text() == '{"a":1,"b":"\\\\u00e4"}\\n'
        app.config.update(JSON_SORT_KEYS=False, JSON_AS_ASCII=False, JSONIFY_MIMETYPE="application/x-json")
        assert text() == '{"b":"\\u00e4","a":1}\\n'
        assert app.test_client().get("/").mimetype == "application/x-json"
        app.config["JSONIFY_PRETTYPRINT_REGULAR"] = True
        assert text().startswith('{\\n  "b"')
        app.json.compact, app.json.sort_keys = True, True
        assert text() == '{"a":1,"b":"\\u00e4"}\\n'
    """)


def test_a_provider_of_ones_own_stays() -> None:
    """An app with a provider of its own has that one."""
    run("""
        from flask import Flask
        from flask.json.provider import DefaultJSONProvider

        class App(Flask):
            class json_provider_class(DefaultJSONProvider):
                pass

        assert type(App("app", root_path=".").json) is App.json_provider_class
    """)


def test_attributes_are_settings() -> None:
    """Attributes that stood for settings read and write them, and do what the settings do."""
    run(
        """
        from datetime import timedelta
        from flask import Flask, session
        app = Flask("app", root_path=".")
        app.secret_key = "for a test of old attributes, long enough"
        app.session_cookie_name = "sid"
        app.send_file_max_age_default = 7
        app.use_x_sendfile = True
        assert app.config["SESSION_COOKIE_NAME"] == "sid" and app.config["USE_X_SENDFILE"]
        assert app.send_file_max_age_default == timedelta(seconds=7)
        assert app.propagate_exceptions is False
        app.testing = True
        assert app.propagate_exceptions is True
        app.templates_auto_reload = True
        assert app.jinja_env.auto_reload and app.config["TEMPLATES_AUTO_RELOAD"]
        assert app.preserve_context_on_exception is False
        assert app.static_path == "/static"

        @app.route("/")
        def index():
            session["a"] = 1
            return ""

        assert app.test_client().get("/").headers["Set-Cookie"].startswith("sid=")
        """
    )


def test_env_is_a_name_and_nothing_else() -> None:
    """`app.env` and ENV say what FLASK_ENV says, and debug mode stays off."""
    code = """
        from flask import Flask
        from flask.helpers import get_env
        app = Flask("app", root_path=".")
        assert (app.env, app.config["ENV"], get_env(), app.debug) == ({0!r}, {0!r}, {0!r}, False)
        app.env = "development"
        assert app.config["ENV"] == "development" and not app.debug
    """
    run(code.format("production"))
    run(code.format("staging"), FLASK_ENV="staging")


def test_methods_of_the_session() -> None:
    """The app's methods of the session are those of its interface, and `from_json` reads settings."""
    run("""
        import os, tempfile
        from flask import Flask, Response
        app = Flask("app", root_path=".")
        app.secret_key = "for a test of old methods, long enough"
        with app.test_request_context() as context:
            session = app.open_session(context.request)
            session["a"] = 1
            response = Response()
            app.save_session(session, response)
            assert "Set-Cookie" in response.headers
            assert app.session_interface.is_null_session(app.make_null_session())
            assert context.g is not None
            context.g = "other"
            assert context.g == "other"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.json")
            with open(path, "w") as file:
                file.write('{"NAME": 1, "other": 2}')
            assert app.config.from_json(path) and app.config["NAME"] == 1
            assert not app.config.from_json(path + "x", silent=True)
    """)


def test_modules_are_back() -> None:
    """`flask.scaffold`, `flask._compat` and `flask.ext` can be imported again, and what is taken from them warns."""
    warned = run("""
        import flask.scaffold, flask._compat
        from flask.scaffold import Scaffold, setupmethod
        from flask._compat import PY2, iteritems, string_types, text_type, with_metaclass
        from flask import Flask, sansio
        assert flask.scaffold.Scaffold is Scaffold is sansio.scaffold.Scaffold
        assert (PY2, text_type, string_types, list(iteritems({1: 2}))) == (False, str, (str,), [(1, 2)])
        meta = type("M", (type,), {})

        class Made(with_metaclass(meta, dict)):
            pass

        assert type(Made) is meta and Made.__bases__ == (dict,)
    """)
    assert warned.count("'flask.scaffold' was removed") >= 3
    assert "'flask._compat.text_type' was removed" in warned


def test_extensions_by_their_old_place() -> None:
    """`flask.ext.name` is the very module `flask_name`, which keeps what it says of itself."""
    warned = run("""
        import sys, types, flask_login
        import flask.ext.login
        from flask.ext.login import LoginManager
        from flask.ext import login
        assert flask.ext.login is login is flask_login and LoginManager is flask_login.LoginManager
        assert flask_login.__spec__.name == flask_login.__name__ == "flask_login"
        import flask.ext.login.utils as utils
        assert utils is sys.modules["flask_login.utils"]
        try:
            from flask.ext import no_such_extension
        except ImportError:
            pass
        else:
            raise SystemExit("found")
    """)
    assert "import 'flask_login'" in warned


def test_blueprints_and_views_of_old() -> None:
    """Blueprints may be registered with the third argument of Flask 1, and classes of views made by their metaclass."""
    run("""
        from flask import Blueprint, Flask
        from flask.views import MethodView, MethodViewType
        app = Flask("app", root_path=".")

        class Own(Blueprint):
            def register(self, app, options, first_registration=False):
                super().register(app, options, first_registration)

        bp = Own("bp", "bp", root_path=".")

        class View(MethodView):
            def get(self):
                return "got"

        assert isinstance(View, MethodViewType) and not isinstance(Flask, MethodViewType)
        made = MethodViewType("Made", (MethodView,), {"post": lambda self: "posted"})
        assert made.methods == {"POST"}
        bp.add_url_rule("/", view_func=View.as_view("v"))
        bp.add_url_rule("/made", view_func=made.as_view("made"))
        app.register_blueprint(bp, url_prefix="/bp")
        client = app.test_client()
        assert client.get("/bp/").text == "got" and client.post("/bp/made").text == "posted"
    """)


def test_small_things() -> None:
    """Functions that were removed do what they did."""
    run("""
        from datetime import timedelta
        from werkzeug.exceptions import NotFound
        from flask import Flask, safe_join
        from flask.cli import DispatchingApp, call_factory
        from flask.helpers import _PackageBoundObject, is_ip, locked_cached_property, total_seconds
        from flask.json import htmlsafe_dumps, tojson_filter
        from flask.testing import make_test_environ_builder
        assert safe_join("a", "b", "c") == "a/b/c"
        try:
            safe_join("a", "..")
        except NotFound:
            pass
        else:
            raise SystemExit("joined")
        assert total_seconds(timedelta(days=1, seconds=2, microseconds=5)) == 86402
        assert is_ip("::1") and is_ip("127.0.0.1") and not is_ip("localhost")

        class Once:
            calls = 0

            @locked_cached_property
            def value(self):
                self.calls += 1
                return self.calls

        once = Once()
        assert (once.value, once.value, once.calls) == (1, 1, 1)
        del once.value
        assert once.value == 2
        app = Flask("app", root_path=".")
        app.add_url_rule("/", view_func=lambda: "served")
        with app.app_context():
            assert htmlsafe_dumps("</") == tojson_filter("</") == '"\\\\u003c/"'
        assert make_test_environ_builder(app, "/x").get_environ()["PATH_INFO"] == "/x"
        assert call_factory("info", lambda script_info, n: (script_info, n), args=(), kwargs={"n": 1}) == ("info", 1)
        from werkzeug.test import Client
        assert Client(DispatchingApp(lambda: app)).get("/").text == "served"
        assert _PackageBoundObject("here", root_path=".").open_resource
    """)


def test_it_may_be_imported_again_and_late() -> None:
    """A second import changes nothing; apps that were made before have the attributes, not the settings."""
    run(
        """
        from flask import Flask
        app = Flask("app", root_path=".")
        assert not hasattr(app, "env")
        import importlib, sys
        import flask.legacy
        finders = len(sys.meta_path)
        importlib.reload(flask.legacy)
        assert len(sys.meta_path) == finders
        app.before_first_request(print)
        assert app.session_cookie_name == "session" and app.env == "production"
        """,
        start="import flask",
    )


def test_where_deprecations_are_errors_it_brings_back_nothing() -> None:
    """With deprecations as errors the names are missing after it too, and looks for them do not fail."""
    run(
        """
        import importlib
        from flask import Flask
        app = Flask("app", root_path=".")
        assert not hasattr(app, "env") and not hasattr(flask, "_request_ctx_stack")
        for code in ("from flask._compat import text_type", "from flask.scaffold import Scaffold",
                     "import flask.ext.login", "from flask import Markup"):
            try:
                exec(code)
            except ImportError:
                pass
            else:
                raise SystemExit(code)
        """,
        "-W",
        "error",
    )
