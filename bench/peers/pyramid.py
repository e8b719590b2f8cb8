"""The rows on Pyramid: URL dispatch, the session in its signed cookie, pyramid_jinja2, subscribers as its hooks."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import typing as t
from pathlib import Path

from pyramid.config import Configurator
from pyramid.events import NewRequest, NewResponse
from pyramid.httpexceptions import HTTPFound, HTTPNotFound
from pyramid.response import Response
from pyramid.session import SignedCookieSessionFactory

from bench.scenarios import answers, files, input, pages, views

KEY = "a key that only this measurement uses"


def _route(config: t.Any, name: str, path: str, view: t.Any, **options: t.Any) -> None:
    config.add_route(name, path)
    config.add_view(view, route_name=name, **options)


def _made(*routes: tuple[str, str, t.Any], **options: t.Any) -> t.Any:
    """An application of some named routes."""
    with Configurator(**options) as config:
        for name, path, view in routes:
            _route(config, name, path, view)
    return config.make_wsgi_app()


def _hello(request: t.Any) -> t.Any:
    return Response("Hello, World!")


def _item(request: t.Any) -> t.Any:
    return Response(f"item {int(request.matchdict['number'])}")


def json_int() -> t.Any:
    with Configurator() as config:
        _route(
            config,
            "show",
            r"/items/{number:\d+}",
            lambda request: answers.item(int(request.matchdict["number"])),
            renderer="json",
        )
    return config.make_wsgi_app()


def thousand_routes() -> t.Any:
    def view(request: t.Any) -> t.Any:
        return Response(f"found {request.matchdict.get('name', '')}")

    with Configurator() as config:
        for number in range(500):
            _route(config, f"static{number}", f"/section{number}/page", view)
            _route(config, f"dynamic{number}", f"/section{number}/{{name}}/detail", view)
    return config.make_wsgi_app()


def query_arguments() -> t.Any:
    return _made(("search", "/", lambda request: Response("|".join([request.GET[name] for name in input.NAMES]))))


def form_post() -> t.Any:
    def submit(request: t.Any) -> t.Any:
        form = request.POST
        return Response(f"{form['name']} {form['email']} {len(form['comment'])}")

    return _made(("submit", "/", submit))


def json_post() -> t.Any:
    with Configurator() as config:
        _route(config, "echo", "/", lambda request: request.json_body, renderer="json", request_method="POST")
    return config.make_wsgi_app()


def _session(*routes: tuple[str, str, t.Any]) -> t.Any:
    return _made(*routes, session_factory=SignedCookieSessionFactory(KEY))


def _login(request: t.Any) -> t.Any:
    request.session["user"] = "alice"
    request.session["visits"] = 7
    return Response("ok")


def session_read() -> t.Any:
    def index(request: t.Any) -> t.Any:
        return Response(f"{request.session['user']} {request.session['visits']}")

    return _session(("login", "/login", _login), ("index", "/", index))


def session_write() -> t.Any:
    def index(request: t.Any) -> t.Any:
        request.session["visits"] += 1
        return Response(f"{request.session['user']} {request.session['visits']}")

    return _session(("login", "/login", _login), ("index", "/", index))


def flash_and_get() -> t.Any:
    def save(request: t.Any) -> t.Any:
        request.session.flash("Your picture was saved.")
        return Response("saved")

    def index(request: t.Any) -> t.Any:
        return Response(" ".join(request.session.pop_flash()))

    return _session(("save", "/save", save), ("index", "/", index))


def _templates(**texts: str) -> dict[str, str]:
    """Settings for a folder of templates, there until the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="bench-templates-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {"jinja2.directories": str(folder)}


def template() -> t.Any:
    with Configurator(settings=_templates(base=pages.BASE, page=pages.LIST)) as config:
        config.include("pyramid_jinja2")
        config.add_jinja2_renderer(".html")
        _route(config, "page", "/", lambda request: {"title": pages.TITLE, "items": pages.ITEMS}, renderer="page.html")
    return config.make_wsgi_app()


def hooks() -> t.Any:
    def load_user(event: t.Any) -> None:
        event.request.user = "alice"
        event.request.add_finished_callback(forget)

    def note(event: t.Any) -> None:
        event.request.status = event.response.status_code

    def forget(request: t.Any) -> None:
        del request.user

    with Configurator() as config:
        config.add_subscriber(load_user, NewRequest)
        config.add_subscriber(note, NewResponse)
        _route(config, "index", "/", lambda request: Response(f"Hello, {request.user}!"))
    return config.make_wsgi_app()


def after_request() -> t.Any:
    def secure(event: t.Any) -> None:
        if event.response.content_type.startswith("text/html"):
            event.response.headers.update(views.SECURITY)
        event.response.headers.setdefault("Cache-Control", "no-store")

    with Configurator() as config:
        config.add_subscriber(secure, NewResponse)
        _route(config, "index", "/", _hello)
    return config.make_wsgi_app()


