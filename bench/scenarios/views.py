"""Around and instead of a view function: hooks, headers set afterwards, class-based and asynchronous views."""

from __future__ import annotations

import asyncio
import typing as t

from bench.model import Environ, Request, Scenario, StartResponse, Wsgi, bare, flask_app

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


def hooks() -> Wsgi:
    from flask import g

    app = flask_app()

    @app.before_request
    def load_user() -> None:
        g.user = "alice"

    @app.after_request
    def note(response: t.Any) -> t.Any:
        g.status = response.status_code
        return response

    @app.teardown_request
    def forget(error: BaseException | None) -> None:
        g.pop("user", None)

    @app.get("/")
    def index() -> str:
        return f"Hello, {g.user}!"

    return t.cast(Wsgi, app)


def after_request() -> Wsgi:
    app = flask_app()

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    @app.after_request
    def secure(response: t.Any) -> t.Any:
        if response.headers["Content-Type"].startswith("text/html"):
            for name, value in SECURITY.items():
                response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return t.cast(Wsgi, app)


def bare_after_request() -> Wsgi:
    def application(environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        body = b"Hello, World!"
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
        if headers["Content-Type"].startswith("text/html"):
            headers.update(SECURITY)
        headers.setdefault("Cache-Control", "no-store")
        start_response("200 OK", list(headers.items()))
        return [body]

    return application


def method_view() -> Wsgi:
    from flask.views import MethodView

    app = flask_app()

    class Item(MethodView):
        def get(self, number: int) -> str:
            return f"item {number}"

        def post(self, number: int) -> str:
            return f"item {number} saved"

    app.add_url_rule("/items/<int:number>", view_func=Item.as_view("item"))
    return t.cast(Wsgi, app)


def bare_method_view() -> Wsgi:
    class Item:
        def get(self, number: int) -> str:
            return f"item {number}"

        def post(self, number: int) -> str:
            return f"item {number} saved"

    def make(environ: Environ) -> bytes:
        view = getattr(Item(), environ["REQUEST_METHOD"].lower())
        text: str = view(int(environ["PATH_INFO"].rpartition("/")[2]))
        return text.encode()

    return bare(make)()


def async_view() -> Wsgi:
    app = flask_app()

    @app.get("/")
    async def index() -> str:
        await asyncio.sleep(0)
        return "Hello, World!"

    return t.cast(Wsgi, app)


SCENARIOS: dict[str, Scenario] = {
    "hooks": Scenario(hooks, bare(lambda environ: b"Hello, alice!"), (Request(body=b"Hello, alice!"),), bar=11),
    "after_request": Scenario(
        after_request,
        bare_after_request,
        (Request(body=b"Hello, World!", headers={**SECURITY, "Cache-Control": "no-store"}),),
        bar=9,
    ),
    "method view": Scenario(method_view, bare_method_view, (Request("/items/42", body=b"item 42"),), bar=13),
    "async view": Scenario(async_view, None, (Request(body=b"Hello, World!"),), bar=6),
}
