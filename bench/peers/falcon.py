"""The rows on Falcon, which has no sessions, no templates and no URL building of its own; Jinja2 renders its pages."""

from __future__ import annotations

import tempfile
import typing as t

import falcon
from jinja2 import DictLoader, Environment

from bench.scenarios import answers, files, input, pages, views


class Hello:
    def on_get(self, request: t.Any, response: t.Any) -> None:
        response.text = "Hello, World!"


class Item:
    def on_get(self, request: t.Any, response: t.Any, number: int) -> None:
        response.text = f"item {number}"

    def on_post(self, request: t.Any, response: t.Any, number: int) -> None:
        response.text = f"item {number} saved"


def _with(path: str, resource: object, **options: t.Any) -> t.Any:
    app = falcon.App(media_type=falcon.MEDIA_HTML, **options)
    app.add_route(path, resource)
    return app


def json_int() -> t.Any:
    class Show:
        def on_get(self, request: t.Any, response: t.Any, number: int) -> None:
            response.content_type = falcon.MEDIA_JSON
            response.media = answers.item(number)

    return _with("/items/{number:int}", Show())


def thousand_routes() -> t.Any:
    class Page:
        def on_get(self, request: t.Any, response: t.Any, name: str = "") -> None:
            response.text = f"found {name}"

    app, page = falcon.App(media_type=falcon.MEDIA_HTML), Page()
    for number in range(500):
        app.add_route(f"/section{number}/page", page)
        app.add_route(f"/section{number}/{{name}}/detail", page)
    return app


def query_arguments() -> t.Any:
    class Search:
        def on_get(self, request: t.Any, response: t.Any) -> None:
            response.text = "|".join([request.get_param(name, required=True) for name in input.NAMES])

    return _with("/", Search())


def form_post() -> t.Any:
    class Submit:
        def on_post(self, request: t.Any, response: t.Any) -> None:
            form = request.get_media()
            response.text = f"{form['name']} {form['email']} {len(form['comment'])}"

    return _with("/", Submit())


def json_post() -> t.Any:
    class Echo:
        def on_post(self, request: t.Any, response: t.Any) -> None:
            response.content_type = falcon.MEDIA_JSON
            response.media = request.get_media()

    return _with("/", Echo())


def template() -> t.Any:
    page = Environment(
        loader=DictLoader({"base.html": pages.BASE, "page.html": pages.LIST}), autoescape=True, auto_reload=False
    ).get_template("page.html")

    class Page:
        def on_get(self, request: t.Any, response: t.Any) -> None:
            response.text = page.render(title=pages.TITLE, items=pages.ITEMS)

    return _with("/", Page())


def hooks() -> t.Any:
    class User:
        def process_request(self, request: t.Any, response: t.Any) -> None:
            request.context.user = "alice"

        def process_response(self, request: t.Any, response: t.Any, resource: object, succeeded: bool) -> None:
            request.context.status = response.status
            del request.context.user

    class Greet:
        def on_get(self, request: t.Any, response: t.Any) -> None:
            response.text = f"Hello, {request.context.user}!"

    return _with("/", Greet(), middleware=[User()])


def after_request() -> t.Any:
    class Secure:
        def process_response(self, request: t.Any, response: t.Any, resource: object, succeeded: bool) -> None:
            if (response.content_type or falcon.MEDIA_HTML).startswith("text/html"):
                response.set_headers(views.SECURITY)
            if response.get_header("Cache-Control") is None:
                response.set_header("Cache-Control", "no-store")

    return _with("/", Hello(), middleware=[Secure()])


def redirected() -> t.Any:
    class Index:
        def on_get(self, request: t.Any, response: t.Any) -> None:
            raise falcon.HTTPFound("/items/42")

    app = _with("/", Index())
    app.add_route("/items/{number:int}", Item())
    return app


def custom_not_found() -> t.Any:
    class Show:
        def on_get(self, request: t.Any, response: t.Any, number: int) -> None:
            raise falcon.HTTPNotFound(description=f"There is no item {number}.")

    def missing(request: t.Any, response: t.Any, error: t.Any, values: object) -> None:
        response.status = error.status
        response.text = f"<h1>Nothing here</h1><p>{error.description}</p>"

    app = _with("/items/{number:int}", Show())
    app.add_error_handler(falcon.HTTPNotFound, missing)
    return app


def stream() -> t.Any:
    class Report:
        def on_get(self, request: t.Any, response: t.Any) -> None:
            response.content_type = "text/plain; charset=utf-8"
            response.stream = (line.encode() for line in answers.CHUNKS)

    return _with("/", Report())


def static() -> t.Any:
    app = falcon.App()
    app.add_static_route("/static", files.folder())
    return app


def upload() -> t.Any:
    class Receive:
        def on_post(self, request: t.Any, response: t.Any) -> None:
            fields = {}
            for part in request.get_media():
                if part.filename:
                    with tempfile.SpooledTemporaryFile(max_size=500 * 1024) as file:
                        part.stream.pipe(file)
                        name, size = part.filename, file.tell()
                else:
                    fields[part.name] = part.text
            response.text = f"{fields['title']} in {fields['album']}: {name}, {size} bytes"

    return _with("/", Receive())


APPLICATIONS: dict[str, t.Callable[[], t.Any]] = {
    "hello": lambda: _with("/", Hello()),
    "json with an int": json_int,
    "1000 routes, static": thousand_routes,
    "1000 routes, dynamic": thousand_routes,
    "404": lambda: _with("/", Hello()),
    "query arguments": query_arguments,
    "form post": form_post,
    "json post": json_post,
    "template": template,
    "hooks": hooks,
    "nested blueprint": lambda: _with("/site/shop/items/{number:int}", Item()),
    "redirect": redirected,
    "custom 404": custom_not_found,
    "stream": stream,
    "static file": static,
    "static file, 304": static,
    "multipart 1 kB": upload,
    "multipart 10 MB": upload,
    "method view": lambda: _with("/items/{number:int}", Item()),
    "after_request": after_request,
}
