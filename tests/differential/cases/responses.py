"""Responses: what becomes of a view's result, of files, of JSON, and what is said of a wrong result."""

import datetime
import decimal
import io
import json
import uuid

from recording import Point
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.wrappers import Response as PlainResponse

import flask


def _views(out, views, **config):
    app = out.app(config=config)
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app


def _each(out, views, **config):
    app = _views(out, views, **config)
    for name in views:
        out.wsgi(app, f"/{name}")
        out.wsgi(app, f"/{name}", "HEAD")
    app.testing = True
    for name in views:
        out.request(app, f"/{name}", label=f"testing {name}")


def simple_results(out):
    class Text(str):
        __slots__ = ()

    _each(
        out,
        {
            "text": lambda: "tüxt",
            "empty": lambda: "",
            "bytes": lambda: b"\xff\x00",
            "bytearray": lambda: bytearray(b"array"),
            "subclass": lambda: Text("sub"),
            "dict": lambda: {"b": 1, "a": [1, None]},
            "list": lambda: [1, "ü", {"x": None}],
            "empty-dict": dict,
            "empty-list": list,
            "response": lambda: flask.Response("r", 201, {"X-A": "1"}),
        },
    )


def results_that_are_wrong(out):
    _each(
        out,
        {
            "none": lambda: None,
            "number": lambda: 3,
            "true": lambda: True,
            "set": lambda: {1},
            "object": lambda: io.StringIO("x"),
            "memory": lambda: memoryview(b"x"),
            "float": lambda: 1.5,
            "empty-tuple": lambda: (),
            "one-tuple": lambda: ("x",),
            "four-tuple": lambda: ("x", 200, {}, 1),
            "none-tuple": lambda: (None, 200),
            "none-three": lambda: (None, 200, {}),
            "class": lambda: flask.Response,
            "ellipsis": lambda: ...,
        },
    )


def results_that_are_wrong_by_name(out):
    class Shop:
        def __call__(self, n=1):
            return None

        def method(self):
            return None

    def named():
        return None

    app = _views(out, {"a": Shop(), "b": Shop().method, "c": named}, TESTING=True)
    blueprint = flask.Blueprint("bp", "case_app")
    blueprint.add_url_rule("/bp", "view", lambda: None)
    app.register_blueprint(blueprint)
    for path in ("/a", "/b", "/c", "/bp"):
        out.request(app, path)


def tuples_with_a_status(out):
    import http

    statuses = {
        "int": 201,
        "enum": http.HTTPStatus.CREATED,
        "text": "201 Fine",
        "digits": "201",
        "word": "Fine",
        "empty": "",
        "zero": 0,
        "large": 999,
        "small": 99,
        "negative": -1,
        "bytes": b"201 X",
        "none": None,
        "float": 201.5,
        "true": True,
        "no-content": 204,
        "not-modified": 304,
        "continue": 100,
        "reset": 205,
    }
    _each(out, {name: lambda status=status: ("body", status) for name, status in statuses.items()})


