"""The applications that are measured: each for Flask's API, and as a bare WSGI function that gives the same answer.

They are ordinary applications; nothing in them is shaped for either side.
"""

from __future__ import annotations

import io
import json
import typing as t
from dataclasses import dataclass, field

Environ = dict[str, t.Any]
Wsgi = t.Callable[[Environ, t.Callable[..., t.Any]], t.Iterable[bytes]]


@dataclass(frozen=True)
class Scenario:
    """What is asked of an application, and what it must answer.

    `flask` and `bare` make the application. `environ` completes a GET environment, `body` is its input. With `prime`
    the cookies of a first answer, to that path, are sent along, as a browser would.
    """

    flask: t.Callable[[], Wsgi]
    bare: t.Callable[[], Wsgi]
    environ: Environ = field(default_factory=dict)
    body: bytes = b""
    expected: bytes = b""
    prime: str | None = None

    def request(self, cookies: str = "") -> t.Callable[[], Environ]:
        """A function that gives a fresh environment for each request, as a server would."""
        base: Environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
            "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.5",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **self.environ,
        }
        if cookies:
            base["HTTP_COOKIE"] = cookies
        body = self.body
        if body:
            base["CONTENT_LENGTH"] = str(len(body))

        def fresh() -> Environ:
            environ = base.copy()
            environ["wsgi.input"] = io.BytesIO(body)
            return environ

        return fresh


def _app() -> t.Any:
    from flask import Flask

    app = Flask("bench_app")
    app.secret_key = "a key that only this measurement uses"
    return app


def _bare(kind: str, make: t.Callable[[Environ], bytes]) -> Wsgi:
    def application(environ: Environ, start_response: t.Callable[..., t.Any]) -> t.Iterable[bytes]:
        body = make(environ)
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return application


def hello() -> Wsgi:
    app = _app()

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    return t.cast(Wsgi, app)


def json_int() -> Wsgi:
    app = _app()

    @app.get("/items/<int:number>")
    def item(number: int) -> dict[str, t.Any]:
        return {"id": number, "name": f"item {number}", "tags": ["a", "b"]}

    return t.cast(Wsgi, app)


def bare_json_int() -> Wsgi:
    def make(environ: Environ) -> bytes:
        number = int(environ["PATH_INFO"].rpartition("/")[2])
        data = {"id": number, "name": f"item {number}", "tags": ["a", "b"]}
        return json.dumps(data, separators=(",", ":"), sort_keys=True).encode() + b"\n"

    return _bare("application/json", make)


def thousand_routes() -> Wsgi:
    app = _app()

    def view(name: str = "") -> str:
        return f"found {name}"

    for number in range(500):
        app.add_url_rule(f"/section{number}/page", f"static{number}", view)
        app.add_url_rule(f"/section{number}/<name>/detail", f"dynamic{number}", view)
    return t.cast(Wsgi, app)


def session_read() -> Wsgi:
    from flask import session

    app = _app()

    @app.get("/login")
    def login() -> str:
        session["user"] = "alice"
        session["visits"] = 7
        return "ok"

    @app.get("/")
    def index() -> str:
        return f"{session['user']} {session['visits']}"

    return t.cast(Wsgi, app)


def bare_session_read() -> Wsgi:
    import hmac

    signature = hmac.new(b"key", b"alice 7", "sha1").digest()

    def make(environ: Environ) -> bytes:
        if environ["PATH_INFO"] == "/":
            hmac.compare_digest(hmac.new(b"key", b"alice 7", "sha1").digest(), signature)
        return b"alice 7"

    return _bare("text/html; charset=utf-8", make)


def form_post() -> Wsgi:
    from flask import request

    app = _app()

    @app.post("/")
    def submit() -> str:
        form = request.form
        return f"{form['name']} {form['email']} {len(form['comment'])}"

    return t.cast(Wsgi, app)


def bare_form_post() -> Wsgi:
    from urllib.parse import parse_qs

    def make(environ: Environ) -> bytes:
        form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
        return f"{form['name'][0]} {form['email'][0]} {len(form['comment'][0])}".encode()

    return _bare("text/html; charset=utf-8", make)


_BASE = """<!doctype html>
<html><head><title>{% block title %}{% endblock %}</title></head>
<body><nav><a href="/">Home</a></nav>{% block body %}{% endblock %}</body></html>"""
_PAGE = """{% extends "base.html" %}
{% block title %}{{ title }}{% endblock %}
{% block body %}<h1>{{ title }}</h1><ul>
{% for item in items %}<li><a href="/items/{{ item.id }}">{{ item.name }}</a></li>
{% endfor %}</ul>{% endblock %}"""
_ITEMS = [{"id": number, "name": f"Item <{number}>"} for number in range(10)]


def template() -> Wsgi:
    from jinja2 import DictLoader

    from flask import render_template

    app = _app()
    app.jinja_loader = DictLoader({"base.html": _BASE, "page.html": _PAGE})

    @app.get("/")
    def page() -> str:
        return render_template("page.html", title="All items", items=_ITEMS)

    return t.cast(Wsgi, app)


def bare_template() -> Wsgi:
    from jinja2 import DictLoader, Environment

    page = Environment(
        loader=DictLoader({"base.html": _BASE, "page.html": _PAGE}), autoescape=True, auto_reload=False
    ).get_template("page.html")
    return _bare("text/html; charset=utf-8", lambda environ: page.render(title="All items", items=_ITEMS).encode())


_FORM = b"name=Alice+Liddell&email=alice%40example.com&comment=" + b"Curiouser+and+curiouser%21+" * 4

SCENARIOS: dict[str, Scenario] = {
    "hello": Scenario(
        hello, lambda: _bare("text/html; charset=utf-8", lambda environ: b"Hello, World!"), expected=b"Hello, World!"
    ),
    "json with an int": Scenario(
        json_int,
        bare_json_int,
        {"PATH_INFO": "/items/42"},
        expected=b'{"id":42,"name":"item 42","tags":["a","b"]}\n',
    ),
    "1000 routes, static": Scenario(
        thousand_routes,
        lambda: _bare("text/html; charset=utf-8", lambda environ: b"found "),
        {"PATH_INFO": "/section499/page"},
        expected=b"found ",
    ),
    "1000 routes, dynamic": Scenario(
        thousand_routes,
        lambda: _bare(
            "text/html; charset=utf-8", lambda environ: b"found " + environ["PATH_INFO"].split("/")[2].encode()
        ),
        {"PATH_INFO": "/section499/alice/detail"},
        expected=b"found alice",
    ),
    "session read": Scenario(session_read, bare_session_read, expected=b"alice 7", prime="/login"),
    "form post": Scenario(
        form_post,
        bare_form_post,
        {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded"},
        _FORM,
        b"Alice Liddell alice@example.com 100",
    ),
    "template": Scenario(template, bare_template),
}
