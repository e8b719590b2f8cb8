"""Views, logging, testing: classes as views, the application's logger, and the clients that tests use."""

import io
import logging
import sys

import click

import flask
from flask.testing import EnvironBuilder, FlaskClient, FlaskCliRunner
from flask.views import MethodView, View


def _echo():
    request = flask.request
    return {
        "method": request.method,
        "url": request.url,
        "headers": sorted([key, value] for key, value in request.headers.items()),
        "data": request.get_data(as_text=True),
        "remote": request.remote_addr,
    }


def _echo_app(out, **config):
    app = out.app(config={"SECRET_KEY": "k", **config})
    app.add_url_rule("/", "index", _echo, methods=["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
    app.add_url_rule("/<path:p>", "path", lambda p: _echo(), methods=["GET", "POST", "PUT"])
    return app


def view_class_basics(out):
    class Hello(View):
        """Says hello."""

        methods = ["GET", "POST"]

        def __init__(self, greeting="hi"):
            out.tell("made", greeting)
            self.greeting = greeting

        def dispatch_request(self, name="nobody"):
            return f"{self.greeting} {name} {flask.request.method}"

    app = out.app()
    view = Hello.as_view("hello", "hey")
    app.add_url_rule("/", view_func=view)
    app.add_url_rule("/<name>", view_func=Hello.as_view("named", greeting="yo"))
    for path, method in [
        ("/", "GET"),
        ("/", "POST"),
        ("/", "PUT"),
        ("/", "HEAD"),
        ("/", "OPTIONS"),
        ("/ada", "GET"),
        ("/ada", "GET"),
    ]:
        out.request(app, path, method)
    out(
        "attributes",
        [view.__name__, view.__doc__, view.__module__, view.view_class, view.methods, view.provide_automatic_options],
    )


def view_initialised_once_or_each_time(out):
    for every in (True, False):

        class Counter(View):
            init_every_request = every

            def __init__(self, start):
                out.tell("made", start)
                self.count = start

            def dispatch_request(self):
                self.count += 1
                return str(self.count)

        app = out.app()
        app.add_url_rule("/", view_func=Counter.as_view("counter", 10))
        for _ in range(3):
            out.request(app)


def view_decorators_in_order(out):
    def mark(name):
        def decorate(function):
            def inner(*args, **options):
                return f"{name}({function(*args, **options)})"

            out.tell("decorating", name, function.__name__, function.__module__)
            return inner

        return decorate

    class Marked(View):
        methods = ["POST"]
        decorators = [mark("first"), mark("second")]

        def dispatch_request(self):
            return "view"

    view = Marked.as_view("marked")
    out("names", [view.__name__, view.__module__, view.methods])
    app = out.app()
    app.add_url_rule("/", view_func=view)
    out.request(app, "/", "POST")


def view_without_a_dispatch_method(out):
    class Empty(View):
        pass

    app = out.app(config={"TESTING": True})
    app.add_url_rule("/", view_func=Empty.as_view("empty"))
    out.request(app)
    out.attempt("directly", lambda: Empty().dispatch_request())


def view_options(out):
    class Plain(View):
        provide_automatic_options = False
        methods = ["GET", "OPTIONS"]

        def dispatch_request(self):
            return "own"

    class Silent(View):
        provide_automatic_options = False

        def dispatch_request(self):
            return "x"

    app = out.app()
    app.add_url_rule("/plain", view_func=Plain.as_view("plain"))
    app.add_url_rule("/silent", view_func=Silent.as_view("silent"))
    for path in ("/plain", "/silent"):
        for method in ("GET", "OPTIONS", "HEAD"):
            out.request(app, path, method)


def method_view_basics(out):
    class Item(MethodView):
        def get(self, n):
            return f"got {n}"

        def post(self, n):
            return f"posted {n}", 201

        def delete(self, n):
            return "", 204

        def propfind(self, n):
            return "not an HTTP method of Flask's"

    app = out.app()
    app.add_url_rule("/<int:n>", view_func=Item.as_view("item"))
    for method in ("GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS", "PROPFIND", "get"):
        out.request(app, "/3", method)
    out("methods", sorted(Item.methods))
    out("known", sorted(flask.views.http_method_funcs))


def method_view_head_and_options_of_its_own(out):
    class Own(MethodView):
        def get(self):
            return "got"

        def head(self):
            return "", 200, {"X-Head": "own"}

        def options(self):
            return "own options"

        def trace(self):
            return "traced"

    app = out.app()
    app.add_url_rule("/", view_func=Own.as_view("own"))
    for method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        out.request(app, "/", method)


def method_view_inheritance(out):
    class Base(MethodView):
        def get(self):
            return "base get"

        def put(self):
            return "base put"

    class Child(Base):
        def get(self):
            return "child get " + super().get()

        def post(self):
            return "child post"

    class Mixin:
        def patch(self):
            return "mixin patch"

    class Mixed(Mixin, Base):
        pass

    class Restricted(Base):
        methods = ["PUT"]

    class Emptied(Base):
        methods = []

    app = out.app()
    for kind in (Child, Mixed, Restricted, Emptied):
        out(kind.__name__, sorted(kind.methods))
        app.add_url_rule(f"/{kind.__name__}", view_func=kind.as_view(kind.__name__))
    for kind in (Child, Mixed, Restricted, Emptied):
        for method in ("GET", "PUT", "POST", "PATCH", "HEAD", "OPTIONS"):
            out.request(app, f"/{kind.__name__}", method)


def method_view_methods_added_later(out):
    class Item(MethodView):
        def get(self):
            return "get"

    Item.post = lambda self: "late post"
    app = out.app()
    app.add_url_rule("/", view_func=Item.as_view("item"))
    app.add_url_rule("/both", view_func=Item.as_view("both"), methods=["GET", "POST", "PUT"])
    for path in ("/", "/both"):
        for method in ("GET", "POST", "PUT"):
            out.request(app, path, method)
    app.testing = True
    out.request(app, "/both", "PUT", label="testing")


def method_view_dispatch_overridden(out):
    class Api(MethodView):
        def dispatch_request(self, *args, **options):
            out.tell("dispatch", flask.request.method, options)
            return {"result": super().dispatch_request(*args, **options)}

        def get(self, n):
            return n

    app = out.app()
    app.add_url_rule("/<int:n>", view_func=Api.as_view("api"))
    app.add_url_rule("/", view_func=Api.as_view("root"), defaults={"n": 0})
    for path in ("/3", "/"):
        out.request(app, path)
        out.request(app, path, "HEAD")


def as_view_with_other_classes(out):
    class Item(MethodView):
        methods = {"GET"}

        def get(self):
            return self.__class__.__name__

    first, second = Item.as_view("first"), Item.as_view("second")
    out("different", [first is second, first.view_class is second.view_class])
    first.methods = ["GET", "POST"]
    app = out.app()
    app.add_url_rule("/1", view_func=first)
    app.add_url_rule("/2", view_func=second)
    for path in ("/1", "/2"):
        out.request(app, path, "POST")
    Replaced = type("Replaced", (Item,), {})
    first.view_class = Replaced
    out.request(app, "/1")


def name_and_level_of_the_logger(out):
    app = out.app()
    out(
        "logger",
        [
            app.logger.name,
            app.logger.level,
            [type(handler).__name__ for handler in app.logger.handlers],
            app.logger.propagate,
        ],
    )
    out("again", app.logger is app.logger)
    debug = out.app("case_app_debug", config={"DEBUG": True})
    out("debug", [debug.logger.level, debug.logger.getEffectiveLevel()])
    other = out.app()
    out("same name, same logger", other.logger is app.logger)


def logger_with_a_level_already_set(out):
    logging.getLogger("case_app").setLevel(logging.ERROR)
    app = out.app(config={"DEBUG": True})
    out("level", app.logger.level)
    app.logger.warning("not heard")
    app.logger.error("heard")


def logger_with_handlers_already_there(out):
    stream = io.StringIO()
    root_handler = logging.StreamHandler(stream)
    logging.root.addHandler(root_handler)
    app = out.app()
    app.logger.warning("through the root")
    out("handlers", [len(app.logger.handlers), stream.getvalue()])
    logging.root.removeHandler(root_handler)
    strict = logging.StreamHandler(io.StringIO())
    strict.setLevel(logging.CRITICAL)
    logging.root.addHandler(strict)
    other = out.app("case_app_other")
    other.logger.warning("the root's handler is too strict")
    out("handlers", [type(handler).__name__ for handler in other.logger.handlers])
    logging.root.removeHandler(strict)


def logger_made_before_and_after_configuration(out):
    app = out.app()
    app.logger.info("too low")
    app.logger.setLevel(logging.INFO)
    app.logger.info("now heard %s", "argument")
    app.logger.warning("multi\nline ü")
    try:
        1 / 0
    except ZeroDivisionError:
        app.logger.exception("caught")
    app.logger.removeHandler(flask.logging.default_handler)
    app.logger.warning("nobody's")


def log_format_and_stream_of_the_default_handler(out):
    handler = flask.logging.default_handler
    out("format", [handler.formatter._fmt, handler.formatter.datefmt, handler.level, type(handler).__name__])
    out("stream", handler.stream is sys.stderr or type(handler.stream).__name__)
    out("proxy", flask.logging.wsgi_errors_stream._get_current_object() is sys.stderr)


def logging_inside_a_request_goes_to_its_stream(out):
    app = out.app()

    def view():
        app.logger.warning("inside %s", flask.request.path)
        print("printed", file=flask.logging.wsgi_errors_stream)
        return "x"

    app.add_url_rule("/", "index", view)
    out.wsgi(app)
    app.logger.warning("outside")


def has_level_handler(out):
    logger = logging.getLogger("case_app_levels")
    out("none", flask.logging.has_level_handler(logger))
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    out("any", flask.logging.has_level_handler(logger))
    handler.setLevel(logging.ERROR)
    out("higher", flask.logging.has_level_handler(logger))
    logger.setLevel(logging.ERROR)
    out("equal", flask.logging.has_level_handler(logger))
    child = logging.getLogger("case_app_levels.child")
    out("child", flask.logging.has_level_handler(child))
    child.propagate = False
    out("not propagated", flask.logging.has_level_handler(child))


def logger_of_a_class_of_ones_own(out):
    class Kind(logging.Logger):
        def makeRecord(self, *args, **options):
            record = super().makeRecord(*args, **options)
            record.msg = f"<{record.msg}>"
            return record

    kept = logging.getLoggerClass()
    logging.setLoggerClass(Kind)
    try:
        app = out.app("case_app_kind")
        app.logger.warning("marked")
        out("class", type(app.logger).__name__)
    finally:
        logging.setLoggerClass(kept)


def client_methods(out):
    client = _echo_app(out).test_client()
    for method in ("get", "post", "put", "delete", "patch", "options", "trace", "head"):
        out.attempt(method, getattr(client, method), "/")
    out("class", [type(client), type(client).__mro__[1].__name__])


def client_arguments(out):
    client = _echo_app(out).test_client()
    for label, args, options in [
        ("nothing", (), {}),
        ("query in path", ("/a?x=1&y=ü",), {}),
        ("query string", ("/a",), {"query_string": {"x": [1, 2], "y": "ü"}}),
        ("both queries", ("/a?x=1",), {"query_string": "y=2"}),
        ("absolute", ("https://other.example:444/a?x=1",), {}),
        ("base url", ("/a",), {"base_url": "https://b.example/mount"}),
        ("relative", ("a",), {}),
        ("fragment", ("/a#f",), {}),
        ("form", ("/a",), {"method": "POST", "data": {"x": "1", "y": ["2", "3"]}}),
        ("text", ("/a",), {"method": "POST", "data": "tüxt"}),
        ("json", ("/a",), {"method": "POST", "json": {"b": "ü", "a": 1}}),
        ("json none", ("/a",), {"method": "POST", "json": None}),
        ("json get", ("/a",), {"json": [1]}),
        ("json and type", ("/a",), {"method": "PUT", "json": {}, "content_type": "application/vnd+json"}),
        ("json and data", ("/a",), {"json": {}, "data": "x"}),
        ("headers", ("/a",), {"headers": [("X-A", "1"), ("X-A", "2")]}),
        ("headers dict", ("/a",), {"headers": {"X-A": "ü"}}),
        ("auth", ("/a",), {"auth": ("ada", "secret")}),
        ("environ", ("/a",), {"environ_overrides": {"REMOTE_ADDR": "9.9.9.9"}}),
        ("environ base", ("/a",), {"environ_base": {"REMOTE_ADDR": "8.8.8.8", "HTTP_USER_AGENT": "u"}}),
        ("scheme", ("/a",), {"url_scheme": "https"}),
        ("subdomain", ("/a",), {"subdomain": "s"}),
        ("multithread", ("/a",), {"multithread": True}),
        ("unknown", ("/a",), {"colour": "red"}),
        ("space", ("/a b",), {}),
        ("percent", ("/a%20b%2Fc",), {}),
        ("buffered", ("/a",), {"buffered": True}),
    ]:
        out.attempt(label, client.open, *args, **options)


def client_given_builders_and_environs(out):
    app = _echo_app(out)
    client = app.test_client()
    builder = EnvironBuilder(app, "/b", method="POST", data="built")
    out.attempt("builder", client.open, builder)
    out.attempt("environ", client.open, EnvironBuilder(app, "/e", headers={"X-A": "1"}).get_environ())
    from werkzeug.test import EnvironBuilder as Plain

    out.attempt("plain builder", client.open, Plain("/plain", method="PUT"))
    out.attempt("request", client.open, flask.Request(Plain("/request").get_environ()))


def client_and_server_settings(out):
    for config in (
        {"SERVER_NAME": "shop.example:81"},
        {"APPLICATION_ROOT": "/root"},
        {"PREFERRED_URL_SCHEME": "https"},
        {"SERVER_NAME": "shop.example", "APPLICATION_ROOT": "/root/", "PREFERRED_URL_SCHEME": "https"},
    ):
        client = _echo_app(out, **config).test_client()
        out.attempt(f"{config}", client.get, "/a")
        out.attempt(f"{config} subdomain", lambda c=client: c.get("/a", subdomain="s"))
        out.attempt(f"{config} base", lambda c=client: c.get("/a", base_url="http://x.example"))


def client_cookies(out):
    app = out.app(config={"SECRET_KEY": "k"})

    @app.get("/set")
    def set_cookies():
        response = flask.make_response("set")
        response.set_cookie("plain", "1")
        response.set_cookie("path", "2", path="/deep")
        response.set_cookie("domain", "3", domain="localhost")
        response.set_cookie("short", "4", max_age=60)
        response.set_cookie("secure", "5", secure=True)
        response.delete_cookie("gone")
        return response

    app.add_url_rule("/read", "read", lambda: dict(flask.request.cookies))
    app.add_url_rule("/deep/read", "deep", lambda: dict(flask.request.cookies))
    client = app.test_client()
    client.set_cookie("gone", "x")
    client.set_cookie("own", "ü")
    out.request(client, "/read")
    out.request(client, "/set")
    out.request(client, "/read", label="after")
    out.request(client, "/deep/read")
    out.request(client, "/read", base_url="http://other.example", label="elsewhere")
    out.request(client, "/read", headers={"Cookie": "manual=1"}, label="manual")
    client.delete_cookie("plain")
    out(
        "got",
        [client.get_cookie("plain"), client.get_cookie("own").value, client.get_cookie("path", path="/deep").value],
    )
    out.request(client, "/read", label="deleted")
    without = app.test_client(use_cookies=False)
    out.request(without, "/set", label="without cookies")
    out.request(without, "/read", label="without cookies read")


def client_follows_redirects(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule(
        "/end", "end", lambda: f"{flask.request.method} {flask.request.get_data(as_text=True)}", methods=["GET", "POST"]
    )
    for code in (301, 302, 303, 307, 308):
        app.add_url_rule(f"/{code}", str(code), lambda code=code: flask.redirect("/end", code), methods=["GET", "POST"])
    app.add_url_rule("/loop", "loop", lambda: flask.redirect("/loop"))
    app.add_url_rule("/away", "away", lambda: flask.redirect("http://other.example/end"))
    app.add_url_rule("/twice", "twice", lambda: flask.redirect("/302"))
    for code in (301, 302, 303, 307, 308):
        out.request(app, f"/{code}", follow_redirects=True, label=f"GET {code}")
        out.request(app, f"/{code}", "POST", data="body", follow_redirects=True, label=f"POST {code}")
    out.request(app, "/loop", follow_redirects=True)
    out.request(app, "/away", follow_redirects=True)
    response = out.request(app, "/twice", follow_redirects=True)
    out("requests", [response.request.path, [step.request.path for step in response.history], response.status])


def responses_of_the_client(out):
    app = out.app()
    app.add_url_rule("/j", "j", lambda: {"a": "ü"})
    app.add_url_rule("/t", "t", lambda: "tüxt")
    app.add_url_rule("/s", "s", lambda: iter(["a", "b"]))
    client = app.test_client()
    response = client.get("/j")
    out(
        "json",
        [response.json, response.get_json(), response.is_json, response.text, response.mimetype, response.request.path],
    )
    response = client.get("/t")
    out("text", [response.text, response.data, response.status_code, response.status, response.content_length])
    out.attempt("json of text", lambda: response.json)
    out.attempt("get_json of text", lambda: response.get_json(force=True, silent=True))
    response = client.get("/s", buffered=False)
    out("streamed", [response.is_streamed, list(response.iter_encoded())])
    out(
        "classes",
        [
            kind.__name__
            for kind in type(response).__mro__
            if kind.__module__.startswith(("flask", "werkzeug.wrappers", "werkzeug.test"))
        ],
    )
    status = client.get("/t")
    out("equal", [isinstance(status, flask.Response), status == client.get("/t")])


def client_class_of_ones_own(out):
    class Client(FlaskClient):
        def __init__(self, *args, **options):
            self.token = options.pop("token", None)
            super().__init__(*args, **options)

        def open(self, *args, **options):
            options.setdefault("headers", {})["X-Token"] = str(self.token)
            return super().open(*args, **options)

    app = out.app()
    app.add_url_rule("/", "index", lambda: flask.request.headers["X-Token"])
    app.test_client_class = Client
    out.request(app.test_client(token="t"))
    out.request(app.test_client(), label="without")
    app.test_client_class = None
    out("default", type(app.test_client()))
    out.attempt("unknown option", lambda: app.test_client(colour="red"))


def client_environ_base(out):
    app = _echo_app(out)
    client = app.test_client()
    out("base", dict(client.environ_base))
    client.environ_base["REMOTE_ADDR"] = "7.7.7.7"
    client.environ_base["HTTP_X_BASE"] = "b"
    out.request(client)
    with client:
        client.get("/")
        out("preserved", flask.request.remote_addr)


def client_and_exceptions(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: 1 / 0)
    out.request(app)
    app.testing = True
    out.request(app, label="testing")
    with app.test_client() as client:
        out.request(client, label="in with")
        out("context", flask.has_request_context())


def client_used_in_a_with_block(out):
    app = _echo_app(out)
    with app.test_client() as client:
        out("before", flask.has_request_context())
        client.get("/a?x=1")
        out("args", [flask.request.args["x"], flask.request.path])
        flask.g.x = 1
        client.get("/b")
        out("next", [flask.request.path, hasattr(flask.g, "x")])
    out("after", flask.has_request_context())


def streams_and_preserved_contexts(out):
    app = out.app()

    @app.get("/")
    def index():
        def body():
            yield "a"
            yield flask.request.path

        return flask.Response(flask.stream_with_context(body()))

    app.teardown_request(lambda error: out.tell("down"))
    with app.test_client() as client:
        response = client.get("/")
        out.tell("got")
        out("text", response.text)
        response.close()
        out.tell("closed")
    out.tell("left")


def environ_builder(out):
    app = out.app(config={"SERVER_NAME": "shop.example", "APPLICATION_ROOT": "/r", "PREFERRED_URL_SCHEME": "https"})
    for label, args, options in [
        ("default", (), {}),
        ("path", ("/x?a=1",), {}),
        ("subdomain", ("/x",), {"subdomain": "s"}),
        ("base", ("/x",), {"base_url": "http://b.example/m"}),
        ("scheme", ("/x",), {"url_scheme": "ws"}),
        ("absolute", ("http://a.example/x?y",), {}),
        ("conflict", ("/x",), {"base_url": "http://b", "subdomain": "s"}),
        ("conflict scheme", ("/x",), {"base_url": "http://b", "url_scheme": "ftp"}),
        ("json", ("/x",), {"json": {"d": 1}}),
    ]:

        def build(args=args, options=options):
            builder = EnvironBuilder(app, *args, **options)
            environ = builder.get_environ()
            return {
                key: str(environ[key])
                for key in sorted(environ)
                if key not in ("wsgi.input", "wsgi.errors", "werkzeug.socket")
            }

        out.attempt(label, build)
    builder = EnvironBuilder(app)
    out("json_dumps", builder.json_dumps({"b": 1, "a": "ü"}))
    app.json.sort_keys = False
    out("json_dumps of the app", builder.json_dumps({"b": 1, "a": "ü"}))


def cli_runner(out):
    app = out.app()

    @app.cli.command("hello")
    @click.argument("name", default="you")
    @click.option("--loud", is_flag=True)
    def hello(name, loud):
        click.echo(f"hello {name} {loud} {flask.current_app.name}")
        click.echo("err", err=True)

    @app.cli.command("fail")
    def fail():
        raise ValueError("failing")

    runner = app.test_cli_runner()
    out("class", type(runner))
    for args in (["hello"], ["hello", "ada", "--loud"], ["fail"], ["none"], ["hello", "--nope"], []):
        result = runner.invoke(args=args)
        out(str(args), [result.exit_code, result.output, result.exception])
    result = runner.invoke(hello, ["direct"])
    out("direct", [result.exit_code, result.output])

    @click.command()
    def plain():
        click.echo(str(flask.has_app_context()))

    out("plain command", runner.invoke(plain).output)


def cli_runner_class_and_options(out):
    class Runner(FlaskCliRunner):
        def invoke(self, *args, **options):
            out.tell("invoke", len(args), sorted(options))
            return super().invoke(*args, **options)

    app = out.app()
    app.cli.command("where")(lambda: click.echo(flask.current_app.name))
    app.test_cli_runner_class = Runner
    out("ran", app.test_cli_runner().invoke(args=["where"]).output)
    out("runner app", app.test_cli_runner().app is app)
    from flask.cli import ScriptInfo

    other = flask.Flask("case_app_other")
    other.cli.command("where")(lambda: None)
    result = app.test_cli_runner().invoke(args=["where"], obj=ScriptInfo(create_app=lambda: other))
    out("obj", [result.exit_code, result.output])


def requests_of_two_clients(out):
    app = out.app(config={"SECRET_KEY": "k"})
    app.add_url_rule("/", "index", lambda: str(flask.session.setdefault("n", flask.request.args.get("n"))))
    first, second = app.test_client(), app.test_client()
    out.request(first, "/?n=1")
    out.request(second, "/?n=2")
    out.request(first, "/?n=3")
    out.request(second, "/")


def patched_view_functions(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: "original")
    out.request(app)
    original = app.view_functions["index"]
    app.view_functions["index"] = lambda: f"wrapped {original()}"
    out.request(app)
    app.view_functions.pop("index")
    out.request(app)


def view_functions_of_many_kinds(out):
    import functools

    class Callable:
        def __call__(self, **values):
            return f"instance {values}"

    class Holder:
        def bound(self, **values):
            return f"bound {values}"

        @classmethod
        def of_class(cls, **values):
            return f"class {values}"

    app = out.app()
    for name, view in {
        "partial": functools.partial(lambda greeting, **values: f"{greeting} {values}", "hi"),
        "instance": Callable(),
        "bound": Holder().bound,
        "class": Holder.of_class,
        "builtin": dict,
        "lambda": lambda **values: "lambda",
    }.items():
        app.add_url_rule(f"/{name}/<int:n>", name, view)
    for name in ("partial", "instance", "bound", "class", "builtin", "lambda"):
        out.request(app, f"/{name}/3")
    out.attempt(
        "partial without endpoint", lambda: flask.Flask("case_app").add_url_rule("/", view_func=functools.partial(len))
    )


def cli_runner_inside_contexts(out):
    app = out.app()

    @app.cli.command("where")
    def where():
        flask.g.ran = True
        click.echo(f"{flask.current_app.name} {flask.has_request_context()} {flask.g.get('outer')}")

    app.teardown_appcontext(lambda error: out.tell("down", flask.g.get("outer"), flask.g.get("ran")))
    out("plain", app.test_cli_runner().invoke(args=["where"]).output)
    with app.app_context():
        flask.g.outer = 1
        out("in a context", app.test_cli_runner().invoke(args=["where"]).output)
    with app.test_request_context():
        out("in a request", app.test_cli_runner().invoke(args=["where"]).output)
    with app.test_client() as client:
        client.get("/")
        out("in a client", app.test_cli_runner().invoke(args=["where"]).output)


def view_classes_patched_later(out):
    class Page(View):
        def dispatch_request(self):
            return "original"

    class Item(MethodView):
        def get(self):
            return "original get"

    app = out.app()
    app.add_url_rule("/page", view_func=Page.as_view("page"))
    app.add_url_rule("/item", view_func=Item.as_view("item"))
    for path in ("/page", "/item"):
        out.request(app, path)
    Page.dispatch_request = lambda self: "patched"
    Item.get = lambda self: "patched get"
    Item.put = lambda self: "patched put"
    for path in ("/page", "/item"):
        out.request(app, path)
    out.request(app, "/item", "PUT")
    app.view_functions["item"].view_class = Page
    out.request(app, "/item")
    Item.dispatch_request = lambda self: "never, the class was exchanged"
    out.request(app, "/item")


def view_names_and_documentation(out):
    class Documented(MethodView):
        """The documentation."""

        def get(self):
            """Of get."""
            return "x"

    view = Documented.as_view("documented")
    out(
        "attributes",
        [view.__name__, view.__qualname__ if "locals" not in view.__qualname__ else "…", view.__doc__, view.__module__],
    )
    out("methods", [view.methods, Documented.methods, MethodView.methods, View.methods])
    out("defaults", [View.decorators, View.init_every_request, View.provide_automatic_options])
    out.attempt("no name", Documented.as_view)


def decorators_of_a_base_and_a_subclass(out):
    def tag(name):
        def decorate(function):
            return lambda *args, **options: f"{name}:{function(*args, **options)}"

        return decorate

    class Base(View):
        decorators = [tag("base")]

        def dispatch_request(self):
            return type(self).__name__

    class Child(Base):
        pass

    class Own(Base):
        decorators = [tag("own"), *Base.decorators]

    app = out.app()
    for kind in (Base, Child, Own):
        app.add_url_rule(f"/{kind.__name__}", view_func=kind.as_view(kind.__name__))
        out.request(app, f"/{kind.__name__}") if False else None
    for kind in (Base, Child, Own):
        out.request(app, f"/{kind.__name__}")


def client_requests_with_streams_and_files(out):
    app = _echo_app(out)
    client = app.test_client()
    out.attempt("stream", client.post, "/", input_stream=io.BytesIO(b"streamed"), content_length=8)
    out.attempt("file", client.post, "/", data={"f": (io.BytesIO(b"f"), "f.txt", "text/x")})
    out.attempt("file object", client.post, "/", data={"f": open(out.file("up.txt", "upload"), "rb")})
    out.attempt("bytes", client.post, "/", data=b"\xff")
    out.attempt("content type", client.post, "/", data={"a": "1"}, content_type="multipart/form-data")
    out.attempt("mimetype", client.post, "/", data="x", mimetype="text/y")
    out.attempt("list of pairs", client.post, "/", data=[("a", "1"), ("a", "2")])
    out.attempt("chunked", client.post, "/", data=b"x", headers={"Transfer-Encoding": "chunked"})


def responses_closed_by_the_client(out):
    app = out.app()

    class Body:
        def __iter__(self):
            return iter([b"a", b"b"])

        def close(self):
            out.tell("body closed")

    app.add_url_rule("/", "index", lambda: flask.Response(Body()))
    app.teardown_request(lambda error: out.tell("down"))
    client = app.test_client()
    response = client.get("/")
    out.tell("got", response.text)
    response.close()
    with client.get("/") as second:
        out.tell("with", second.text)
    out.tell("buffered", client.get("/", buffered=True).text)


def logger_used_before_handlers_are_changed(out):
    app = out.app()
    app.logger.warning("first")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(funcName)s %(message)s"))
    app.logger.handlers = [handler]
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    out.request(app, "/fail")
    out("own handler", stream.getvalue().splitlines()[0])
    app.logger.disabled = True
    out.request(app, "/fail")
    app.logger.disabled = False
    app.logger.setLevel(logging.CRITICAL)
    out.request(app, "/fail")
    out("lines", stream.getvalue().count("ZeroDivisionError"))


def log_filters_and_adapters(out):
    app = out.app()
    app.logger.addFilter(lambda record: "secret" not in record.getMessage())
    app.logger.warning("secret one")
    app.logger.warning("public %(x)s", {"x": 1})
    app.add_url_rule("/secret", "secret", lambda: 1 / 0)
    app.add_url_rule("/open", "open", lambda: 1 / 0)
    out.wsgi(app, "/secret")
    out.wsgi(app, "/open")
    logging.LoggerAdapter(app.logger, {"y": 2}).error("adapted")