def tuples_with_headers(out):
    headers = {
        "dict": {"X-A": "1", "x-b": "2"},
        "list": [("X-A", "1"), ("X-A", "2")],
        "headers": Headers([("X-A", "1"), ("X-A", "2")]),
        "multi": MultiDict([("X-A", "1"), ("X-A", "2")]),
        "listed": {"X-A": ["1", "2"]},
        "tupled": {"X-A": ("1", "2")},
        "number": {"X-A": 3},
        "empty": {},
        "empty-list": [],
        "type": {"Content-Type": "text/plain"},
        "lower-type": {"content-type": "text/x"},
        "length": {"Content-Length": "1"},
        "newline": {"X-A": "a\r\nb"},
        "umlaut": {"X-A": "ü"},
        "wide": {"X-A": "你"},
        "cookie": [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
        "tuple": (("X-A", "1"),),
        "none": None,
        "text": "X-A: 1",
    }
    _each(out, {name: lambda given=given: ("body", given) for name, given in headers.items()})


def tuples_of_three(out):
    _each(
        out,
        {
            "int-dict": lambda: ("b", 418, {"X-A": "1"}),
            "text-list": lambda: ("b", "200 Sure", [("X-A", "1")]),
            "none-dict": lambda: ("b", None, {"X-A": "1"}),
            "dict-dict": lambda: ("b", {"X": "1"}, {"X-A": "1"}),
            "json": lambda: ({"a": 1}, 201, {"X-A": "1"}),
            "json-type": lambda: ([1], 201, {"Content-Type": "application/problem+json"}),
            "response": lambda: (flask.Response("r", 400, {"X-A": "0", "X-B": "1"}), 201, {"X-A": "1"}),
            "response-status": lambda: (flask.Response("r", 400), 202),
            "response-headers": lambda: (flask.Response("r", 400, {"X-A": "0"}), {"X-A": "1", "X-C": ["2", "3"]}),
            "response-text": lambda: (flask.Response("r"), "299 Strange"),
            "none-headers": lambda: ("b", 200, None),
            "error": lambda: ("gone", 410, {"Content-Type": "text/plain"}),
        },
    )


def status_lines(out):
    codes = [100, 101, 103, 200, 226, 301, 308, 400, 404, 418, 422, 425, 451, 499, 500, 511, 520, 599]
    app = out.app()
    app.add_url_rule("/<int:code>", "x", lambda code: ("", code))
    for code in codes:
        out.wsgi(app, f"/{code}")


def responses_of_other_classes(out):
    class Mine(flask.Response):
        pass

    class Plain(PlainResponse):
        pass

    app = _views(
        out,
        {
            "plain": lambda: PlainResponse("plain", mimetype="text/plain"),
            "subclass": lambda: Plain("p", 203),
            "mine": lambda: Mine("mine"),
            "exception": lambda: flask.abort(PlainResponse("aborted", 409)),
            "http": lambda: __import__("werkzeug").exceptions.ImATeapot("short"),
            "forbidden": lambda: (__import__("werkzeug").exceptions.Forbidden(), 200),
        },
    )
    app.after_request(lambda response: out.tell(type(response).__name__, response.status) or response)
    for name in ("plain", "subclass", "mine", "exception", "http", "forbidden"):
        out.wsgi(app, f"/{name}")


def wsgi_callables(out):
    def simple(environ, start_response):
        start_response("202 Accepted", [("Content-Type", "text/x-wsgi"), ("X-A", "1"), ("X-A", "2")])
        return [b"from ", environ["PATH_INFO"].encode()]

    def writing(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        return [b"returned"]

    def failing(environ, start_response):
        raise RuntimeError("inner")

    class Closing:
        def __iter__(self):
            yield b"one"
            yield b"two"

        def close(self):
            out.tell("closed")

    def closing(environ, start_response):
        start_response("200 OK", [])
        return Closing()

    class Callable:
        def __call__(self, environ, start_response):
            start_response("200 Fine", [("Content-Type", "text/plain")])
            yield b"generated"

    _each(
        out,
        {
            "simple": lambda: simple,
            "writing": lambda: writing,
            "failing": lambda: failing,
            "closing": lambda: closing,
            "callable": lambda: Callable(),
            "tuple": lambda: (simple, 418, {"X-A": "3"}),
            "not-wsgi": lambda: len,
            "lambda": lambda: lambda: "no",
        },
    )


def generators_and_iterators(out):
    def generate():
        yield "one "
        yield b"two "
        yield "thrüe"

    def broken():
        yield "one"
        raise RuntimeError("in the middle")

    def numbers():
        yield 1

    class Lines:
        def __init__(self):
            self.left = ["a", "b"]

        def __iter__(self):
            return self

        def __next__(self):
            if not self.left:
                raise StopIteration
            return self.left.pop(0)

        def close(self):
            out.tell("closed")

    _each(
        out,
        {
            "generator": generate,
            "called": lambda: generate(),
            "iter": lambda: iter(["a", "b"]),
            "map": lambda: map(str, range(3)),
            "broken": broken,
            "numbers": numbers,
            "lines": lambda: Lines(),
            "tuple": lambda: (generate(), 202, {"Content-Type": "text/plain"}),
            "empty": lambda: iter(()),
            "response": lambda: flask.Response(generate(), mimetype="text/event-stream"),
            "file": lambda: flask.Response(io.BytesIO(b"file\nlines\n")),
        },
    )


def streaming_outside_and_inside_the_context(out):
    def generate():
        yield f"{flask.has_request_context()} "
        yield flask.request.args.get("q", "")

    @flask.stream_with_context
    def decorated():
        yield flask.request.args["q"]
        yield flask.g.mark

    def marked():
        flask.g.mark = "!"
        return decorated()

    app = _views(
        out,
        {"without": generate, "with": lambda: flask.stream_with_context(generate()), "decorated": marked},
    )
    app.teardown_request(lambda error: out.tell("teardown", error))
    app.after_request(lambda response: out.tell("after") or response)
    for name in ("without", "with", "decorated"):
        out.wsgi(app, f"/{name}", query_string="q=x")
        out.tell("--")


def make_response_forms(out):
    app = out.app()
    with app.test_request_context():
        for label, args in {
            "nothing": (),
            "text": ("t",),
            "two": ("t", 201),
            "three": ("t", 201, {"X-A": "1"}),
            "headers": ("t", {"X-A": "1"}),
            "tuple": (("t", 202),),
            "response": (flask.Response("r"),),
            "dict": ({"a": 1},),
            "list": ([1],),
            "none": (None,),
            "number": (5,),
            "four": ("t", 1, {}, 2),
            "generator": ((c for c in "ab"),),
        }.items():
            out.attempt(label, flask.make_response, *args)
        same = flask.Response("r")
        out("same object", flask.make_response(same) is same)
    out.attempt("outside", flask.make_response, "x")


def make_response_overridden(out):
    class Shop(flask.Flask):
        def make_response(self, rv):
            out.tell("make", type(rv).__name__)
            return super().make_response("nothing" if rv is None else rv)

    app = Shop("case_app")
    app.add_url_rule("/none", "none", lambda: None)
    app.add_url_rule("/text", "text", lambda: "x")
    app.add_url_rule("/made", "made", lambda: flask.make_response("made", 202))
    app.errorhandler(404)(lambda error: None)
    for path in ("/none", "/text", "/made", "/404"):
        out.request(app, path)


def response_class_of_ones_own(out):
    class Response(flask.Response):
        default_mimetype = "application/x-shop"
        default_status = 203
        charset = "utf-8"

        @classmethod
        def force_type(cls, response, environ=None):
            out.tell("force", type(response).__name__)
            return super().force_type(response, environ)

    app = _views(
        out,
        {
            "text": lambda: "x",
            "bytes": lambda: b"x",
            "dict": lambda: {"a": 1},
            "flask": lambda: flask.Response("plain flask"),
            "plain": lambda: PlainResponse("plain"),
            "abort": lambda: flask.abort(404),
            "file": lambda: flask.send_file(io.BytesIO(b"f"), "text/plain"),
            "redirect": lambda: flask.redirect("/x"),
        },
    )
    app.response_class = Response
    app.after_request(lambda response: out.tell("class", type(response).__name__) or response)
    for name in ("text", "bytes", "dict", "flask", "plain", "abort", "file", "redirect"):
        out.wsgi(app, f"/{name}")


def response_object_methods(out):
    response = flask.Response("body", 201, {"X-A": "1"}, "text/plain")
    response.set_cookie("a", "b", max_age=60, path="/p", httponly=True, samesite="Lax")
    response.delete_cookie("old", domain="x.example")
    response.vary.add("Cookie")
    response.cache_control.max_age = 5
    response.last_modified = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
    response.expires = 0
    response.set_etag("tag", weak=True)
    response.allow.update(["GET"])
    response.access_control_allow_origin = "*"
    response.content_language.add("de")
    response.age = 3
    out("response", response)
    out("repr", repr(response))
    out(
        "values",
        [
            response.status_code,
            response.mimetype,
            response.mimetype_params,
            response.content_length,
            response.is_json,
            response.is_streamed,
        ],
    )
    out("status set", [setattr(response, "status", "404 Gone Fishing"), response.status_code, response.status])
    out("code set", [setattr(response, "status_code", 302), response.status])
    response.set_data("längere")
    out("data", [response.get_data(as_text=True), response.content_length, response.calculate_content_length()])
    out.attempt("json", lambda: response.json)
    out.attempt("json of text", lambda: flask.Response("{", mimetype="application/json").get_json())
    out.attempt("silently", lambda: flask.Response("{", mimetype="application/json").get_json(silent=True))
    out.attempt("max cookie size", lambda: response.max_cookie_size)


def response_reused_by_several_requests(out):
    shared = flask.Response("shared", headers={"X-A": "1"})
    app = _views(out, {"x": lambda: shared})
    app.after_request(lambda response: response.headers.add("X-After", "1") or response)
    for _ in range(3):
        out.wsgi(app, "/x")


def headers_changed_after_everything(out):
    def view():
        response = flask.make_response("x")
        response.headers["X-A"] = "1"
        response.headers.add("X-A", "2")
        response.headers.setdefault("X-B", "b")
        response.headers.extend({"X-C": ["1", "2"]})
        del response.headers["Content-Type"]
        response.headers["content-LENGTH"] = "1"
        return response

    app = _views(out, {"x": view})

    @app.after_request
    def after(response):
        response.headers.set("X-B", "after", filename="f")
        response.headers.remove("X-C")
        response.headers["Server"] = "case"
        out("seen", list(response.headers))
        return response

    out.wsgi(app, "/x")


def set_data_and_length_in_after_request(out):
    app = _views(out, {"x": lambda: "original", "s": lambda: iter(["a", "b"])})

    @app.after_request
    def after(response):
        out("before", [response.is_streamed, response.content_length, response.headers.get("Content-Length")])
        response.set_data(response.get_data() + b" + more")
        return response

    out.wsgi(app, "/x")
    out.wsgi(app, "/s")


def call_on_close_and_direct_close(out):
    def view():
        response = flask.Response("x")
        response.call_on_close(lambda: out.tell("closed", flask.has_request_context()))
        return response

    app = _views(out, {"x": view})
    app.teardown_request(lambda error: out.tell("teardown"))
    app.after_request(lambda response: response.call_on_close(lambda: out.tell("closed late")) and response)
    out.wsgi(app, "/x")
    out.request(app, "/x")


def after_this_request_variants(out):
    def view():
        @flask.after_this_request
        def first(response):
            response.headers.add("X-Order", "first")
            return response

        flask.after_this_request(lambda response: response.headers.add("X-Order", "second") or response)
        flask.after_this_request(lambda response: flask.Response(response.get_data() + b"!", headers=response.headers))
        return f"{first.__name__}"

    app = _views(
        out,
        {
            "x": view,
            "bad": lambda: str(flask.after_this_request(lambda response: None)),
            "raises": lambda: flask.after_this_request(lambda r: 1 / 0).__name__,
        },
    )
    app.after_request(lambda response: response.headers.add("X-Order", "app") or response)
    app.before_request(
        lambda: (
            flask.after_this_request(lambda response: response.headers.add("X-Order", "from before") or response)
            and None
        )
    )
    for name in ("x", "bad", "raises"):
        out.wsgi(app, f"/{name}")
    out.attempt("outside", flask.after_this_request, len)
    with app.app_context():
        out.attempt("in an app context", flask.after_this_request, len)


def redirects(out):
    app = out.app()
    with app.test_request_context("/a/b", base_url="http://h.example/m"):
        for location, options in [
            ("/x", {}),
            ("x", {}),
            ("../x", {}),
            ("//other.example/x", {}),
            ("http://other.example/ü?a=b c#f", {}),
            ("", {}),
            ("/a\r\nb", {}),
            ("/x", {"code": 301}),
            ("/x", {"code": 308}),
            ("/x", {"code": 304}),
            ("/x", {"code": 200}),
            ('/<b>&"', {}),
            ("javascript:alert(1)", {}),
        ]:
            out.attempt(f"{location} {options}", flask.redirect, location, **options)
    out.attempt("outside", flask.redirect, "/x")
    out.attempt("of the app", app.redirect, "/x", 303)


def redirects_sent(out):
    app = _views(
        out,
        {
            "relative": lambda: flask.redirect("target"),
            "umlaut": lambda: flask.redirect("/ü?q=ä"),
            "mine": lambda: flask.redirect("/x", Response=PlainResponse),
            "absolute": lambda: flask.redirect(flask.url_for("relative", _external=True)),
        },
    )
    for autocorrect in (False, True):
        app.response_class = type("R", (flask.Response,), {"autocorrect_location_header": autocorrect})
        for name in ("relative", "umlaut", "mine", "absolute"):
            out.wsgi(app, f"/{name}", base_url="http://h.example/m", label=f"{autocorrect} {name}")


def redirect_overridden_on_the_application(out):
    class Shop(flask.Flask):
        def redirect(self, location, code=302):
            return super().redirect("/shop" + location, 307)

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: flask.redirect("/x"))
    out.request(app, "/")


def aborts(out):
    class Custom(Exception):
        pass

    for label, args, options in [
        ("404", (404,), {}),
        ("described", (404, "no <b>such</b>"), {}),
        ("response kept", (404,), {"response": flask.Response("r", 499)}),
        ("a response", (flask.Response("direct", 202),), {}),
        ("unknown", (777,), {}),
        ("text", ("404",), {}),
        ("405", (405, ["GET", "PUT"]), {}),
        (
            "401",
            (401,),
            {"www_authenticate": __import__("werkzeug").datastructures.WWWAuthenticate("basic", {"realm": "r"})},
        ),
        ("416", (416, 100), {}),
        ("429", (429,), {"retry_after": 30}),
        ("a wsgi callable", (lambda environ, start: [],), {}),
        ("302", (302,), {}),
    ]:
        app = _views(out, {"x": lambda args=args, options=options: flask.abort(*args, **options)})
        out.wsgi(app, "/x", label=label)


def json_values(out):
    class Html:
        def __html__(self):
            return "<b>html</b>"

    values = {
        "date": datetime.date(2024, 2, 29),
        "datetime": datetime.datetime(2024, 2, 29, 12, 30, 15, 999),
        "aware": datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        "time": datetime.time(1, 2),
        "delta": datetime.timedelta(days=1),
        "uuid": uuid.UUID(int=7),
        "decimal": decimal.Decimal("1.10"),
        "dataclass": Point(1),
        "nested": [Point(1, "ü"), {"p": Point(2)}],
        "html": Html(),
        "markup": flask.render_template_string.__module__ and __import__("markupsafe").Markup("<i>"),
        "tuple": (1, 2),
        "set": {1},
        "bytes": b"x",
        "object": object(),
        "class": Point,
        "nan": float("nan"),
        "inf": [float("inf"), -float("inf")],
        "int keys": {2: "b", 1: "a", 10: "c"},
        "mixed keys": {"b": 1, 2: "x", None: 0},
        "bool keys": {True: 1, False: 0},
        "tuple keys": {(1, 2): 3},
        "umlaut": "ü你😀",
        "script": "</script><b>&'\"\u2028",
        "surrogate": "\ud800",
        "big": 2**70,
        "floats": [1.0, 1e100, 0.1, -0.0],
        "recursive": None,
        "enum": __import__("http").HTTPStatus.OK,
    }
    values["recursive"] = [values["tuple"]]
    loop = []
    loop.append(loop)
    values["loop"] = loop
    app = out.app()
    with app.app_context():
        for label, value in values.items():
            out.attempt(f"dumps {label}", flask.json.dumps, value)
            out.attempt(f"jsonify {label}", flask.jsonify, value)
    for label, value in values.items():
        if label not in ("object", "loop", "surrogate"):
            single = _views(out, {"x": lambda value=value: {"v": value}})
            out.wsgi(single, "/x", label=f"view {label}")


def json_outside_of_a_context(out):
    out.attempt("dumps", flask.json.dumps, {"b": 1, "a": "ü"})
    out.attempt("dumps date", flask.json.dumps, datetime.date(2024, 1, 1))
    out.attempt("dumps options", lambda: flask.json.dumps({"b": 1}, indent=2, sort_keys=False))
    out.attempt("loads", flask.json.loads, b'{"a": 1}')
    out.attempt("loads broken", flask.json.loads, "{")
    stream = io.StringIO()
    out.attempt("dump", flask.json.dump, {"a": uuid.UUID(int=1)}, stream)
    out("dumped", stream.getvalue())
    out.attempt("load", flask.json.load, io.BytesIO('{"ü": 1}'.encode()))
    out.attempt("jsonify", flask.jsonify, a=1)


def jsonify_arguments(out):
    app = out.app()
    with app.app_context():
        out.attempt("nothing", flask.jsonify)
        out.attempt("one", flask.jsonify, 1)
        out.attempt("None", flask.jsonify, None)
        out.attempt("several", flask.jsonify, 1, 2, 3)
        out.attempt("keywords", lambda: flask.jsonify(b=1, a=2))
        out.attempt("both", lambda: flask.jsonify(1, a=2))
        out.attempt("a generator", lambda: flask.jsonify(x for x in "ab"))


def json_provider_options(out):
    value = {"b": [1, {"z": 1, "a": "ü"}], "a": "<>"}
    for debug in (False, True):
        for label, options in {
            "default": {},
            "unsorted": {"sort_keys": False},
            "unicode": {"ensure_ascii": False},
            "compact": {"compact": True},
            "loose": {"compact": False},
            "mimetype": {"mimetype": "application/x-json"},
        }.items():
            app = _views(
                out, {"x": lambda: value, "j": lambda: flask.jsonify(value), "l": lambda: [value]}, DEBUG=debug
            )
            for name, setting in options.items():
                setattr(app.json, name, setting)
            for name in "xjl":
                out.wsgi(app, f"/{name}", label=f"{debug} {label} {name}")
            out(f"{debug} {label} dumps", app.json.dumps(value))
            out(f"{debug} {label} indent", app.json.dumps(value, indent=1, sort_keys=True))


def json_of_mixed_keys_when_unsorted(out):
    app = out.app()
    app.json.sort_keys = False
    with app.app_context():
        out.attempt("mixed", flask.jsonify, {"b": 1, 2: "x", None: 0, 1.5: True})


def json_provider_of_ones_own(out):
    class Provider(flask.json.provider.JSONProvider):
        def dumps(self, obj, **options):
            out.tell("dumps", obj, options)
            return f"<{json.dumps(obj, **options)}>"

        def loads(self, s, **options):
            out.tell("loads", s)
            return json.loads(s.strip("<>"), **options)

    class Shop(flask.Flask):
        json_provider_class = Provider

    app = Shop("case_app")
    app.add_url_rule("/", "index", lambda: {"a": 1})
    app.add_url_rule("/j", "j", lambda: flask.jsonify(b=2))
    out.request(app, "/")
    out.request(app, "/j")
    with app.app_context():
        out.attempt("loads", flask.json.loads, '<{"a": 2}>')
        out.attempt("filter", flask.render_template_string, "{{ {'a': '<'}|tojson }}")
        stream = io.StringIO()
        flask.json.dump([1], stream, indent=None)
        out("dump", stream.getvalue())
        out.attempt("load", flask.json.load, io.StringIO("<[1]>"))
    out.attempt("base class", flask.json.provider.JSONProvider(app).dumps, 1)
    out.attempt("base class loads", flask.json.provider.JSONProvider(app).loads, "1")


def json_provider_default_changed(out):
    class Provider(flask.json.provider.DefaultJSONProvider):
        @staticmethod
        def default(value):
            if isinstance(value, complex):
                return [value.real, value.imag]
            return flask.json.provider.DefaultJSONProvider.default(value)

    app = out.app()
    app.json = Provider(app)
    with app.app_context():
        out.attempt("complex", flask.jsonify, 1 + 2j)
        out.attempt("date", flask.jsonify, datetime.date(2020, 1, 1))
        out.attempt("object", lambda: flask.jsonify({1, 2}))
    plain = out.app()
    plain.json.default = lambda value: f"instance {type(value).__name__}"
    with plain.app_context():
        out.attempt("on the instance", flask.jsonify, {1})


def send_file_forms(out):
    path = out.file("files/a b.txt", "file content")
    app = out.app()
    for label, thing, options in [
        ("path", str(path), {}),
        ("path object", path, {}),
        ("relative", "files/a b.txt", {}),
        ("bytes", io.BytesIO(b"bytes"), {"mimetype": "text/plain"}),
        ("bytes without type", io.BytesIO(b"bytes"), {}),
        ("bytes with a name", io.BytesIO(b"bytes"), {"download_name": "n.json"}),
        ("text", io.StringIO("text"), {"mimetype": "text/plain"}),
        ("open file", lambda: open(path, "rb"), {}),
        ("open file with a type", lambda: open(path, "rb"), {"mimetype": "text/x"}),
        ("attachment", str(path), {"as_attachment": True}),
        ("attachment without a name", io.BytesIO(b""), {"mimetype": "a/b", "as_attachment": True}),
        ("named", str(path), {"download_name": 'ünïcode "x".txt', "as_attachment": True}),
        ("no conditional", str(path), {"conditional": False}),
        ("no etag", str(path), {"etag": False}),
        ("own etag", str(path), {"etag": "mine"}),
        ("own time", str(path), {"last_modified": 1_600_000_000}),
        ("own datetime", str(path), {"last_modified": datetime.datetime(2001, 2, 3)}),
        ("max age", str(path), {"max_age": 60}),
        ("max age zero", str(path), {"max_age": 0}),
        ("max age called", str(path), {"max_age": lambda name: len(str(name).rpartition("/")[2])}),
        ("missing", "none.txt", {}),
        ("folder", str(out.folder), {}),
        ("empty", "", {}),
        ("None", None, {}),
    ]:

        def view(thing=thing, options=options):
            return flask.send_file(thing() if callable(thing) else thing, **options)

        single = _views(out, {"x": view})
        out.wsgi(single, "/x", label=label)
        if not isinstance(thing, (io.BytesIO, io.StringIO)):
            out.wsgi(single, "/x", "HEAD", label=f"{label} HEAD")
    del app


def send_file_types_by_name(out):
    app = out.app()
    app.add_url_rule("/<name>", "x", lambda name: flask.send_file(io.BytesIO(b"x"), download_name=name))
    for name in (
        "a.html",
        "a.js",
        "a.css",
        "a.tar.gz",
        "a.svg",
        "a.unknown",
        "noext",
        "a.json",
        "a.woff2",
        "a.PNG",
        ".hidden",
    ):
        out.wsgi(app, f"/{name}")


def send_file_conditional_requests(out):
    path = out.file("a.txt", "0123456789")
    app = _views(out, {"x": lambda: flask.send_file(path)})
    etag = app.test_client().get("/x").headers["ETag"]
    for label, headers in {
        "same etag": {"If-None-Match": etag},
        "weak etag": {"If-None-Match": f"W/{etag}"},
        "any etag": {"If-None-Match": "*"},
        "other etag": {"If-None-Match": '"other"'},
        "modified since": {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"},
        "not modified since": {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"},
        "etag beats date": {"If-None-Match": '"other"', "If-Modified-Since": "Tue, 14 Nov 2033 22:13:20 GMT"},
        "match fails": {"If-Match": '"other"'},
        "match": {"If-Match": etag},
        "unmodified since": {"If-Unmodified-Since": "Tue, 14 Nov 2003 22:13:20 GMT"},
        "bad date": {"If-Modified-Since": "yesterday"},
    }.items():
        out.wsgi(app, "/x", headers=headers, label=label)
        out.wsgi(app, "/x", "HEAD", headers=headers, label=f"{label} HEAD")


def send_file_ranges(out):
    path = out.file("a.txt", "0123456789")
    app = _views(
        out, {"x": lambda: flask.send_file(path), "b": lambda: flask.send_file(io.BytesIO(b"0123456789"), "text/plain")}
    )
    etag = app.test_client().get("/x").headers["ETag"]
    for value in (
        "bytes=0-3",
        "bytes=4-",
        "bytes=-3",
        "bytes=0-0",
        "bytes=9-20",
        "bytes=10-",
        "bytes=5-2",
        "bytes=0-1,3-4",
        "bytes=",
        "items=0-1",
        "bytes=a-b",
        "bytes=-0",
        "bytes=-20",
        "0-3",
    ):
        out.wsgi(app, "/x", headers={"Range": value}, label=value)
        out.wsgi(app, "/b", headers={"Range": value}, label=f"{value} of bytes")
    for label, condition in {
        "same": etag,
        "other": '"o"',
        "date": "Tue, 14 Nov 2023 22:13:20 GMT",
        "older": "Tue, 14 Nov 2013 22:13:20 GMT",
    }.items():
        out.wsgi(app, "/x", headers={"Range": "bytes=0-3", "If-Range": condition}, label=f"if-range {label}")
    out.wsgi(app, "/x", "HEAD", headers={"Range": "bytes=0-3"}, label="HEAD")
    out.wsgi(app, "/x", headers={"Range": "bytes=0-3", "If-None-Match": etag}, label="etag and range")


def send_file_with_a_server_that_sends(out):
    path = out.file("a.txt", "0123456789")
    calls = []

    class Wrapper:
        def __init__(self, stream, size=8192):
            calls.append([type(stream).__name__, size])
            self.stream = stream

        def __iter__(self):
            return iter(lambda: self.stream.read(4), b"")

        def close(self):
            calls.append("closed")
            self.stream.close()

    app = _views(out, {"x": lambda: flask.send_file(path)})
    out.wsgi(app, "/x", environ={"wsgi.file_wrapper": Wrapper})
    out.wsgi(app, "/x", "HEAD", environ={"wsgi.file_wrapper": Wrapper})
    out.wsgi(app, "/x", headers={"Range": "bytes=2-4"}, environ={"wsgi.file_wrapper": Wrapper})
    out("calls", calls)


def x_sendfile(out):
    path = out.file("static/ü a.txt", "0123456789")
    for config in ({}, {"USE_X_SENDFILE": True}):
        app = _views(
            out, {"x": lambda: flask.send_file(path), "b": lambda: flask.send_file(io.BytesIO(b"b"), "a/b")}, **config
        )
        for where in ("/x", "/b", "/static/%C3%BC%20a.txt"):
            out.wsgi(app, where)
            out.wsgi(app, where, headers={"Range": "bytes=0-1"}, label=f"{where} range")
        app.config["USE_X_SENDFILE"] = not app.config["USE_X_SENDFILE"]
        out.wsgi(app, "/x", label="changed later")


def send_file_max_age(out):
    path = out.file("static/a.js", "js")
    for setting in (None, 0, 90, datetime.timedelta(minutes=3), datetime.timedelta(seconds=1.9)):
        app = _views(out, {"x": lambda: flask.send_file(path)}, SEND_FILE_MAX_AGE_DEFAULT=setting)
        out.wsgi(app, "/x", label=str(setting))
        out.wsgi(app, "/static/a.js", label=f"{setting} static")
        with app.app_context():
            out(f"{setting} asked", app.get_send_file_max_age("a.js"))


def send_file_max_age_overridden(out):
    class Shop(flask.Flask):
        def get_send_file_max_age(self, filename):
            out.tell("asked", None if filename is None else filename.rpartition("/")[2])
            return 5 if filename and filename.endswith(".js") else None

    path = out.file("static/a.js", "js")
    app = Shop("case_app")
    app.add_url_rule("/x", "x", lambda: flask.send_file(path))
    app.add_url_rule("/b", "b", lambda: flask.send_file(io.BytesIO(b"b"), "a/b"))
    app.add_url_rule("/n", "n", lambda: flask.send_file(io.BytesIO(b"b"), download_name="n.js"))
    app.add_url_rule("/d", "d", lambda: flask.send_from_directory("static", "a.js"))
    for where in ("/x", "/b", "/n", "/d", "/static/a.js"):
        out.wsgi(app, where)


def send_from_directory(out):
    out.file("files/a.txt", "inside")
    out.file("files/sub/b.txt", "deeper")
    out.file("secret.txt", "outside")
    app = out.app()
    app.add_url_rule(
        "/f/<path:name>",
        "f",
        lambda name: flask.send_from_directory("files", name, as_attachment="dl" in flask.request.args),
    )
    app.add_url_rule("/abs/<path:name>", "abs", lambda name: flask.send_from_directory(out.folder / "files", name))
    app.add_url_rule("/none/<path:name>", "none", lambda name: flask.send_from_directory("nowhere", name))
    for path in (
        "/f/a.txt",
        "/f/sub/b.txt",
        "/f/sub",
        "/f/none",
        "/f/../secret.txt",
        "/f/..%2Fsecret.txt",
        "/f/sub/../../secret.txt",
        "/f/%2e%2e/secret.txt",
        "/f//etc/passwd",
        "/f/a.txt%00",
        "/f/a.txt?dl",
        "/abs/a.txt",
        "/none/a.txt",
        "/f/..\\secret.txt",
        "/f/sub/./b.txt",
    ):
        out.request(app, path)
    out.wsgi(app, environ={"PATH_INFO": "/f/a.txt\x00.png"}, label="null byte")
    with app.app_context():
        out.attempt("without a request", flask.send_from_directory, "files", "a.txt")


def static_file_through_the_client(out):
    out.file("static/app.js", "alert(1)")
    out.file("static/empty", "")
    app = out.app()
    out.wsgi(app, "/static/app.js")
    out.wsgi(app, "/static/empty")
    out.wsgi(app, "/static/app.js", "HEAD")
    out.wsgi(app, "/static/app.js", headers={"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"})
    out.wsgi(app, "/static/app.js", headers={"Range": "bytes=1-2"})
    out.wsgi(app, "/static/none.js")
    app.after_request(lambda response: response) if False else None
    out("signature", [app.send_static_file.__name__, app.has_static_folder])


def static_files_and_after_request(out):
    out.file("static/app.js", "alert(1)")
    app = out.app()

    @app.after_request
    def after(response):
        out(
            "seen",
            [response.is_streamed, response.direct_passthrough, response.content_length, type(response).__name__],
        )
        out.attempt("data", response.get_data)
        response.headers["X-After"] = "1"
        return response

    out.wsgi(app, "/static/app.js")
    out.wsgi(app, "/static/app.js", headers={"If-None-Match": "*"})


def conditional_response_by_hand(out):
    def view():
        response = flask.make_response("0123456789")
        response.add_etag()
        response.last_modified = datetime.datetime(2020, 1, 1)
        return response.make_conditional(flask.request, accept_ranges=True, complete_length=10)

    app = _views(out, {"x": view})
    etag = app.test_client().get("/x").headers["ETag"]
    for headers in (
        {},
        {"If-None-Match": etag},
        {"Range": "bytes=1-3"},
        {"Range": "bytes=50-"},
        {"If-Modified-Since": "Thu, 02 Jan 2020 00:00:00 GMT"},
    ):
        out.wsgi(app, "/x", headers=headers, label=str(headers))
        out.wsgi(app, "/x", "HEAD", headers=headers, label=f"HEAD {headers}")


def replaced_functions_of_the_package(out):
    original = flask.jsonify
    flask.jsonify = lambda *args, **options: original({"wrapped": True})
    try:
        app = _views(out, {"j": lambda: flask.jsonify(1), "d": lambda: {"a": 1}})
        out.request(app, "/j")
        out.request(app, "/d")
    finally:
        flask.jsonify = original


def head_of_everything(out):
    out.file("static/a.txt", "static")

    def stream():
        out.tell("iterated")
        yield "x"

    app = _views(
        out,
        {
            "text": lambda: "text",
            "stream": stream,
            "empty": lambda: ("", 204),
            "json": lambda: {"a": 1},
            "error": lambda: flask.abort(403),
            "redirect": lambda: flask.redirect("/text"),
            "broken": lambda: 1 / 0,
        },
    )
    for name in ("text", "stream", "empty", "json", "error", "redirect", "broken", "none", "static/a.txt"):
        out.wsgi(app, f"/{name}", "HEAD")


def start_response_is_called_once_with_plain_types(out):
    app = _views(out, {"x": lambda: ("b", 201, {"X-Int": 5, "X-Text": "t"}), "j": lambda: [1]})
    for name in "xj":
        kinds = []

        def start_response(status, headers, exc_info=None, kinds=kinds):
            kinds.append(
                [
                    type(status).__name__,
                    type(headers).__name__,
                    {type(part).__name__ for pair in headers for part in pair},
                    {type(p).__name__ for p in headers},
                ]
            )

        from werkzeug.test import create_environ

        body = app(create_environ(f"/{name}"), start_response)
        out("kinds", [kinds, [type(chunk).__name__ for chunk in body]])
        if hasattr(body, "close"):
            body.close()


def results_that_are_proxies_and_subclasses(out):
    import collections

    from markupsafe import Markup

    from flask.globals import request_ctx

    Pair = collections.namedtuple("Pair", "body status")

    class Listing(list):
        pass

    class Mapping(dict):
        pass

    _each(
        out,
        {
            "args": lambda: flask.request.args,
            "args-copy": lambda: flask.request.args.copy(),
            "session": lambda: flask.session,
            "session-object": lambda: flask.session._get_current_object(),
            "g": lambda: flask.g,
            "request": lambda: flask.request,
            "app": lambda: flask.current_app,
            "context": lambda: request_ctx,
            "markup": lambda: Markup("<b>"),
            "namedtuple": lambda: Pair("body", 202),
            "ordered": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
            "default": lambda: collections.defaultdict(list, a=[1]),
            "counter": lambda: collections.Counter("aab"),
            "multi": lambda: MultiDict([("a", 1), ("a", 2)]),
            "headers": lambda: Headers([("X", "y")]),
            "listing": lambda: Listing([1]),
            "mapping": lambda: Mapping(a=1),
            "deque": lambda: collections.deque([1]),
            "range": lambda: range(3),
            "keys": lambda: {"a": 1}.keys(),
            "user-dict": lambda: collections.UserDict(a=1),
            "user-string": lambda: collections.UserString("text"),
            "tuple-of-proxy": lambda: (flask.request.args, 201),
            "response-subclass": lambda: flask.current_app.response_class("x"),
        },
        SECRET_KEY="k",
    )


def json_values_of_subclasses(out):
    import collections
    import enum
    import typing

    class Text(str):
        __slots__ = ()

    class Whole(int):
        pass

    class Real(float):
        def __repr__(self):
            return "real"

    class Level(enum.IntEnum):
        LOW = 1

    class Word(enum.StrEnum):
        YES = "yes"

    class Named(typing.NamedTuple):
        x: int
        y: str

    class Html(dict):
        def __html__(self):
            return "never asked"

    class HtmlList(list):
        def __html__(self):
            return "never asked"

    values = {
        "text": Text("t"),
        "whole": Whole(3),
        "real": Real(1.5),
        "level": Level.LOW,
        "word": Word.YES,
        "named": Named(1, "y"),
        "html dict": Html(a=1),
        "html list": HtmlList([1]),
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        "enum keys": {Level.LOW: 1, Word.YES: 2},
        "float keys": {1.5: 1, 0.5: 2},
        "text keys": {Text("b"): 1, "a": 2},
        "mixed deep": [{"z": {"b": 1, "a": [{"d": 1, "c": (1, 2)}]}}],
        "bool and int": [True, 1, False, 0, None],
        "escapes": '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028\u2029',
        "astral": "😀",
        "lone": ["\udc80"],
        "empty": [{}, [], "", ()],
        "dates": {"d": datetime.date(1, 1, 1), "t": datetime.datetime(9999, 12, 31, 23, 59, 59)},
        "deep": None,
    }
    deep = []
    for _ in range(200):
        deep = [deep]
    values["deep"] = deep
    for label, value in values.items():
        app = _views(
            out,
            {
                "x": lambda value=value: {"v": value},
                "l": lambda value=value: [value],
                "j": lambda value=value: flask.jsonify(value),
            },
        )
        for name in "xlj":
            out.wsgi(app, f"/{name}", label=f"{label} {name}")
        with app.app_context():
            out.attempt(f"{label} dumps", app.json.dumps, value)


def json_provider_methods_overridden_one_by_one(out):
    base = flask.json.provider.DefaultJSONProvider

    class Dumps(base):
        def dumps(self, obj, **options):
            out.tell("dumps", sorted(options))
            return super().dumps(obj, **options)

    class Responds(base):
        def response(self, *args, **options):
            out.tell("response", len(args), sorted(options))
            return super().response(*args, **options)

    class Prepares(base):
        def _prepare_response_obj(self, args, kwargs):
            return {"prepared": super()._prepare_response_obj(args, kwargs)}

    for kind in (Dumps, Responds, Prepares):
        app = _views(out, {"d": lambda: {"b": 1, "a": 2}, "l": lambda: [1], "j": lambda: flask.jsonify(a=1)})
        app.json = kind(app)
        for name in "dlj":
            out.wsgi(app, f"/{name}", label=f"{kind.__name__} {name}")


def json_settings_changed_between_requests(out):
    app = _views(out, {"x": lambda: {"b": "ü", "a": [1, {"d": 1, "c": 2}]}})
    out.wsgi(app, "/x")
    app.json.ensure_ascii = False
    out.wsgi(app, "/x", label="unicode")
    app.json.sort_keys = False
    out.wsgi(app, "/x", label="unsorted")
    app.json.compact = False
    out.wsgi(app, "/x", label="loose")
    app.debug = True
    app.json.compact = None
    out.wsgi(app, "/x", label="debug")
    app.json.mimetype = "application/x"
    app.json.default = lambda value: "d"
    app.debug = False
    out.wsgi(app, "/x", label="mimetype")
    app.json.dumps = lambda obj, **options: "patched"
    out.wsgi(app, "/x", label="patched dumps")


def response_methods_overridden(out):
    names = (
        "__call__",
        "get_wsgi_response",
        "get_wsgi_headers",
        "get_app_iter",
        "iter_encoded",
        "close",
        "calculate_content_length",
        "set_data",
        "get_data",
        "make_conditional",
        "set_cookie",
    )

    class Response(flask.Response):
        pass

    for name in names:
        original = getattr(flask.Response, name)

        def wrapped(self, *args, _name=name, _original=original, **options):
            out.tell(_name)
            return _original(self, *args, **options)

        setattr(Response, name, wrapped)
    app = _views(
        out, {"text": lambda: "x", "json": lambda: {"a": 1}, "empty": lambda: ("", 204), "stream": lambda: iter("ab")}
    )
    app.response_class = Response
    for name in ("text", "json", "empty", "stream"):
        out.tell("--", name)
        out.wsgi(app, f"/{name}")
        out.wsgi(app, f"/{name}", "HEAD")


def response_class_patched_after_requests(out):
    class Response(flask.Response):
        pass

    app = _views(out, {"x": lambda: "x"})
    app.response_class = Response
    out.wsgi(app, "/x")
    Response.default_mimetype = "text/plain"
    out.wsgi(app, "/x", label="mimetype")
    Response.default_status = 202
    out.wsgi(app, "/x", label="status")
    Response.automatically_set_content_length = False
    out.wsgi(app, "/x", label="no length")
    Response.get_wsgi_headers = lambda self, environ: Headers([("X-Only", "this")])
    out.wsgi(app, "/x", label="headers")
    app.response_class = flask.Response
    out.wsgi(app, "/x", label="back")


def responses_changed_in_after_request(out):
    def set_attribute(name, value):
        return lambda response: setattr(response, name, value)

    changes = {
        "data": set_attribute("data", b"new data"),
        "text": lambda response: response.set_data("tüxt"),
        "response list": set_attribute("response", [b"a", "b"]),
        "response generator": lambda response: setattr(response, "response", (c for c in "xyz")),
        "status": set_attribute("status", "299 Odd"),
        "status code": set_attribute("status_code", 404),
        "no content": set_attribute("status_code", 204),
        "not modified": set_attribute("status_code", 304),
        "mimetype": set_attribute("mimetype", "text/plain"),
        "content type": set_attribute("content_type", "a/b; c=d"),
        "content length": set_attribute("content_length", 3),
        "no length": lambda response: response.headers.remove("Content-Length"),
        "cleared": lambda response: response.headers.clear(),
        "headers replaced": set_attribute("headers", Headers([("X-New", "1")])),
        "headers a dict": set_attribute("headers", {"X-New": "1"}),
        "write": lambda response: response.stream.write("written"),
        "freeze": lambda response: response.freeze(),
        "sequence": lambda response: response.make_sequence(),
        "passthrough": set_attribute("direct_passthrough", True),
        "no automatic length": set_attribute("automatically_set_content_length", False),
        "location": set_attribute("location", "/ü x"),
        "vary": lambda response: response.vary.add("X-A"),
        "etag": lambda response: response.add_etag(),
        "many headers": lambda response: [response.headers.add("X-A", n) for n in range(3)],
        "popped": lambda response: response.headers.pop("Content-Type"),
        "item deleted": lambda response: response.headers.__delitem__("content-type"),
        "update": lambda response: response.headers.update({"X-B": ["1", "2"], "content-type": "x/y"}),
        "or": lambda response: response.headers.__ior__({"X-B": "1"}),
        "slice": lambda response: response.headers.__setitem__(slice(0, 1), [("X-S", "1")]),
        "add_header": lambda response: response.headers.add_header("X-C", "v", p="ü"),
        "sort": lambda response: response.headers.extend(sorted(response.headers)),
        "copy": lambda response: response.headers.copy().add("X-D", "1"),
        "newline": lambda response: response.headers.add("X-E", "a\nb"),
    }
    for label, change in changes.items():
        app = _views(out, {"text": lambda: "body", "json": lambda: {"a": 1}, "stream": lambda: iter("ab")})

        @app.after_request
        def after(response, change=change):
            change(response)
            return response

        for name in ("text", "json", "stream"):
            out.wsgi(app, f"/{name}", label=f"{label} {name}")
            out.wsgi(app, f"/{name}", "HEAD", label=f"{label} {name} HEAD")


def reading_a_response_in_after_request(out):
    app = _views(
        out,
        {
            "text": lambda: "tüxt",
            "json": lambda: ({"a": 1}, 201, {"X-A": "1"}),
            "stream": lambda: iter("ab"),
            "empty": lambda: ("", 204),
        },
    )

    @app.after_request
    def after(response):
        for name in "status status_code data content_length content_type mimetype mimetype_params is_streamed is_sequence is_json cache_control vary allow location expires last_modified response json".split():  # noqa: E501 - one text, as it is sent or stored
            value = getattr(response, name, "absent")
            out(
                name,
                list(value)
                if name == "response" and isinstance(value, list)
                else repr(value)
                if name in ("vary", "allow", "cache_control")
                else type(value).__name__
                if name == "response"
                else value,
            )
        out(
            "headers",
            [
                list(response.headers),
                "X-A" in response.headers,
                response.headers.get("x-a"),
                len(response.headers),
                response.headers == Headers(list(response.headers)),
            ],
        )
        out("wsgi", [list(response.get_wsgi_headers(flask.request.environ)), response.calculate_content_length()])
        return response

    for name in ("text", "json", "stream", "empty"):
        out.wsgi(app, f"/{name}")


def responses_built_by_hand(out):
    for label, args, options in [
        ("nothing", (), {}),
        ("text", ("t",), {}),
        ("bytes", (b"b",), {}),
        ("bytearray", (bytearray(b"b"),), {}),
        ("list", (["a", b"b"],), {}),
        ("generator", ((c for c in "ab"),), {}),
        ("none", (None,), {}),
        ("status", ("t", 404), {}),
        ("status text", ("t", "404 Lost"), {}),
        ("headers", ("t", 200, {"X-A": "1"}), {}),
        ("headers with type", ("t", 200, {"content-type": "x/y"}), {}),
        ("mimetype", ("t",), {"mimetype": "text/css"}),
        ("mimetype binary", ("t",), {"mimetype": "image/png"}),
        ("mimetype json", ("t",), {"mimetype": "application/json"}),
        ("content type", ("t",), {"content_type": "text/x; charset=latin-1"}),
        ("both", ("t",), {"mimetype": "a/b", "content_type": "c/d"}),
        ("type in headers and argument", ("t", 200, {"Content-Type": "x/y"}), {"mimetype": "a/b"}),
        ("passthrough", ("t",), {"direct_passthrough": True}),
        ("unknown", ("t",), {"colour": 1}),
        ("headers object", ("t", 200, Headers([("X", "1"), ("X", "2")])), {}),
    ]:
        out.attempt(label, flask.Response, *args, **options)
    given = Headers([("X", "1")])
    response = flask.Response("t", headers=given)
    response.headers.add("Y", "2")
    out("given headers kept apart", [list(given), response.headers is given])
    out(
        "from app",
        flask.Response.from_app(lambda environ, start: (start("200 OK", [("A", "b")]) and [b"x"]) or [b"y"], {}),
    )
    with flask.Response("with") as entered:
        out("with", entered)
    out("repr", [repr(flask.Response("x" * 10)), repr(flask.Response(iter("ab")))])


def cookies_set_on_responses(out):
    cases = {
        "plain": ("a", "b", {}),
        "umlaut": ("a", "ü", {}),
        "specials": ("a", 'x;y, z="q"\\', {}),
        "empty": ("a", "", {}),
        "max age": ("a", "b", {"max_age": datetime.timedelta(hours=1)}),
        "expires text": ("a", "b", {"expires": "text"}),
        "expires stamp": ("a", "b", {"expires": 1_700_000_000}),
        "expires date": ("a", "b", {"expires": datetime.datetime(2030, 1, 1)}),
        "no path": ("a", "b", {"path": None}),
        "umlaut path": ("a", "b", {"path": "/ü"}),
        "domain": ("a", "b", {"domain": ".shop.example"}),
        "domain with port": ("a", "b", {"domain": "shop.example:80"}),
        "all": ("a", "b", {"secure": True, "httponly": True, "samesite": "strict", "partitioned": True}),
        "bad samesite": ("a", "b", {"samesite": "x"}),
        "bad name": ("a b", "c", {}),
        "empty name": ("", "c", {}),
    }
    for label, (name, value, options) in cases.items():

        def view(name=name, value=value, options=options):
            response = flask.make_response("x")
            response.set_cookie(name, value, **options)
            return response

        out.wsgi(_views(out, {"x": view}), "/x", label=label)
