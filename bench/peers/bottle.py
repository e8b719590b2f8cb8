"""The rows on Bottle, whose sessions are its signed cookies; Jinja2 renders its pages; it has no class-based views."""

from __future__ import annotations

import os
import typing as t

from bottle import Bottle, HTTPResponse, abort, redirect, request, response, static_file
from jinja2 import DictLoader, Environment

from bench.scenarios import answers, files, input, pages, views

KEY = "a key that only this measurement uses"


def hello() -> t.Any:
    app = Bottle()

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    return app


def json_int() -> t.Any:
    app = Bottle()

    @app.get("/items/<number:int>")
    def show(number: int) -> dict[str, t.Any]:
        return answers.item(number)

    return app


def thousand_routes() -> t.Any:
    app = Bottle()

    def view(name: str = "") -> str:
        return f"found {name}"

    for number in range(500):
        app.route(f"/section{number}/page", callback=view)
        app.route(f"/section{number}/<name>/detail", callback=view)
    return app


def query_arguments() -> t.Any:
    app = Bottle()

    @app.get("/")
    def search() -> str:
        return "|".join([request.query.getunicode(name) for name in input.NAMES])

    return app


def form_post() -> t.Any:
    app = Bottle()

    @app.post("/")
    def submit() -> str:
        form = request.forms
        return f"{form.name} {form.email} {len(form.comment)}"

    return app


def json_post() -> t.Any:
    app = Bottle()

    @app.post("/")
    def echo() -> t.Any:
        return request.json

    return app


def _session() -> dict[str, t.Any]:
    found: dict[str, t.Any] = request.get_cookie("session", secret=KEY) or {}
    return found


def _save(session: dict[str, t.Any]) -> None:
    response.set_cookie("session", session, secret=KEY, path="/", httponly=True)


def session_read() -> t.Any:
    app = Bottle()

    @app.get("/login")
    def login() -> str:
        _save({"user": "alice", "visits": 7})
        return "ok"

    @app.get("/")
    def index() -> str:
        session = _session()
        return f"{session['user']} {session['visits']}"

    return app


def session_write() -> t.Any:
    app = Bottle()

    @app.get("/login")
    def login() -> str:
        _save({"user": "alice", "visits": 7})
        return "ok"

    @app.get("/")
    def index() -> str:
        session = _session()
        session["visits"] += 1
        _save(session)
        return f"{session['user']} {session['visits']}"

    return app


def template() -> t.Any:
    app = Bottle()
    jinja = Environment(
        loader=DictLoader({"base.html": pages.BASE, "page.html": pages.LIST}), autoescape=True, auto_reload=False
    )

    @app.get("/")
    def page() -> str:
        return jinja.get_template("page.html").render(title=pages.TITLE, items=pages.ITEMS)

    return app


def hooks() -> t.Any:
    app = Bottle()

    @app.hook("before_request")
    def load_user() -> None:
        request.user = "alice"

    @app.hook("after_request")
    def note() -> None:
        request.status = response.status_code
        del request.user

    @app.get("/")
    def index() -> str:
        return f"Hello, {request.user}!"

    return app


def nested() -> t.Any:
    app, site, shop = Bottle(), Bottle(), Bottle()

    @shop.get("/items/<number:int>")
    def show(number: int) -> str:
        return f"item {number}"

    site.mount("/shop/", shop)
    app.mount("/site/", site)
    return app


def _shop(app: t.Any) -> None:
    @app.get("/search", name="search")
    def search() -> str:
        return "search"

    @app.get("/items/<number:int>", name="show")
    def show(number: int) -> str:
        return f"item {number}"

    @app.get("/users/<name>/posts/<number:int>", name="post")
    def post(name: str, number: int) -> str:
        return f"post {number} of {name}"


def redirected() -> t.Any:
    app = Bottle()

    @app.get("/")
    def index() -> None:
        redirect(app.get_url("show", number=42), 302)

    _shop(app)
    return app


def custom_not_found() -> t.Any:
    app = Bottle()

    @app.get("/items/<number:int>")
    def show(number: int) -> None:
        abort(404, f"There is no item {number}.")

    @app.error(404)
    def missing(error: t.Any) -> str:
        return f"<h1>Nothing here</h1><p>{error.body}</p>"

    return app


def stream() -> t.Any:
    app = Bottle()

    @app.get("/")
    def report() -> t.Iterator[bytes]:  # of text, it would look the charset up for every piece
        response.content_type = "text/plain; charset=utf-8"
        return (line.encode() for line in answers.CHUNKS)

    return app


def static() -> t.Any:
    app, root = Bottle(), str(files.folder())

    @app.get("/static/<path:path>")
    def send(path: str) -> HTTPResponse:
        return static_file(path, root=root)

    return app


def upload() -> t.Any:
    app = Bottle()

    @app.post("/")
    def receive() -> str:
        picture = request.files.picture
        size = picture.file.seek(0, os.SEEK_END)
        return f"{request.forms.title} in {request.forms.album}: {picture.filename}, {size} bytes"

    return app


def ten_links() -> t.Any:
    app = Bottle()

    @app.get("/", name="index")
    def index() -> str:
        found = [app.get_url("index"), app.get_url("search")]
        found += [app.get_url("show", number=number) for number in (1, 2, 3, 4)]
        found += [app.get_url("post", name="alice", number=number) for number in (5, 6)]
        found += [app.get_url("post", name="bob", number=number) for number in (7, 8)]
        return " ".join(found)

    _shop(app)
    return app


def after_request() -> t.Any:
    app = hello()

    @app.hook("after_request")
    def secure() -> None:
        if (response.content_type or response.default_content_type).startswith("text/html"):
            for name, value in views.SECURITY.items():
                response.set_header(name, value)
        response.headers.setdefault("Cache-Control", "no-store")

    return app


def whole_page() -> t.Any:
    app = Bottle()
    jinja = Environment(
        loader=DictLoader({"layout.html": pages.LAYOUT, "page.html": pages.SHOP}), autoescape=True, auto_reload=False
    )
    jinja.globals["url_for"] = app.get_url

    @app.get("/login")
    def login() -> str:
        _save({"user": "alice", "flashes": [pages.WELCOME]})
        return "ok"

    @app.get("/", name="index")
    def index() -> str:
        session = _session()
        page = jinja.get_template("page.html").render(
            title=pages.TITLE,
            items=pages.ITEMS,
            session=session,
            get_flashed_messages=lambda: session.pop("flashes", []),
        )
        _save(session)
        return page

    _shop(app)
    return app


APPLICATIONS: dict[str, t.Callable[[], t.Any]] = {
    "hello": hello,
    "json with an int": json_int,
    "1000 routes, static": thousand_routes,
    "1000 routes, dynamic": thousand_routes,
    "404": hello,
    "query arguments": query_arguments,
    "form post": form_post,
    "json post": json_post,
    "session read": session_read,
    "session write": session_write,
    "template": template,
    "hooks": hooks,
    "nested blueprint": nested,
    "redirect": redirected,
    "custom 404": custom_not_found,
    "stream": stream,
    "static file": static,
    "static file, 304": static,
    "multipart 1 kB": upload,
    "multipart 10 MB": upload,
    "url_for ten times": ten_links,
    "after_request": after_request,
    "whole page": whole_page,
}
