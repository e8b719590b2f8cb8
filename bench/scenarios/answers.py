"""What a view may return: text, JSON, a redirect, a stream; and the two kinds of "not found"."""

from __future__ import annotations

import json
import typing as t

from bench.model import HTML, Environ, Request, Scenario, StartResponse, Wsgi, bare, flask_app

NOT_FOUND = (
    b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    b"<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and "
    b"try again.</p>\n"
)
REDIRECTING = (
    b"<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n"
    b'<p>You should be redirected automatically to the target URL: <a href="/items/42">/items/42</a>. If not, click '
    b"the link.\n"
)
CUSTOM_NOT_FOUND = b"<h1>Nothing here</h1><p>There is no item 42.</p>"
CHUNKS = [f"line {number} of a report that is made as it is sent\n" for number in range(100)]


def item(number: int) -> dict[str, t.Any]:
    """What the JSON views answer."""
    return {"id": number, "name": f"item {number}", "tags": ["a", "b"]}


def hello() -> Wsgi:
    app = flask_app()

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    return t.cast(Wsgi, app)


def json_int() -> Wsgi:
    app = flask_app()

    @app.get("/items/<int:number>")
    def show(number: int) -> dict[str, t.Any]:
        return item(number)

    return t.cast(Wsgi, app)


def _bare_json(environ: Environ) -> bytes:
    number = int(environ["PATH_INFO"].rpartition("/")[2])
    return json.dumps(item(number), separators=(",", ":")).encode() + b"\n"


def redirected() -> Wsgi:
    from flask import redirect, url_for

    app = flask_app()

    @app.get("/")
    def index() -> t.Any:
        return redirect(url_for("show", number=42))

    @app.get("/items/<int:number>")
    def show(number: int) -> str:
        return f"item {number}"

    return t.cast(Wsgi, app)


def custom_not_found() -> Wsgi:
    from flask import abort

    app = flask_app()

    @app.get("/items/<int:number>")
    def show(number: int) -> str:
        abort(404, description=f"There is no item {number}.")

    @app.errorhandler(404)
    def missing(error: t.Any) -> tuple[str, int]:
        return f"<h1>Nothing here</h1><p>{error.description}</p>", 404

    return t.cast(Wsgi, app)


def _bare_missing(environ: Environ) -> bytes:
    return f"<h1>Nothing here</h1><p>There is no item {int(environ['PATH_INFO'].rpartition('/')[2])}.</p>".encode()


def stream() -> Wsgi:
    from flask import Response

    app = flask_app()

    @app.get("/")
    def report() -> t.Any:
        def lines() -> t.Iterator[str]:
            yield from CHUNKS

        return Response(lines(), mimetype="text/plain")

    return t.cast(Wsgi, app)


def bare_stream() -> Wsgi:
    def application(environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return (line.encode() for line in CHUNKS)

    return application


_ITEM = b'{"id":42,"name":"item 42","tags":["a","b"]}\n'

SCENARIOS: dict[str, Scenario] = {
    "hello": Scenario(
        hello,
        bare(lambda environ: b"Hello, World!"),
        (Request(body=b"Hello, World!", headers={"Content-Type": HTML}, own_headers={"Content-Length": "13"}),),
        bar=18,
    ),
    "json with an int": Scenario(
        json_int,
        bare(_bare_json, "application/json"),
        (Request("/items/42", body=_ITEM, page="json", headers={"Content-Type": "application/json"}),),
        bar=11,
    ),
    "404": Scenario(
        hello,
        bare(lambda environ: NOT_FOUND, status="404 Not Found"),
        (Request("/no/such/page", status=404, body=NOT_FOUND, page="own", headers={"Content-Type": ""}),),
        bar=10,
    ),
    "redirect": Scenario(
        redirected,
        bare(lambda environ: REDIRECTING, status="302 Found", Location="/items/42"),
        (Request(status=302, body=REDIRECTING, page="own", headers={"Location": "/items/42"}),),
        bar=12,
    ),
    "custom 404": Scenario(
        custom_not_found,
        bare(_bare_missing, status="404 Not Found"),
        (Request("/items/42", status=404, body=CUSTOM_NOT_FOUND, headers={"Content-Type": HTML}),),
        bar=10,
    ),
    "stream": Scenario(
        stream,
        bare_stream,
        (Request(body="".join(CHUNKS).encode(), headers={"Content-Type": "text/plain; charset=utf-8"}),),
        bar=10,
    ),
}