def nested() -> t.Any:
    def shop(config: t.Any) -> None:
        _route(config, "show", r"/items/{number:\d+}", _item)

    def site(config: t.Any) -> None:
        config.include(shop, route_prefix="/shop")

    with Configurator() as config:
        config.include(site, route_prefix="/site")
    return config.make_wsgi_app()


_SHOP = (
    ("search", "/search", lambda request: Response("search")),
    ("show", r"/items/{number:\d+}", _item),
    ("post", r"/users/{name}/posts/{number:\d+}", lambda request: Response("post")),
)


def redirected() -> t.Any:
    return _made(("index", "/", lambda request: HTTPFound(request.route_path("show", number=42))), *_SHOP)


def custom_not_found() -> t.Any:
    def show(request: t.Any) -> t.Any:
        raise HTTPNotFound(f"There is no item {int(request.matchdict['number'])}.")

    def missing(error: t.Any, request: t.Any) -> t.Any:
        return Response(f"<h1>Nothing here</h1><p>{error.detail}</p>", status=404)

    with Configurator() as config:
        _route(config, "show", r"/items/{number:\d+}", show)
        config.add_notfound_view(missing)
    return config.make_wsgi_app()


def stream() -> t.Any:
    def report(request: t.Any) -> t.Any:
        return Response(app_iter=(line.encode() for line in answers.CHUNKS), content_type="text/plain", charset="utf-8")

    return _made(("report", "/", report))


def static() -> t.Any:
    with Configurator() as config:
        config.add_static_view("static", str(files.folder()))
    return config.make_wsgi_app()


def upload() -> t.Any:
    def receive(request: t.Any) -> t.Any:
        form = request.POST
        picture = form["picture"]
        size = picture.file.seek(0, os.SEEK_END)
        return Response(f"{form['title']} in {form['album']}: {picture.filename}, {size} bytes")

    return _made(("receive", "/", receive))


def method_view() -> t.Any:
    class Item:
        def __init__(self, request: t.Any) -> None:
            self.request = request

        def get(self) -> t.Any:
            return Response(f"item {int(self.request.matchdict['number'])}")

        def post(self) -> t.Any:
            return Response(f"item {int(self.request.matchdict['number'])} saved")

    with Configurator() as config:
        config.add_route("item", r"/items/{number:\d+}")
        config.add_view(Item, attr="get", route_name="item", request_method="GET")
        config.add_view(Item, attr="post", route_name="item", request_method="POST")
    return config.make_wsgi_app()


def ten_links() -> t.Any:
    def index(request: t.Any) -> t.Any:
        found = [request.route_path("index"), request.route_path("search")]
        found += [request.route_path("show", number=number) for number in (1, 2, 3, 4)]
        found += [request.route_path("post", name="alice", number=number) for number in (5, 6)]
        found += [request.route_path("post", name="bob", number=number) for number in (7, 8)]
        return Response(" ".join(found))

    return _made(("index", "/", index), *_SHOP)


def whole_page() -> t.Any:
    def login(request: t.Any) -> t.Any:
        request.session["user"] = "alice"
        request.session.flash(pages.WELCOME)
        return Response("ok")

    def index(request: t.Any) -> dict[str, t.Any]:
        return {
            "title": pages.TITLE,
            "items": pages.ITEMS,
            "session": request.session,
            "url_for": request.route_path,
            "get_flashed_messages": request.session.pop_flash,
        }

    settings = _templates(layout=pages.LAYOUT, page=pages.SHOP)
    with Configurator(settings=settings, session_factory=SignedCookieSessionFactory(KEY)) as config:
        config.include("pyramid_jinja2")
        config.add_jinja2_renderer(".html")
        _route(config, "login", "/login", login)
        _route(config, "index", "/", index, renderer="page.html")
        for name, path, view in _SHOP:
            _route(config, name, path, view)
    return config.make_wsgi_app()


APPLICATIONS: dict[str, t.Callable[[], t.Any]] = {
    "hello": lambda: _made(("index", "/", _hello)),
    "json with an int": json_int,
    "1000 routes, static": thousand_routes,
    "1000 routes, dynamic": thousand_routes,
    "404": lambda: _made(("index", "/", _hello)),
    "query arguments": query_arguments,
    "form post": form_post,
    "json post": json_post,
    "session read": session_read,
    "session write": session_write,
    "template": template,
    "hooks": hooks,
    "nested blueprint": nested,
    "redirect": redirected,
    "flash and get": flash_and_get,
    "custom 404": custom_not_found,
    "stream": stream,
    "static file": static,
    "static file, 304": static,
    "multipart 1 kB": upload,
    "multipart 10 MB": upload,
    "method view": method_view,
    "url_for ten times": ten_links,
    "after_request": after_request,
    "whole page": whole_page,
}
